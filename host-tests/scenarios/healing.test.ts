import { healingSeeds } from "./healing-seeds.ts";

// Of each kind some: more in healing.deep.test.ts.
healingSeeds(1, 4);
