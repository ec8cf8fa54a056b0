import { deepHistories } from "./history-seeds.ts";

deepHistories(4, 4);
