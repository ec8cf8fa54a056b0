import type { Sensor } from "../device-types.ts";
import { after } from "../platform/after.ts";
import { openI2c } from "../platform/i2c.ts";
import { inRange } from "./in-range.ts";
import { sensirionCelsius, sensirionWords } from "./sensirion-words.ts";
import { shareReading } from "./shared-reading.ts";

/** Single shot, high repeatability, without holding the clock. Datasheet, table 9. */
const MEASURE = [0x24, 0x00];
/** High repeatability: 15.5 ms at most below 2.4 V, 15 above. Datasheet, table 4. */
const MEASURING_MS = 17;

/**
 * Temperature (°C, -40 to 125, ±0.3) and relative humidity (%, 0 to 100, ±2) from a SHT30, SHT31 or SHT35.
 *
 * Wiring: VIN to 3.3 V, GND to ground, SDA and SCL to any two free pins (D21 and D22 by custom), which other I²C chips may share.
 * ADDR to ground or open is address 0x44, to 3.3 V 0x45. The chip measures when it is asked and sleeps in between.
 * Datasheet: Sensirion SHT3x-DIS, version 7.
 */
export function sht3x(sda: string, scl: string, address?: 0x44 | 0x45): { temperature: Sensor; humidity: Sensor } {
  const bus = openI2c(sda, scl);
  const at = address ?? 0x44;
  const make = shareReading<number[]>((done) => {
    bus.write(at, MEASURE);
    after(MEASURING_MS, () => sensirionWords(bus.read(at, 6)), done);
  });
  return {
    temperature: make((words) => inRange(sensirionCelsius(words[0]), -40, 125)),
    humidity: make((words) => (100 * words[1]) / 65535),
  };
}
