import type { Sensor } from "../device-types.ts";
import { after } from "../platform/after.ts";
import { askForPulses } from "../platform/pulse-train.ts";
import { inRange } from "./in-range.ts";
import { shareReading } from "./shared-reading.ts";

/** Start signal: 0.8 to 20 ms, typically 1. Datasheet, "single-bus communication". */
const START_MS = 1;
/** A 0 is high for 22 to 30 µs, a 1 for 68 to 75 µs. Datasheet, table 6. */
const ONE_US = 48;
const BITS = 40;
/** The chip measures every 2 s at most. */
const AGAIN_MS = 2100;
/** Of one reading: two are needed, and one may fail. */
const READS = 3;

interface Air {
  celsius: number;
  percent: number;
}

/** The chip's answer, from the lengths of its pulses. Throws what is wrong with it. */
export function airOf(highUs: number[]): Air {
  // Before the bits comes one pulse of 80 µs, and the fall that begins it.
  const from = highUs.length - BITS;
  if (highUs.length === 0) throw new Error("no answer from the chip");
  if (from < 0) throw new Error(`only ${highUs.length} of ${BITS} bits came`);
  const bytes = [0, 0, 0, 0, 0];
  for (let i = 0; i < BITS; i++) {
    const at = i >> 3;
    bytes[at] = bytes[at] * 2 + (highUs[from + i] > ONE_US ? 1 : 0);
  }
  const sum = bytes[0] + bytes[1] + bytes[2] + bytes[3];
  if ((sum & 255) !== bytes[4]) throw new Error("wrong checksum");
  // The sum of zeros is right: a line that is held low in between.
  if (sum === 0) throw new Error("all bits are 0");
  const raw = bytes[2] * 256 + bytes[3];
  // Below zero some units set the sign bit alone (up to 40.0, 0x8190), others send two's complement (from -40.0, 0xFE70).
  const tenths = raw < 0x8000 ? raw : raw < 0xc000 ? 0x8000 - raw : raw - 0x10000;
  return { celsius: tenths / 10, percent: (bytes[0] * 256 + bytes[1]) / 10 };
}

/**
 * Temperature (°C, -40 to 80, ±0.5) and relative humidity (%, 0 to 100, ±2) from a DHT22, also sold as AM2302.
 *
 * Wiring: VCC to 3.3 V, GND to ground, DATA to any free pin but D0, 4.7 kΩ from DATA to 3.3 V (most breakout boards have it).
 * The chip answers with what it measured the last time it was asked. So it is asked twice, 2.1 s apart, and the second
 * answer counts; a third follows if one was damaged. Use intervals of 5 s or more. Both datastreams share a reading.
 * Datasheet: Aosong AM2302 (both signs below zero are in use; the datasheet describes the sign bit).
 */
export function dht22(pin: string): { temperature: Sensor; humidity: Sensor } {
  const make = shareReading<Air>((done) => {
    let reads = 0;
    let hasMeasured = false;

    function take(highUs: number[]) {
      let air: Air | undefined;
      let reason = "";
      try {
        air = airOf(highUs);
        // This is from the last reading, however long ago; with it the chip measured anew.
        if (!hasMeasured) throw new Error("the chip sent an old measurement only");
      } catch (error) {
        air = undefined;
        reason = `${error}`;
      }
      // A damaged answer is one, too.
      if (highUs.length > 0) hasMeasured = true;
      if (air !== undefined || ++reads === READS) done(air, reason);
      else {
        after(AGAIN_MS, read, (_, why) => {
          if (why !== undefined) done(undefined, why);
        });
      }
    }

    function read() {
      askForPulses(pin, START_MS, take);
    }

    read();
  });
  return {
    temperature: make((air) => inRange(air.celsius, -40, 80)),
    humidity: make((air) => inRange(air.percent, 0, 100)),
  };
}
