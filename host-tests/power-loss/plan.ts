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

/** The whole protocol, `scale` times as long as in the normal test run. */
export function chapters(scale: number): Chapter[] {
  const { tiny, four, linux } = GEOMETRIES;
  return [
    {
      title: "loses nothing when programs and erases fail without a word",
      run: (storage, tally) => wornFlash(storage, tiny, tally, 1500, 150 * scale),
    },
    {
      title: "wears its pages evenly",
      run(storage, tally) {
        evenWear(storage, four, tally, 60 * scale);
        evenWear(storage, tiny, tally, 60 * scale);
      },
    },
    {
      title: "survives every cut while it formats blank flash and fills the ring",
      run: (storage, tally) => everyCut(storage, tiny, tally, { steps: 120, cutsMin: 25000 * scale }),
    },
    {
      title: "survives every cut while three datastreams wrap the ring",
      run: (storage, tally) =>
        everyCut(storage, tiny, tally, { steps: 60, cutsMin: 25000 * scale, warmUp: 900, seed: 1 }),
    },
    {
      title: "survives every cut in two turns of a ring of four pages",
      run: (storage, tally) =>
        everyCut(storage, four, tally, { steps: 450 * scale, cutsMin: 30000 * scale, turns: 2, seed: 2 }),
    },
    {
      title: "survives every cut with pages of 1,024 bytes",
      run: (storage, tally) =>
        everyCut(storage, linux, tally, { steps: 30, cutsMin: 4000 * scale, warmUp: 700, seed: 3 }),
    },
    {
      title: "survives every cut over whatever the region held before",
      run(storage, tally) {
        for (const geometry of [tiny, four]) {
          const contents = initialContents(geometry, createPrng(tally.seed).next);
          for (const name of Object.keys(contents)) {
            if (geometry === four && name.startsWith("another format")) continue;
            everyCut(storage, geometry, tally, { steps: 25 * scale, content: contents[name], tearsMax: 12 });
          }
        }
      },
    },
    {
      title: "survives a second cut in the recovery from the first, and a third",
      run(storage, tally) {
        everyPair(storage, four, tally, {
          steps: 20 * scale,
          warmUp: 140,
          tearsMax: 6,
          secondTearsMax: 6,
          triples: 0.1,
        });
        everyPair(storage, tiny, tally, {
          steps: 6 * scale,
          warmUp: 320,
          tearsMax: 4,
          secondTearsMax: 4,
          triples: 0.1,
        });
        everyPair(storage, four, tally, { steps: 1, tearsMax: 6, secondTearsMax: 12, triples: 0.1, seed: 4 });
      },
    },
    {
      title: "survives 300 cuts in a row at one point",
      run(storage, tally) {
        for (let operation = 1; operation <= 12; operation++) {
          cutsInARow(storage, operation % 2 ? tiny : four, tally, operation, 300 * scale);
        }
      },
    },
  ];
}
