import type { Sensor } from "../device-types.ts";
import { readAnalog } from "../platform/analog.ts";

/**
 * Anything that gives a voltage: TMP36, light-dependent resistor, potentiometer, battery behind a divider.
 *
 * Wiring: signal to one of D32 to D39 (the ESP32's ADC1; ADC2 doesn't work beside Wi-Fi), 0 to 3.3 V, ground to ground.
 * 100 nF from the pin to ground quietens it. A battery of up to 6.6 V: two equal resistors of 100 kΩ, the pin between them.
 * value = fraction of full scale (0 to 1) × scale + offset. Espruino sets 11 dB attenuation, so that full scale is about
 * 3.3 V, but the curve is bent below 0.15 V and above 2.5 V, and chips differ by ±6 %: calibrate scale and offset.
 * Sources: ESP32 datasheet v3.9 4.1.2; ESP-IDF "ADC calibration"; TMP36 (Analog Devices, rev. H): 750 mV at 25 °C, 10 mV/°C.
 */
export function analog(pin: string, settings: { scale: number; offset?: number; averageOf?: number }): Sensor {
  const offset = settings.offset ?? 0;
  const averageOf = Math.max(1, settings.averageOf ?? 16);
  return (done) => {
    done(readAnalog(pin, averageOf) * settings.scale + offset);
  };
}
