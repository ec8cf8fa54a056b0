import { deepSeeds } from "./chaos-seeds.ts";

deepSeeds(1, 4);
