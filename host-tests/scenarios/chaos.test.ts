import { CHAOS } from "./chaos.ts";
import { promises } from "./expect.ts";

const [chaos] = CHAOS;
const first = Number(process.env.SIM_SEED ?? 1);
const seeds = process.env.SIM_SEED ? 1 : Number(process.env.SIM_SEEDS ?? 20);

for (let seed = first; seed < first + seeds; seed++) promises(chaos, seed);
