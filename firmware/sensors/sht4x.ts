import type { Sensor } from "../device-types.ts";
import { after } from "../platform/after.ts";
import { openI2c } from "../platform/i2c.ts";
import { inRange } from "./in-range.ts";
import { sensirionCelsius, sensirionWords } from "./sensirion-words.ts";
import { shareReading } from "./shared-reading.ts";

/** High precision. Datasheet, table 7. */
const MEASURE = [0xfd];
/** High precision: 8.3 ms at most. Datasheet, table 5. */
const MEASURING_MS = 10;

/**
 * Temperature (°C, -40 to 125, ±0.2) and relative humidity (%, 0 to 100, ±1.8) from a SHT40, SHT41 or SHT45.
 *
 * Wiring: VIN to 3.3 V, GND to ground, SDA and SCL to any two free pins (D21 and D22 by custom), which other I²C chips may share.
 * The address depends on the part: 0x44 (SHT40-A), 0x45 (-B) or 0x46 (-C). The chip measures when it is asked and sleeps in
 * between.
 * The formula reaches from -6 to 119 %; as the datasheet says, what lies beyond 0 and 100 is cut off.
 * Datasheet: Sensirion SHT4x, version 6.
 */
export function sht4x(
  sda: string,
  scl: string,
  address?: 0x44 | 0x45 | 0x46,
): { temperature: Sensor; humidity: Sensor } {
  const bus = openI2c(sda, scl);
  const at = address ?? 0x44;
  const make = shareReading<number[]>((done) => {
    bus.write(at, MEASURE);
    after(MEASURING_MS, () => sensirionWords(bus.read(at, 6)), done);
  });
  return {
    temperature: make((words) => inRange(sensirionCelsius(words[0]), -40, 125)),
    humidity: make((words) => Math.max(0, Math.min(100, (125 * words[1]) / 65535 - 6))),
  };
}
