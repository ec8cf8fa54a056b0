import type { Sensor } from "../device-types.ts";
import { watchPulses } from "../platform/pulses.ts";

/**
 * Counts pulses: rain gauge, water or power meter (S0), anemometer. The value is the pulses since the last reading, times
 * `perPulse`.
 *
 * Wiring: reed contact or open-collector output from any free input (not D34 to D39: they have no pull-up) to ground,
 * `edge: "falling"`. Espruino turns the pull-up of a watched pin on (targets/esp32/jshardware.c). S0: + to the pin, − to ground.
 * A bouncing contact needs `debounceMs` (reed: 20); an electronic output none. A pulse counts at its edge; further edges within
 * `debounceMs` are bounces, and so are edges within a quarter of it after the contact opened. Pulses have to be further apart
 * than `debounceMs`: use 20 or less for an anemometer of 30 pulses a second. Some hundreds of pulses a second at most,
 * UNVERIFIED on our boards.
 * Pulses of a missed slot count in the next reading; pulses before a restart are lost.
 * Source: DIN 43864 (S0: at least 30 ms on, 30 ms off).
 */
export function pulse(
  pin: string,
  settings: { perPulse?: number; edge?: "rising" | "falling"; debounceMs?: number },
): Sensor {
  const perPulse = settings.perPulse ?? 1;
  let count = 0;
  watchPulses(pin, settings.edge ?? "falling", settings.debounceMs ?? 0, () => {
    count++;
  });
  return (done) => {
    const pulses = count;
    count = 0;
    done(pulses * perPulse);
  };
}
