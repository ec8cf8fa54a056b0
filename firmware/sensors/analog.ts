import type { Sensor } from "../device-types.ts";
import { readAnalog } from "../platform/analog.ts";
import { inRange } from "./in-range.ts";

/**
 * Anything that gives a voltage: TMP36, light-dependent resistor, potentiometer.
 *
 * Wiring: signal to one of D32 to D39 (the ESP32's ADC1; ADC2 doesn't work beside Wi-Fi), 0 to 3.3 V, ground to ground.
 * 100 nF from the pin to ground quietens it.
 * value = fraction of full scale (0 to 1) × scale + offset. Espruino sets 11 dB attenuation, so that full scale is about
 * 3.3 V, but the curve is bent below 0.15 V and above 2.5 V, and chips differ by ±6 %: calibrate scale and offset.
 * `min` and `max` are the sensor's range, by its datasheet: a value outside them is a failed reading, as from an open wire.
 * Sources: ESP32 datasheet v3.9 4.1.2; ESP-IDF "ADC calibration"; TMP36 (Analog Devices, rev. H): 750 mV at 25 °C, 10 mV/°C.
 */
export function analog(
  pin: string,
  settings: { scale: number; offset?: number; averageOf?: number; min?: number; max?: number },
): Sensor {
  const offset = settings.offset ?? 0;
  const averageOf = Math.max(1, settings.averageOf ?? 16);
  const min = settings.min ?? Number.NEGATIVE_INFINITY;
  const max = settings.max ?? Number.POSITIVE_INFINITY;
  return (done) => {
    done(inRange(readAnalog(pin, averageOf) * settings.scale + offset, min, max));
  };
}
