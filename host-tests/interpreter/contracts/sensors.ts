import { DHT22_SENSOR } from "./dht22-sensor.ts";
import { BOSCH_SENSORS, SENSIRION_SENSORS } from "./i2c-sensors.ts";
import { LOAD_CELL_SENSOR } from "./load-cell-sensor.ts";
import { ONE_WIRE_SENSORS } from "./one-wire-sensors.ts";

/** All that the sensors with a chip promise, by family. Each family runs in an interpreter of its own, in real time. */
export const SENSOR_FAMILIES = [
  ONE_WIRE_SENSORS.concat(LOAD_CELL_SENSOR).concat(BOSCH_SENSORS),
  DHT22_SENSOR,
  SENSIRION_SENSORS,
];
