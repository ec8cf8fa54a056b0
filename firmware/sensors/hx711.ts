import type { Sensor } from "../device-types.ts";
import { openLoadCell } from "../platform/load-cell-line.ts";

/** What the chip sends beyond its range: the ends of 24 bits in two's complement. Datasheet, "serial interface". */
const HIGHEST = 0x7fffff;
const LOWEST = 0x800000;

/**
 * Weight from a load cell on a HX711: hive, tank, rain by weight. The value is (raw − `tare`) × `scale`, in your unit.
 *
 * Wiring: VCC to 3.3 V, GND to ground, DT and SCK to two free pins that can be an input and an output, the cell to E+, E-,
 * A+ and A- (channel A, gain 128).
 * Calibration: with { tare: 0, scale: 1 } and 0 decimals, note the value of the empty scale: that is `tare`. Put a known
 * weight on it and note the value again: `scale` is the weight divided by the difference. Load cells drift with temperature.
 * A value at the end of the range fails: the cell is overloaded, or a wire is off. So does a chip that has no value within 0.6 s.
 * Datasheet: Avia Semiconductor HX711.
 */
export function hx711(data: string, clock: string, settings: { tare: number; scale: number }): Sensor {
  const read = openLoadCell(data, clock);
  return (done) => {
    read((raw, why) => {
      if (raw === undefined) done(Number.NaN, why);
      else if (raw === HIGHEST || raw === LOWEST)
        done(Number.NaN, "the load cell is beyond its range, or a wire is off");
      else done(((raw < LOWEST ? raw : raw - 0x1000000) - settings.tare) * settings.scale);
    });
  };
}
