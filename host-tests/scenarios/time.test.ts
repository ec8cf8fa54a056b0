import { TIME } from "../../scripts/simulator/scenarios/time.ts";
import { promises } from "./expect.ts";
import { isLong } from "./long.ts";

for (const scenario of TIME.filter((one) => !isLong(one))) promises(scenario);
