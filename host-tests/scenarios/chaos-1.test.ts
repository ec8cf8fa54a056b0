import { quickSeeds } from "./chaos-seeds.ts";

quickSeeds(1, 2);
