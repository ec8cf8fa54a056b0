/** A year of chaos takes minutes, so it runs on demand: SIM_YEARS=2 npm test -- host-tests/scenarios/year.test.ts */
import { test } from "vitest";
import { CHAOS } from "../../scripts/simulator/scenarios/chaos.ts";
import { promises } from "./expect.ts";

const years = Number(process.env.SIM_YEARS ?? 0);
const year = CHAOS[1];
const first = Number(process.env.SIM_SEED ?? 1);

for (let seed = first; seed < first + years; seed++) promises(year, seed, 3_600_000);
if (years === 0) test.skip("SIM_YEARS says how many seeds of `year` to run");
