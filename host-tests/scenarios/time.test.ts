import { TIME } from "../../scripts/simulator/scenarios/time.ts";
import { promises } from "./expect.ts";

for (const scenario of TIME) promises(scenario);
