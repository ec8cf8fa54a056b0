import { REFUSALS } from "../../scripts/simulator/scenarios/refusals.ts";
import { promises } from "./expect.ts";
import { isLong } from "./long.ts";

for (const scenario of REFUSALS) if (!isLong(scenario)) promises(scenario);
