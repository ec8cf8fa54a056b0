import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Sensor } from "../../../firmware/device-types.ts";
import { analog } from "../../../firmware/sensors/analog.ts";
import { bme280, bmp280 } from "../../../firmware/sensors/bme280.ts";
import { custom } from "../../../firmware/sensors/custom.ts";
import { dht22 } from "../../../firmware/sensors/dht22.ts";
import { ds18b20 } from "../../../firmware/sensors/ds18b20.ts";
import { pulse } from "../../../firmware/sensors/pulse.ts";
import { createVirtualTimers, type VirtualTimers } from "../../support/virtual-timers.ts";

/** What is plugged in: the published modules by name, and the timers of the moment. */
const plugged = vi.hoisted(() => ({
  modules: {} as { [name: string]: { connect(): unknown } },
  timers: undefined as unknown as VirtualTimers,
}));

vi.mock("../../../firmware/platform/modules.ts", () => ({
  openDs18b20: () => plugged.modules.DS18B20.connect(),
  openDht22: () => plugged.modules.DHT22.connect(),
  openBme280: () => plugged.modules.BME280.connect(),
  openBmp280: () => plugged.modules.BMP280.connect(),
  after: (delayMs: number, callback: () => void) => plugged.timers.setTimeout(callback, delayMs),
}));

let timers: VirtualTimers;
let modules: typeof plugged.modules;

beforeEach(() => {
  timers = createVirtualTimers();
  modules = {};
  plugged.timers = timers;
  plugged.modules = modules;
  vi.stubGlobal(
    "Pin",
    class {
      name: string;
      constructor(name: string) {
        this.name = name;
      }
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

/** What a sensor answered, in order. */
function ask(sensor: Sensor): number[] {
  const answers: number[] = [];
  sensor((value) => answers.push(value));
  return answers;
}

test("an analog reading is the mean of several, scaled, then offset", () => {
  const readings = [0.1, 0.2, 0.3, 0.4];
  vi.stubGlobal("analogRead", (pin: { name: string }) => {
    expect(pin.name).toBe("D34");
    return readings.shift();
  });
  expect(ask(analog("D34", { scale: 330, offset: -50, averageOf: 4 }))[0]).toBeCloseTo(32.5, 9);
});

test("a pulse counter gives what came since its last reading", () => {
  let edge = () => {};
  vi.stubGlobal("setWatch", (callback: () => void, _pin: unknown, options: object) => {
    edge = callback;
    expect(options).toEqual({ repeat: true, edge: "falling", debounce: 20 });
  });
  const rain = pulse("D27", { perPulse: 0.2794, debounceMs: 20 });
  for (let i = 0; i < 10; i++) edge();
  expect(ask(rain)[0]).toBeCloseTo(2.794, 9);
  expect(ask(rain)).toEqual([0]);
  edge();
  expect(ask(rain)).toEqual([0.2794]);
});

test("a custom sensor gives what its function returns", () => {
  expect(ask(custom(() => 42))).toEqual([42]);
});

describe("a DS18B20", () => {
  /** As the published module: `getTemp` starts a conversion and returns the one before. */
  function plugIn(chip: { present: boolean; celsius: number }) {
    let converted = 85;
    modules.DS18B20 = {
      connect: () => {
        const found = chip.present;
        return {
          getTemp: () => {
            if (!chip.present || !found) return null;
            const last = converted;
            converted = chip.celsius;
            return last;
          },
        };
      },
    };
    return chip;
  }

  test("gives the temperature of now, not of the reading before", () => {
    const chip = plugIn({ present: true, celsius: 20 });
    const sensor = ds18b20("D13");
    const first = ask(sensor);
    expect(first).toEqual([]);
    timers.advance(1000);
    expect(first).toEqual([20]);
    chip.celsius = -3.5;
    const second = ask(sensor);
    timers.advance(1000);
    expect(second).toEqual([-3.5]);
  });

  test("fails while it is unplugged, and comes back when it is plugged in", () => {
    const chip = plugIn({ present: false, celsius: 20 });
    const sensor = ds18b20("D13");
    expect(ask(sensor)).toEqual([Number.NaN]);
    chip.present = true;
    const answers = ask(sensor);
    timers.advance(1000);
    expect(answers).toEqual([20]);
  });

  test("fails when it is pulled out during the conversion, or lost power in it", () => {
    const chip = plugIn({ present: true, celsius: 20 });
    const sensor = ds18b20("D13");
    const answers = ask(sensor);
    chip.present = false;
    timers.advance(1000);
    expect(answers).toEqual([Number.NaN]);
    chip.present = true;
    chip.celsius = 85;
    const reset = ask(sensor);
    timers.advance(1000);
    expect(reset).toEqual([Number.NaN]);
  });
});

describe("a DHT22", () => {
  function plugIn() {
    const reads: ((answer: { temp: number; rh: number }) => void)[] = [];
    modules.DHT22 = { connect: () => ({ read: (callback: (typeof reads)[0]) => reads.push(callback) }) };
    return reads;
  }

  test("is read once for both of its datastreams", () => {
    const reads = plugIn();
    const air = dht22("D4");
    const temperature = ask(air.temperature);
    const humidity = ask(air.humidity);
    expect(reads).toHaveLength(1);
    reads[0]({ temp: 21.5, rh: 40.2 });
    expect([temperature, humidity]).toEqual([[21.5], [40.2]]);
  });

  test("tells frost right, which the module doesn't", () => {
    const reads = plugIn();
    const answers = ask(dht22("D4").temperature);
    reads[0]({ temp: (0x8000 + 105) * -0.1, rh: 40 });
    expect(answers[0]).toBeCloseTo(-10.5, 6);
  });

  test("fails when all tries did", () => {
    const reads = plugIn();
    const air = dht22("D4");
    const temperature = ask(air.temperature);
    const humidity = ask(air.humidity);
    reads[0]({ temp: -1, rh: -1 });
    expect([temperature, humidity]).toEqual([[Number.NaN], [Number.NaN]]);
  });

  test("is asked again after a reading that never ended", () => {
    const reads = plugIn();
    const air = dht22("D4");
    ask(air.temperature);
    ask(air.humidity);
    const temperature = ask(air.temperature);
    const humidity = ask(air.humidity);
    expect(reads).toHaveLength(2);
    reads[1]({ temp: 20, rh: 50 });
    expect([temperature, humidity]).toEqual([[20], [50]]);
  });
});

describe.each([
  ["BME280", bme280],
  ["BMP280", bmp280],
])("a %s", (name, make) => {
  function plugIn(raw: number) {
    const state = { raw, opened: 0 };
    modules[name] = {
      connect: () => {
        state.opened++;
        return {
          temp_raw: 0,
          pres_raw: 415000,
          hum_raw: 30000,
          readRawData(this: { temp_raw: number }) {
            if (state.raw < 0) throw new Error("I2C write: no answer");
            this.temp_raw = state.raw;
          },
          calibration_T: (value: number) => value / 250,
          calibration_P: () => 101325,
          calibration_H: () => 45.5 * 1024,
        };
      },
    };
    return state;
  }

  test("gives °C, hPa and percent", () => {
    plugIn(500000);
    const air = make("D21", "D22");
    expect(ask(air.temperature)).toEqual([20]);
    expect(ask(air.pressure)).toEqual([1013.25]);
    if ("humidity" in air) expect(ask(air.humidity as Sensor)).toEqual([45.5]);
  });

  test.each([0x80000, 0, 0xfffff])("fails on raw %i, and is set up anew", (raw) => {
    const state = plugIn(500000);
    const air = make("D21", "D22");
    ask(air.temperature);
    ask(air.pressure);
    expect(state.opened).toBe(1);
    state.raw = raw;
    expect(ask(air.temperature)).toEqual([Number.NaN]);
    state.raw = 500000;
    expect(ask(air.temperature)).toEqual([20]);
    expect(state.opened).toBe(2);
  });

  test("is set up anew after a bus that threw", () => {
    const state = plugIn(500000);
    const air = make("D21", "D22");
    ask(air.temperature);
    state.raw = -1;
    expect(() => ask(air.temperature)).toThrow("no answer");
    state.raw = 500000;
    expect(ask(air.pressure)).toEqual([1013.25]);
    expect(state.opened).toBe(2);
  });
});
