/** The power-loss protocol, chapter by chapter. */
import { createPrng } from "../../scripts/simulator/prng.ts";
import { initialContents } from "./contents.ts";
import type { Tally } from "./cuts.ts";
import { cutsInARow, evenWear, everyCut, everyPair, wornFlash } from "./suite.ts";
import { GEOMETRIES } from "./workload.ts";
import type { StorageCode } from "./world.ts";

export interface Chapter {
  title: string;
  run(storage: StorageCode, tally: Tally): void;
}

const { tiny, four, linux, flapping } = GEOMETRIES;

/**
 * The whole protocol. At `scale` 1 it tries more than 100,000 cuts, at 10 ten times as many. Below 1 it takes fewer of
 * everything and looks at the first few tears of each operation only; every chapter stays.
 */
export function chapters(scale: number): Chapter[] {
  return [...wear(scale), ...singleCuts(scale), ...cutsAfterCuts(scale)];
}

const scaled = (count: number, scale: number): number => Math.max(1, Math.round(count * scale));

/** Tears of an operation that are looked at; at full scale all, where nothing else is said. */
const tearsMax = (scale: number, full?: number): number | undefined => (scale < 1 ? 4 : full);

function wear(scale: number): Chapter[] {
  return [
    {
      title: "loses nothing when programs and erases fail without a word",
      run: (storage, tally) => wornFlash(storage, tiny, tally, 1500, scaled(150, scale)),
    },
    {
      title: "wears its pages evenly",
      run(storage, tally) {
        evenWear(storage, four, tally, scaled(60, scale));
        evenWear(storage, tiny, tally, scaled(60, scale));
      },
    },
  ];
}

function singleCuts(scale: number): Chapter[] {
  const tears = tearsMax(scale);
  const cuts = (count: number) => scaled(count, scale);
  return [
    {
      title: "survives every cut while it formats blank flash and fills the ring",
      run: (storage, tally) => everyCut(storage, tiny, tally, { steps: 120, cutsMin: cuts(25000), tearsMax: tears }),
    },
    {
      title: "survives every cut while three datastreams wrap the ring",
      run: (storage, tally) =>
        everyCut(storage, tiny, tally, { steps: 60, cutsMin: cuts(25000), tearsMax: tears, warmUp: 900, seed: 1 }),
    },
    {
      title: "survives every cut in two turns of a ring of four pages",
      run: (storage, tally) =>
        everyCut(storage, four, tally, {
          // Two turns take some 400 steps.
          steps: scaled(450, Math.max(1, scale)),
          cutsMin: cuts(30000),
          tearsMax: tears,
          turns: 2,
          seed: 2,
        }),
    },
    {
      title: "survives every cut with pages of 1,024 bytes",
      run: (storage, tally) =>
        everyCut(storage, linux, tally, { steps: 30, cutsMin: cuts(4000), tearsMax: tears, warmUp: 700, seed: 3 }),
    },
    {
      title: "survives every cut while fixes move to pages of their own, and keeps those that pending samples need",
      run: (storage, tally) =>
        everyCut(storage, flapping, tally, {
          steps: scaled(150, scale),
          cutsMin: cuts(10000),
          tearsMax: tears,
          warmUp: 60,
          flaps: true,
          seed: 5,
        }),
    },
    {
      title: "survives every cut over whatever the region held before",
      run(storage, tally) {
        for (const geometry of [tiny, four]) {
          const contents = initialContents(geometry, createPrng(tally.seed).next);
          for (const name of Object.keys(contents)) {
            if (geometry === four && name.startsWith("another format")) continue;
            const content = contents[name];
            everyCut(storage, geometry, tally, { steps: scaled(25, scale), content, tearsMax: tearsMax(scale, 12) });
          }
        }
      },
    },
  ];
}

function cutsAfterCuts(scale: number): Chapter[] {
  const pairs = (steps: number, warmUp: number, tears: number) => ({
    steps: scaled(steps, scale),
    warmUp,
    tearsMax: tearsMax(scale, tears),
    secondTearsMax: tears,
    triples: 0.1,
  });
  return [
    {
      title: "survives a second cut in the recovery from the first, and a third",
      run(storage, tally) {
        everyPair(storage, four, tally, pairs(20, 140, 6));
        everyPair(storage, tiny, tally, pairs(6, 320, 4));
        const first = { steps: 1, tearsMax: tearsMax(scale, 6), secondTearsMax: 12, triples: 0.1, seed: 4 };
        everyPair(storage, four, tally, first);
      },
    },
    {
      title: "survives 300 cuts in a row at one point",
      run(storage, tally) {
        for (let operation = 1; operation <= 12; operation++) {
          cutsInARow(storage, operation % 2 ? tiny : four, tally, operation, scaled(300, scale));
        }
      },
    },
  ];
}
