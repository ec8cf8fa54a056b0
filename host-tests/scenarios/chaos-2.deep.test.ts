import { deepSeeds } from "./chaos-seeds.ts";

deepSeeds(2, 4);
