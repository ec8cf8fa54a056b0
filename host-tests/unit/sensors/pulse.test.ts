import { afterEach, expect, test, vi } from "vitest";
import { pulse } from "../../../firmware/sensors/pulse.ts";

type OnEdge = (event: { state: boolean; time: number; lastTime: number | undefined }) => void;

afterEach(() => vi.unstubAllGlobals());

/**
 * A contact to ground on a watched pin with pull-up, as Espruino reports it without `debounce` (2v29.277, src/jsinteractive.c):
 * each change of the wanted direction is an event, and `lastTime` is the time of the change before, in either direction.
 */
function contact(settings: Parameters<typeof pulse>[1]) {
  let onEdge: OnEdge = () => {};
  let wanted = "";
  let level = 1;
  let changedS: number | undefined;
  vi.stubGlobal("Pin", class {});
  vi.stubGlobal(
    "setWatch",
    (callback: OnEdge, _pin: unknown, options: { edge: string; debounce: number; repeat: boolean }) => {
      expect(options).toMatchObject({ repeat: true, debounce: 0 });
      onEdge = callback;
      wanted = options.edge;
    },
  );
  const sensor = pulse("D27", settings);
  let nowS = 1_700_000_000;
  return {
    /** The level changes this long after the change before. */
    after(ms: number) {
      nowS += ms / 1000;
      level = 1 - level;
      const event = { state: level === 1, time: nowS, lastTime: changedS };
      changedS = nowS;
      if ((level === 0) === (wanted === "falling")) onEdge(event);
    },
    setClockBack(ms: number) {
      nowS -= ms / 1000;
    },
    count() {
      let counted = Number.NaN;
      sensor((value) => {
        counted = value;
      });
      return counted;
    },
  };
}

test("gives what came since its last reading, times perPulse", () => {
  const rain = contact({ perPulse: 0.2794, debounceMs: 20 });
  for (let i = 0; i < 10; i++) {
    rain.after(1000);
    rain.after(100);
  }
  expect(rain.count()).toBeCloseTo(2.794, 9);
  expect(rain.count()).toBe(0);
  rain.after(1000);
  expect(rain.count()).toBe(0.2794);
});

test("counts a clean closure of 15 ms at debounceMs 20", () => {
  const reed = contact({ debounceMs: 20 });
  reed.after(1000);
  reed.after(15);
  expect(reed.count()).toBe(1);
});

test("counts every turn of an anemometer of 30 pulses a second at debounceMs 20", () => {
  const cups = contact({ debounceMs: 20 });
  for (let i = 0; i < 300; i++) {
    cups.after(18.3);
    cups.after(15);
  }
  expect(cups.count()).toBe(300);
});

test("counts a chatter of 5 ms once, when the contact closes and when it opens", () => {
  const reed = contact({ debounceMs: 20 });
  const chatter = () => {
    for (let i = 0; i < 10; i++) reed.after(0.5);
  };
  reed.after(1000);
  chatter();
  // Ten changes leave it closed, for longer than debounceMs.
  reed.after(200);
  chatter();
  expect(reed.count()).toBe(1);
  reed.after(1000);
  expect(reed.count()).toBe(1);
});

test("counts a slow bounce within debounceMs once, and the next closure after it", () => {
  const reed = contact({ debounceMs: 20 });
  reed.after(1000);
  reed.after(3);
  reed.after(8);
  reed.after(3);
  reed.after(7);
  expect(reed.count()).toBe(2);
  reed.after(30);
  reed.after(30);
  expect(reed.count()).toBe(1);
});

test("without debounceMs counts every edge of the wanted direction", () => {
  const meter = contact({ edge: "rising" });
  for (let i = 0; i < 40; i++) meter.after(0.3);
  expect(meter.count()).toBe(20);
});

test("counts on when the clock is set back", () => {
  const reed = contact({ debounceMs: 20 });
  reed.after(1000);
  reed.after(50);
  reed.setClockBack(86_400_000);
  reed.after(1000);
  expect(reed.count()).toBe(2);
});
