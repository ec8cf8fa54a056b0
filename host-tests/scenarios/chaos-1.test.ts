import { chaosSeeds } from "./chaos-seeds.ts";

chaosSeeds(1);
