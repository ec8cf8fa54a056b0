import { NETWORK } from "../../scripts/simulator/scenarios/bad-networks.ts";
import { promises } from "./expect.ts";

for (const scenario of NETWORK) promises(scenario);
