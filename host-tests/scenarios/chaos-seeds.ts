/** The seeds of `chaos` that a test run covers, dealt out to several files so that every core has some. */
import { test } from "vitest";
import { CHAOS } from "../../scripts/simulator/scenarios/chaos.ts";
import { promises } from "./expect.ts";

/** `npm test` covers seeds 1 to 6: every kind of device, short lives. `npm run test:deep` covers the rest. */
const QUICK_LAST = 6;
/** SIM_SEEDS=1000 covers more. */
const DEEP_LAST = Number(process.env.SIM_SEEDS ?? 200);

const [CHAOS_SCENARIO] = CHAOS;

/** File `file` of `files`, from 1: every `files`-th seed. With SIM_SEED the first file runs that seed, and no other. */
export function quickSeeds(file: number, files: number): void {
  const only = process.env.SIM_SEED;
  if (only === undefined) seeds(file, QUICK_LAST, files);
  else if (file === 1) promises(CHAOS_SCENARIO, Number(only));
  else test.skip(`SIM_SEED=${only} runs in the first file`);
}

export function deepSeeds(file: number, files: number): void {
  const only = process.env.SIM_SEED;
  if (only === undefined) seeds(QUICK_LAST + file, DEEP_LAST, files);
  else test.skip(`SIM_SEED=${only} runs in npm test`);
}

function seeds(first: number, last: number, step: number): void {
  for (let seed = first; seed <= last; seed += step) promises(CHAOS_SCENARIO, seed);
}
