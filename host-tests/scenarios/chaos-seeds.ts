/** The seeds of `chaos` that a test run covers, dealt out to four files so that every core has some. */
import { test } from "vitest";
import { CHAOS } from "../../scripts/simulator/scenarios/chaos.ts";
import { promises } from "./expect.ts";

const FILES = 4;
const SEEDS = Number(process.env.SIM_SEEDS ?? 200);

/** The tests of file `file`, 1 to 4: every fourth seed; SIM_SEEDS for fewer or more, SIM_SEED for one. */
export function chaosSeeds(file: number): void {
  const [chaos] = CHAOS;
  const only = process.env.SIM_SEED;
  for (let seed = file; seed <= SEEDS && only === undefined; seed += FILES) promises(chaos, seed);
  if (only !== undefined && file === 1) promises(chaos, Number(only));
  else if (only !== undefined) test.skip(`SIM_SEED=${only} runs in the first file`);
}
