import { expect, test } from "vitest";
import { airOf } from "../../../firmware/sensors/dht22.ts";
import { dhtFrame } from "../../../scripts/simulator/sensor-chips/dht22-chip.ts";
import { DHT22_SENSOR } from "../../interpreter/contracts/dht22-sensor.ts";
import { expectKept } from "../../support/sensor-lab.ts";

/** Lengths of the high pulses, as the line gives them: one of no meaning, the 80 µs that announce the answer, 40 bits. */
function pulses(frame: number[], zeroUs = 26, oneUs = 70): number[] {
  const bits = frame.flatMap((byte) => [...byte.toString(2).padStart(8, "0")]);
  return [Number.NaN, 80, ...bits.map((bit) => (bit === "1" ? oneUs : zeroUs))];
}

test.each(DHT22_SENSOR)("$title", expectKept);

// The first two rows are the datasheet's examples.
test.each([
  [0x015f, 35.1],
  [0x8065, -10.1],
  [0x0000, 0],
  [0x8000, 0],
  [0x8001, -0.1],
  [0x8190, -40],
  [0xffff, -0.1],
  [0xfff6, -1],
  [0xfe70, -40],
  [0x0320, 80],
])("raw %i is %f °C, in either form below zero", (raw, celsius) => {
  expect(airOf(pulses(dhtFrame(652, raw))).celsius).toBeCloseTo(celsius, 9);
});

test("the shortest ones and the longest zeros of the datasheet are told apart", () => {
  expect(airOf(pulses(dhtFrame(652, 351), 30, 68))).toEqual({ celsius: 35.1, percent: 65.2 });
  expect(airOf(pulses(dhtFrame(652, 351), 22, 75))).toEqual({ celsius: 35.1, percent: 65.2 });
});

test("a single bit that is wrong is found by the checksum", () => {
  for (let bit = 0; bit < 40; bit++) {
    const damaged = pulses(dhtFrame(652, 351));
    damaged[2 + bit] = damaged[2 + bit] > 48 ? 26 : 70;
    expect(() => airOf(damaged)).toThrow("wrong checksum");
  }
});
