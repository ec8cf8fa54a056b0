import { deepSeeds } from "./chaos-seeds.ts";

deepSeeds(3, 4);
