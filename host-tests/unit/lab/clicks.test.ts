/** What is clicked becomes part of the script: the same script, from its seed, gives the same run byte for byte. */
import { beforeAll, expect, test } from "vitest";
import { expectSameFromSeed } from "../../support/lab/click-life.ts";
import { type LabRig, momentOf, NOTHING, startLab } from "../../support/lab/lab-rig.ts";

const SEED = Number(process.env.SIM_SEED ?? 1);
const HOUR_MS = 3_600_000;

let lab: LabRig;
beforeAll(async () => {
  lab = await startLab();
});

test.each([SEED, SEED + 1])("comes to the same from the seed as by clicks, seed %i", (seed) =>
  expectSameFromSeed(lab, { seed, clicks: 24, script: { atLeast: "30d" }, afterMs: HOUR_MS }),
);

test("comes to the same by clicks after the script's faults are over", () =>
  expectSameFromSeed(lab, { seed: SEED, clicks: 6, script: { untilDrained: false }, afterMs: 90_000 }));

test("comes to the same by clicks after the run's end", () =>
  expectSameFromSeed(lab, { seed: SEED, clicks: 6, script: {}, afterMs: HOUR_MS }));

test("shows a moment with all that happened until then, though an event overtook others", async () => {
  // Found by seed 13: an LED changed at the very moment at which the run stood.
  const source = { device: { kind: "file" as const }, script: { seed: 1, offline: "3h", atLeast: "1d" } };
  await lab.ask({ ask: "open", run: "b", source, toMs: 4 * HOUR_MS });
  await lab.ask({ ask: "open", run: "a", source, toMs: 60_000 });
  await lab.ask({ ask: "step", run: "a", to: "event" });
  for (let i = 0; i < 150; i++) {
    const now = await lab.ask({ ask: "view", run: "a", have: NOTHING });
    const then = await lab.ask({ ask: "view", run: "b", atMs: now.nowMs, have: NOTHING });
    expect(momentOf(then)).toEqual(momentOf(now));
    await lab.ask({ ask: "run-to", run: "a", atMs: now.nowMs + 97 });
  }
});
