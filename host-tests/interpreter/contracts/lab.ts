/**
 * A bench of pins and buses for the sensors' contract: Espruino's own functions, with sensor chips on the other end. It
 * runs under Node and in the interpreter, so it is written in Espruino's dialect.
 */
import type { Sensor } from "../../../firmware/device-types.ts";
import { createDht22Chip, type Dht22Chip } from "../../../scripts/simulator/sensor-chips/dht22-chip.ts";
import { createHx711Chip, createSoftSpi, type Hx711Chip } from "../../../scripts/simulator/sensor-chips/hx711-chip.ts";
import { createI2cPort, type I2cChip, type I2cPort } from "../../../scripts/simulator/sensor-chips/i2c-port.ts";
import { createOneWireLine, type OneWireChip } from "../../../scripts/simulator/sensor-chips/one-wire-line.ts";

export interface Lab {
  nowMs(): number;
  /** Put chips in: on the 1-Wire line (the same on every pin), and on I2C1. */
  oneWire: OneWireChip[];
  isShorted: boolean;
  i2c: I2cChip[];
  port: I2cPort;
  dht22: Dht22Chip;
  hx711: Hx711Chip;
}

type Globals = { [name: string]: unknown };

/** An edge as `setWatch` reports it. */
type OnEdge = (event: { state: boolean; time: number; lastTime: number | undefined }) => void;

/** Takes the place of Espruino's pins and buses. Each contract gets a new one. */
export function createLab(nowMs: () => number): Lab {
  const world = globalThis as unknown as Globals;
  const i2c: I2cChip[] = [];
  const lab: Lab = {
    nowMs,
    oneWire: [],
    isShorted: false,
    i2c,
    port: createI2cPort(i2c),
    dht22: createDht22Chip(nowMs),
    hx711: createHx711Chip(nowMs),
  };
  let onEdge: OnEdge | undefined;
  let lowSinceMs = -1;

  function answerOnRelease() {
    if (lowSinceMs < 0) return;
    const edges = lab.dht22.answer(nowMs() - lowSinceMs);
    lowSinceMs = -1;
    const beginS = nowMs() / 1000;
    let lastTime: number | undefined;
    setTimeout(() => {
      edges.forEach((edge) => {
        const time = beginS + edge.atUs / 1e6;
        if (edge.level === 0 && onEdge !== undefined) onEdge({ state: false, time: time, lastTime: lastTime });
        lastTime = time;
      });
    }, 6);
  }

  // Functions that return an object do as constructors.
  world.OneWire = function OneWireConstructor() {
    return createOneWireLine(lab.oneWire, () => lab.isShorted);
  };
  world.SPI = function SpiConstructor() {
    return createSoftSpi(lab.hx711);
  };
  // Espruino makes its own I2C1 when the name is first met, and then the first assignment would be lost.
  if (world.I2C1 !== lab.port) world.I2C1 = lab.port;
  world.digitalRead = () => lab.hx711.level();
  world.digitalWrite = (_pin: unknown, value: number) => {
    if (value === 0) lowSinceMs = nowMs();
  };
  world.pinMode = (_pin: unknown, mode: string) => {
    if (mode.startsWith("input")) answerOnRelease();
  };
  world.setWatch = (callback: OnEdge) => {
    onEdge = callback;
    return 1;
  };
  world.clearWatch = () => {
    onEdge = undefined;
  };
  return lab;
}

/** One step of a contract: something happens, then a reading gives a value, or fails with these words. */
export interface Step {
  act?: () => void;
  read: Sensor;
  gives?: number;
  /** Largest difference from `gives`; default 1e-9. */
  within?: number;
  fails?: string;
}

/** Takes the steps one after another. `answer` gets "" or the first problem. */
export function runSteps(steps: Step[], answer: (problem: string) => void): void {
  function next(index: number) {
    if (index === steps.length) {
      answer("");
      return;
    }
    const step = steps[index];

    function judge(value: number, why: string) {
      const problem = problemOf(step, value, why);
      if (problem !== "") answer(`step ${index}: ${problem}`);
      // From the event loop, as the sampler asks.
      else setTimeout(() => next(index + 1), 1);
    }

    if (step.act !== undefined) step.act();
    try {
      step.read((value, why) => judge(value, why === undefined ? "" : why));
    } catch (error) {
      judge(Number.NaN, `${error}`);
    }
  }
  next(0);
}

function problemOf(step: Step, value: number, why: string): string {
  const fails = step.fails;
  if (fails !== undefined) {
    return !(value < 0) && !(value >= 0) && why.indexOf(fails) >= 0
      ? ""
      : `${value} (${why}) instead of failing: ${fails}`;
  }
  const gives = step.gives as number;
  const within = step.within === undefined ? 1e-9 : step.within;
  return Math.abs(value - gives) <= within ? "" : `${value} (${why}) instead of ${gives}`;
}
