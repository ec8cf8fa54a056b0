import { OFFLINE } from "../../scripts/simulator/scenarios/offline.ts";
import { promises } from "./expect.ts";
import { isLong } from "./long.ts";

for (const scenario of OFFLINE.filter((one) => !isLong(one))) promises(scenario);
