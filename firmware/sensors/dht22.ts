import type { Sensor } from "../device-types.ts";
import { type Dht22, openDht22 } from "../platform/modules.ts";

/**
 * Temperature (°C, -40 to 80, ±0.5) and relative humidity (%, 0 to 100, ±2) from a DHT22, also sold as AM2302.
 *
 * Wiring: VCC to 3.3 V, GND to ground, DATA to any free pin, 4.7 kΩ from DATA to 3.3 V (most breakout boards have it).
 * The chip measures every 2 s at most: use intervals of 5 s or more. Two datastreams of one chip share its reading.
 * The module takes 0.0 °C, and a humidity of 100 %, for a broken transmission: such readings fail.
 * Datasheet: Aosong AM2302. Module: https://www.espruino.com/DHT22
 */
export function dht22(pin: string): { temperature: Sensor; humidity: Sensor } {
  let chip: Dht22 | undefined;
  let waiting: ((answer: { temp: number; rh: number }) => void)[] = [];

  function request(done: (answer: { temp: number; rh: number }) => void) {
    waiting.push(done);
    if (waiting.length > 1) {
      // A reading is under way. The third request that waits for it gives it up, and starts a new one.
      if (waiting.length === 2) return;
      waiting = [done];
    }
    if (chip === undefined) chip = openDht22(pin);
    chip.read((answer) => {
      const all = waiting;
      waiting = [];
      all.forEach((tell) => {
        tell(answer);
      });
    });
  }

  return {
    temperature(done) {
      request((answer) => {
        // The module reads the sign bit as part of the number: -0.1 °C comes as -3276.9.
        const celsius = answer.temp < -3276 ? answer.temp + 3276.8 : answer.temp;
        done(answer.rh < 0 ? Number.NaN : celsius);
      });
    },
    humidity(done) {
      request((answer) => {
        done(answer.rh < 0 ? Number.NaN : answer.rh);
      });
    },
  };
}
