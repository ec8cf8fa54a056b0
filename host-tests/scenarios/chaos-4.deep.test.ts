import { deepSeeds } from "./chaos-seeds.ts";

deepSeeds(4, 4);
