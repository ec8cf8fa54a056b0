import { quickHistories } from "./history-seeds.ts";

quickHistories(2, 2);
