import { deepHistories } from "./history-seeds.ts";

deepHistories(1, 4);
