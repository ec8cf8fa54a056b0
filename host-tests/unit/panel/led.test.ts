import { describe, expect, test } from "vitest";
import { startLed } from "../../../firmware/panel/led.ts";
import type { Verdict } from "../../../firmware/verdict.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

/** The stretches for which the LED was lit, as [from, length] in ms since the set-up. */
function setUp(activeLow = false) {
  const timers = createVirtualTimers(0);
  const lit: [number, number][] = [];
  const state = { logging: true };
  let onSince = -1;
  const led = startLed(
    {
      watchButton: () => undefined,
      write: (_pin, high) => {
        const on = high !== activeLow;
        if (on && onSince < 0) onSince = timers.nowMs();
        if (!on && onSince >= 0) {
          lit.push([onSince, timers.nowMs() - onSince]);
          onSince = -1;
        }
      },
    },
    timers,
    { pin: "D2", activeLow },
    () => state.logging,
  );
  return { led, timers, lit, state };
}

describe.each([false, true])("the LED, active low: %s", (activeLow) => {
  test("blinks shortly every 5 s while logging, and not at all otherwise", () => {
    const { timers, lit, state } = setUp(activeLow);
    timers.advance(14000);
    expect(lit).toEqual([
      [0, 50],
      [5000, 50],
      [10000, 50],
    ]);
    state.logging = false;
    timers.advance(60000);
    expect(lit).toHaveLength(3);
  });

  test("shines two seconds when all is sent, then goes back to the heartbeat", () => {
    const { led, timers, lit } = setUp(activeLow);
    timers.advance(1000);
    led.verdict(0);
    timers.advance(20000);
    expect(lit[1]).toEqual([2000, 2000]);
    expect(lit.slice(2).every(([, lengthMs]) => lengthMs === 50)).toBe(true);
    expect(lit.length).toBeGreaterThan(3);
  });

  test.each<[Verdict, long: number, short: number]>([
    [1, 0, 1],
    [4, 0, 4],
    [5, 0, 5],
    [6, 1, 1],
    [9, 1, 4],
    [10, 2, 0],
    [11, 2, 1],
    [12, 2, 2],
  ])("shows verdict %i as %i long and %i short blinks, three times, apart from the heartbeat", (shown, long, short) => {
    const { led, timers, lit } = setUp(activeLow);
    timers.advance(1000);
    led.verdict(shown);
    timers.advance(120000);
    const verdict = lit.filter(([, lengthMs]) => lengthMs > 100);
    const once = [...Array(long).fill(1000), ...Array(short).fill(300)];
    expect(verdict.map(([, lengthMs]) => lengthMs)).toEqual([...once, ...once, ...once]);
    const isFirst = (i: number) => i === 0 || verdict[i][0] - (verdict[i - 1][0] + verdict[i - 1][1]) > 1000;
    expect(verdict.filter((_, i) => isFirst(i))).toHaveLength(3);
    const after = lit.filter(([fromMs, lengthMs]) => lengthMs < 100 && fromMs > verdict[0][0]);
    expect(after[0][0] - verdict[verdict.length - 1][0]).toBeGreaterThan(4000);
  });
});

test("the LED flickers while syncing until the verdict", () => {
  const { led, timers, lit } = setUp();
  timers.advance(1000);
  led.syncing();
  timers.advance(500);
  led.syncing();
  timers.advance(500);
  expect(lit.length).toBeGreaterThan(6);
  led.verdict(3);
  timers.advance(60000);
  expect(lit.filter(([, lengthMs]) => lengthMs === 300)).toHaveLength(9);
});

test("a unit without an LED sets no timer", () => {
  const timers = createVirtualTimers();
  const led = startLed({ watchButton: () => undefined, write: () => undefined }, timers, undefined, () => true);
  led.syncing();
  led.verdict(4);
  expect(timers.pending()).toBe(0);
});
