import { WRONG_TIMES } from "../../scripts/simulator/scenarios/wrong-times.ts";
import { promises } from "./expect.ts";

for (const scenario of WRONG_TIMES) promises(scenario);
