import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Sensor } from "../../../firmware/device-types.ts";
import { analog } from "../../../firmware/sensors/analog.ts";
import { battery } from "../../../firmware/sensors/battery.ts";
import { custom } from "../../../firmware/sensors/custom.ts";
import { soil } from "../../../firmware/sensors/soil.ts";

/** What the converter reads, 0 to 1, one after another; the last one for ever. */
let readings: number[] = [];

beforeEach(() => {
  vi.stubGlobal(
    "Pin",
    class {
      name: string;
      constructor(name: string) {
        this.name = name;
      }
    },
  );
  vi.stubGlobal("analogRead", (pin: { name: string }) => {
    expect(pin.name).toBe("D34");
    return readings.length > 1 ? readings.shift() : readings[0];
  });
});
afterEach(() => vi.unstubAllGlobals());

/** What a sensor answered, in order. */
function ask(sensor: Sensor): number[] {
  const answers: number[] = [];
  sensor((value) => answers.push(value));
  return answers;
}

test("an analog reading is the mean of several, scaled, then offset", () => {
  readings = [0.1, 0.2, 0.3, 0.4];
  expect(ask(analog("D34", { scale: 330, offset: -50, averageOf: 4 }))[0]).toBeCloseTo(32.5, 9);
});

test("an analog reading beyond its sensor's range fails", () => {
  const tmp36 = analog("D34", { scale: 330, offset: -50, min: -40, max: 125 });
  readings = [0.02];
  expect(() => ask(tmp36)).toThrow("outside -40 to 125");
  readings = [0.9];
  expect(() => ask(tmp36)).toThrow("outside -40 to 125");
  readings = [0.22];
  expect(ask(tmp36)[0]).toBeCloseTo(22.6, 9);
});

test("a custom sensor gives what its function returns", () => {
  expect(ask(custom(() => 42))).toEqual([42]);
});

describe("a soil probe", () => {
  const probe = () => soil("D34", { dry: 0.8, wet: 0.4 });

  test("gives percent between its two points", () => {
    readings = [0.7];
    expect(ask(probe())[0]).toBeCloseTo(25, 9);
    readings = [0.4];
    expect(ask(probe())[0]).toBeCloseTo(100, 9);
  });

  test("is 0 or 100 a little beyond them, and fails far from them", () => {
    readings = [0.84];
    expect(ask(probe())).toEqual([0]);
    readings = [0.36];
    expect(ask(probe())).toEqual([100]);
    for (const unplugged of [0, 1]) {
      readings = [unplugged];
      expect(() => ask(probe())).toThrow("far from dry 0.8 and wet 0.4");
    }
  });

  test("may rise with moisture too", () => {
    readings = [0.5];
    expect(ask(soil("D34", { dry: 0.2, wet: 0.6 }))[0]).toBeCloseTo(75, 9);
  });

  test("with the same number twice is refused while the device file loads", () => {
    expect(() => soil("D34", { dry: 0.5, wet: 0.5 })).toThrow("two different numbers");
  });
});

describe("a battery", () => {
  test("gives its voltage, by resistors or by ratio, in any unit of resistance", () => {
    readings = [0.6];
    expect(ask(battery("D34", { r1: 100, r2: 100 }))[0]).toBeCloseTo(3.96, 9);
    expect(ask(battery("D34", { r1: 330000, r2: 100000 }))[0]).toBeCloseTo(8.514, 9);
    expect(ask(battery("D34", { ratio: 2 }))[0]).toBeCloseTo(3.96, 9);
    expect(ask(battery("D34", { ratio: 2, fullScaleV: 3.4 }))[0]).toBeCloseTo(4.08, 9);
  });

  test("fails at full scale, where the converter no longer follows", () => {
    readings = [1];
    expect(() => ask(battery("D34", { ratio: 2 }))).toThrow("full scale");
  });

  test("without a divider is refused while the device file loads", () => {
    expect(() => battery("D34", {})).toThrow("ratio");
    expect(() => battery("D34", { r1: 100 })).toThrow("ratio");
    expect(() => battery("D34", { ratio: 0.5 })).toThrow("ratio");
  });
});
