import { LINKS } from "../../scripts/simulator/scenarios/links.ts";
import { promises } from "./expect.ts";

for (const scenario of LINKS) promises(scenario);
