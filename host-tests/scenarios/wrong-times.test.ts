import { WRONG_TIMES } from "../../scripts/simulator/scenarios/wrong-times.ts";
import { promises } from "./expect.ts";
import { isLong } from "./long.ts";

for (const scenario of WRONG_TIMES.filter((one) => !isLong(one))) promises(scenario);
