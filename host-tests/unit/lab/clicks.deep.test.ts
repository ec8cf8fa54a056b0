/** Many more lives of clicks (clicks.test.ts). */
import { beforeAll, test } from "vitest";
import { expectSameFromSeed } from "../../support/lab/click-life.ts";
import { type LabRig, startLab } from "../../support/lab/lab-rig.ts";

const FIRST = Number(process.env.SIM_SEED ?? 101);
const SEEDS = Array.from({ length: process.env.SIM_SEED === undefined ? 20 : 1 }, (_, i) => FIRST + i);

let lab: LabRig;
beforeAll(async () => {
  lab = await startLab();
});

test.each(SEEDS)("comes to the same from the seed as by clicks, seed %i", (seed) =>
  expectSameFromSeed(lab, { seed, clicks: 40, script: { atLeast: "30d" }, afterMs: 3_600_000 }),
);
