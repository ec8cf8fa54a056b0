import type { Sensor } from "../device-types.ts";
import { readAnalog } from "../platform/analog.ts";

/** The air may be drier, or the soil wetter, than at the calibration: up to this much beyond 0 and 100 % counts as 0 or 100. */
const MARGIN_PERCENT = 15;

/**
 * Soil moisture (%, 0 to 100, of what lies between two points that you measure) from a capacitive probe with an analog output,
 * such as the "v1.2" and "v2.0" boards.
 *
 * Wiring: VCC to 3.3 V, GND to ground, AOUT to one of D32 to D39 (ADC1). Seal the edges and the electronics of the board: water
 * creeps in. Its voltage falls as the soil gets wetter.
 * Calibration: give a datastream `sensor: analog("D34", { scale: 1 })` with 4 decimals, note what it shows while the probe
 * hangs dry in the air (`dry`) and while it stands in water up to its line (`wet`), and write both numbers here. It is
 * percent of that range, not of water by volume: for that, weigh and dry samples of your soil.
 * A value more than 15 % outside the two points fails: the probe is unplugged, or broken.
 */
export function soil(pin: string, settings: { dry: number; wet: number; averageOf?: number }): Sensor {
  const dry = settings.dry;
  const wet = settings.wet;
  if (!(Math.abs(dry - wet) > 0)) throw new Error("soil: dry and wet have to be two different numbers");
  const averageOf = Math.max(1, settings.averageOf ?? 16);
  return (done) => {
    const fraction = readAnalog(pin, averageOf);
    const percent = ((dry - fraction) / (dry - wet)) * 100;
    if (!(percent >= -MARGIN_PERCENT && percent <= 100 + MARGIN_PERCENT)) {
      throw new Error(`the probe gives ${fraction}, far from dry ${dry} and wet ${wet}`);
    }
    done(Math.max(0, Math.min(100, percent)));
  };
}
