import { deepHistories } from "./history-seeds.ts";

deepHistories(2, 4);
