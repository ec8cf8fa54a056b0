/** The power-loss protocol as Vitest tests. */
import { afterAll, expect, test } from "vitest";
import type { Tally } from "./cuts.ts";
import { chapters } from "./plan.ts";
import { FIRMWARE } from "./workload.ts";

/** One test a chapter, and one for the number of cuts. `SIM_SEED` replays a seed. */
export function protocolTests(scale: number, cutsMin: number): void {
  const tally: Tally = { cuts: 0, pairs: 0, triples: 0, seed: Number(process.env.SIM_SEED ?? 1) };
  const total = () => tally.cuts + tally.pairs + tally.triples;

  for (const chapter of chapters(scale)) {
    test(chapter.title, { timeout: 600000 }, () => chapter.run(FIRMWARE, tally));
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
