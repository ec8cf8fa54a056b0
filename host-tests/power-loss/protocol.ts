/** The power-loss protocol as Vitest tests. */
import { afterAll, expect, test } from "vitest";
import type { Tally } from "./cuts.ts";
import { type Chapter, chapters } from "./plan.ts";
import { FIRMWARE } from "./workload.ts";
import type { StorageCode } from "./world.ts";

/** What runs a chapter again: the cuts are drawn by the seed, and how many there are by the scale of the command. */
function replayCommand(title: string, scale: number, seed: number): string {
  return `SIM_SEED=${seed} npm ${scale < 1 ? "test" : "run test:deep"} -- host-tests/power-loss -t "${title}"`;
}

/** Runs a chapter. What it throws begins with the command that comes to the same cut. */
export function runChapter(chapter: Chapter, storage: StorageCode, tally: Tally, scale: number): void {
  try {
    chapter.run(storage, tally);
  } catch (error) {
    const command = replayCommand(chapter.title, scale, tally.seed);
    throw new Error(`${command}\n${(error as Error).message}`, { cause: error });
  }
}

/** One test a chapter, and one for the number of cuts. `SIM_SEED` replays a seed. */
export function protocolTests(scale: number, cutsMin: number): void {
  const tally: Tally = { cuts: 0, pairs: 0, triples: 0, seed: Number(process.env.SIM_SEED ?? 1) };
  const total = () => tally.cuts + tally.pairs + tally.triples;

  for (const chapter of chapters(scale)) {
    test(chapter.title, { timeout: 600000 }, () => runChapter(chapter, FIRMWARE, tally, scale));
  }

  test(`tries at least ${cutsMin.toLocaleString("en-US")} cuts`, () => {
    expect(total()).toBeGreaterThanOrEqual(cutsMin);
  });

  afterAll(() => {
    console.log(
      `power cuts tried: ${total()} (pairs ${tally.pairs}, triples ${tally.triples}; SIM_SEED=${tally.seed})`,
    );
  });
}
