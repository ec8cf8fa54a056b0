import { afterAll, expect, test } from "vitest";
import type { Tally } from "./cuts.ts";
import { chapters } from "./plan.ts";
import { FIRMWARE } from "./workload.ts";

const tally: Tally = { cuts: 0, pairs: 0, triples: 0, seed: Number(process.env.SIM_SEED ?? 1) };

for (const chapter of chapters(1)) {
  test(chapter.title, { timeout: 600000 }, () => chapter.run(FIRMWARE, tally));
}

test("tries at least 100,000 cuts", () => {
  expect(tally.cuts + tally.pairs + tally.triples).toBeGreaterThanOrEqual(100000);
});

afterAll(() => {
  const total = tally.cuts + tally.pairs + tally.triples;
  console.log(`power cuts tried: ${total} (pairs ${tally.pairs}, triples ${tally.triples}; SIM_SEED=${tally.seed})`);
});
