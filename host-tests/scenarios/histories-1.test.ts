import { quickHistories } from "./history-seeds.ts";

quickHistories(1, 2);
