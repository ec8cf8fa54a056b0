import { test } from "vitest";
import { LOAD_CELL_SENSOR } from "../../interpreter/contracts/load-cell-sensor.ts";
import { expectKept } from "../../support/sensor-lab.ts";

test.each(LOAD_CELL_SENSOR)("$title", expectKept);
