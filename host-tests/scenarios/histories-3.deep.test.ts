import { deepHistories } from "./history-seeds.ts";

deepHistories(3, 4);
