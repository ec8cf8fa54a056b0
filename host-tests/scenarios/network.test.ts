import { promises } from "./expect.ts";
import { NETWORK } from "./network.ts";

for (const scenario of NETWORK) promises(scenario);
