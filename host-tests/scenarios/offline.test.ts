import { OFFLINE } from "../../scripts/simulator/scenarios/offline.ts";
import { promises } from "./expect.ts";

for (const scenario of OFFLINE) promises(scenario);
