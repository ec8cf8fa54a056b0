import { promises } from "./expect.ts";
import { TIME } from "./time.ts";

for (const scenario of TIME) promises(scenario);
