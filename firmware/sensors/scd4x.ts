import type { Sensor } from "../device-types.ts";
import { after } from "../platform/after.ts";
import { openI2c } from "../platform/i2c.ts";
import { inRange } from "./in-range.ts";
import { sensirionCelsius, sensirionWords } from "./sensirion-words.ts";
import { shareReading } from "./shared-reading.ts";

const ADDRESS = 0x62;
/** Commands, with the time that each takes. Datasheet, table 9. */
const START_PERIODIC = [0x21, 0xb1];
const READ_MEASUREMENT = [0xec, 0x05];
const STOP_PERIODIC = [0x3f, 0x86];
const DATA_READY = [0xe4, 0xb8];
const SERIAL_NUMBER = [0x36, 0x82];
const STOP_MS = 500;
const COMMAND_MS = 2;
/** A measurement comes every 5 s; the first one 5 s after the start. */
const POLL_MS = 1000;
const POLLS = 7;

/**
 * CO2 (ppm, 0 to 40,000; ±(50 + 5 %) from 400 to 2,000 for a SCD40, to 5,000 for a SCD41), temperature (°C, -10 to 60, ±0.8) and
 * relative humidity (%, 0 to 100, ±6) from a SCD40 or SCD41.
 *
 * Wiring: VDD to 3.3 V, GND to ground, SDA and SCL to any two free pins (D21 and D22 by custom), which other I²C chips may share.
 * It takes up to 205 mA for moments: keep the cable short. It measures every 5 s by itself, so use intervals of 10 s or more. It
 * warms itself: the temperature is about right with the offset of 4 °C that the chip comes with.
 * Self-calibration is on: the lowest value of a week is taken for fresh air of 400 ppm. The first reading after a start
 * takes 6 s.
 * Datasheet: Sensirion SCD4x, version 1.6.
 */
export function scd4x(sda: string, scl: string): { co2: Sensor; temperature: Sensor; humidity: Sensor } {
  const bus = openI2c(sda, scl);
  /** The chip measures, as far as is known. */
  let started = false;

  function ask(command: number[], words: number, done: (answer: number[] | undefined, why?: string) => void) {
    bus.write(ADDRESS, command);
    after(COMMAND_MS, () => sensirionWords(bus.read(ADDRESS, words * 3)), done);
  }

  const make = shareReading<number[]>((done) => {
    let polls = 0;

    function fail(why: string | undefined) {
      started = false;
      done(undefined, why);
    }

    function poll() {
      ask(DATA_READY, 1, (ready, why) => {
        if (ready === undefined) fail(why);
        // The lowest eleven bits are 0 until there is something to read.
        else if ((ready[0] & 0x7ff) === 0) {
          // A chip that lost its power and came back is idle: it is started anew at the next reading.
          if (++polls === POLLS) fail("the chip does not measure");
          else later(POLL_MS, poll);
        } else {
          later(0, () => {
            ask(READ_MEASUREMENT, 3, (words, reason) => {
              if (words === undefined) fail(reason);
              else done(words);
            });
          });
        }
      });
    }

    function later(delayMs: number, step: () => void) {
      after(delayMs, step, (_, why) => {
        if (why !== undefined) fail(why);
      });
    }

    if (started) {
      poll();
      return;
    }
    // It may measure since before our restart, and then it takes no other command.
    bus.write(ADDRESS, STOP_PERIODIC);
    later(STOP_MS, () => {
      // Answered by a chip of this kind only, and with right checksums.
      ask(SERIAL_NUMBER, 3, (serial, why) => {
        if (serial === undefined) fail(why);
        else {
          later(0, () => {
            bus.write(ADDRESS, START_PERIODIC);
            started = true;
            later(POLL_MS, poll);
          });
        }
      });
    });
  });

  return {
    co2: make((words) => {
      // Air has some hundred ppm at least: 0 was never measured.
      if (words[0] === 0) throw new Error("the chip measured no CO2");
      return inRange(words[0], 1, 40000);
    }),
    temperature: make((words) => inRange(sensirionCelsius(words[1]), -10, 60)),
    humidity: make((words) => (100 * words[2]) / 65535),
  };
}
