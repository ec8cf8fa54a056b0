import type { Sensor } from "../device-types.ts";
import { readAnalog } from "../platform/analog.ts";

/** Full scale at 11 dB attenuation, before calibration: Espruino reads 1.0 there. ESP32 datasheet v3.9, 4.1.2. */
const FULL_SCALE_V = 3.3;
/** Above this fraction of full scale the converter no longer follows. */
const CLIPPED = 0.99;

/**
 * Battery voltage (V) over a divider: `battery("D34", { r1: 100, r2: 100 })`, or `{ ratio: 2 }`.
 *
 * Wiring: battery + to r1, r1 to the pin and to r2, r2 to ground; the pin is one of D32 to D39 (ADC1), with 100 nF to
 * ground beside it.
 * 100 kΩ each take 20 µA from one lithium cell. Choose them so that the full battery gives 2.4 V or less at the pin: the
 * converter is bent below 0.15 V and above 2.45 V. r1 and r2 are in one unit, whichever; ratio is (r1 + r2) / r2.
 * Calibration: measure the battery with a meter, and set `fullScaleV` to 3.3 × (meter / logged): chips differ by ±6 %.
 * A pin at full scale fails: the voltage is higher than what the divider lets through.
 * Sources: ESP32 datasheet v3.9 4.1.2; ESP-IDF "ADC calibration".
 */
export function battery(
  pin: string,
  settings: { ratio?: number; r1?: number; r2?: number; fullScaleV?: number; averageOf?: number },
): Sensor {
  const r1 = settings.r1 ?? 0;
  const r2 = settings.r2 ?? 0;
  const ratio = settings.ratio ?? (r1 + r2) / r2;
  if (!(ratio >= 1 && ratio < 1000)) throw new Error("battery: needs a ratio of 1 or more, or r1 and r2");
  const scaleV = (settings.fullScaleV ?? FULL_SCALE_V) * ratio;
  const averageOf = Math.max(1, settings.averageOf ?? 16);
  return (done) => {
    const fraction = readAnalog(pin, averageOf);
    if (!(fraction < CLIPPED)) throw new Error("the pin is at full scale: the divider lets too much through");
    done(fraction * scaleV);
  };
}
