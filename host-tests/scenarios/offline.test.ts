import { promises } from "./expect.ts";
import { OFFLINE } from "./offline.ts";

for (const scenario of OFFLINE) promises(scenario);
