import { SCENARIOS } from "../../scripts/simulator/scenarios/registry.ts";
import { promises } from "./expect.ts";
import { isLong } from "./long.ts";

for (const scenario of SCENARIOS.filter(isLong)) promises(scenario);
