import { quickSeeds } from "./chaos-seeds.ts";

quickSeeds(2, 2);
