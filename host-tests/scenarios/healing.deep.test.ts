import { test } from "vitest";
import { healingSeeds } from "./healing-seeds.ts";

/** SIM_SEEDS=1000 covers more. */
const LAST = Number(process.env.SIM_SEEDS ?? 80);

if (process.env.SIM_SEED === undefined) healingSeeds(5, LAST);
else test.skip(`SIM_SEED=${process.env.SIM_SEED} runs in npm test`);
