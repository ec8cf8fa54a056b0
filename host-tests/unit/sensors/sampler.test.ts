import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Sensor } from "../../../firmware/device-types.ts";
import { createSampler, SENSOR_TIMEOUT_MS, scaleReading } from "../../../firmware/sensors/sampler.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

type Event = { pin: number; rawMs: number; value: number | "failed" };

function setUp(streams: { sensor: Sensor; intervalMs: number; decimals?: number }[]) {
  const timers = createVirtualTimers();
  const events: Event[] = [];
  const log: string[] = [];
  const state = { flashWorks: true, session: 1 };
  const sampler = createSampler(
    timers,
    {
      session: () => state.session,
      rawMs: () => Math.floor(timers.nowMs()),
      rawAtTimer: () => Math.floor(timers.nowMs()),
      blocked: (fn) => fn(),
    },
    {
      append: (pin, rawMs, value) => {
        events.push({ pin, rawMs, value });
        return state.flashWorks;
      },
      fail: (pin, rawMs) => {
        events.push({ pin, rawMs, value: "failed" });
      },
    },
    streams.map((stream, i) => ({ pin: i + 1, name: `s${i + 1}`, decimals: 0, ...stream })),
    (level, text) => log.push(`[${level}] ${text}`),
  );
  return { timers, events, log, sampler, state };
}

describe("the sampler", () => {
  test("reads at multiples of the interval since the start", () => {
    const { timers, events, sampler } = setUp([{ sensor: (done) => done(7), intervalMs: 60000 }]);
    sampler.start();
    timers.advance(180000);
    expect(events).toEqual([1000, 61000, 121000, 181000].map((rawMs) => ({ pin: 1, rawMs, value: 7 })));
  });

  test("reads datastreams that are due together in the order of the device file, each at its own interval", () => {
    const { timers, events, sampler } = setUp([
      { sensor: (done) => done(1), intervalMs: 2000 },
      { sensor: (done) => done(2), intervalMs: 3000 },
    ]);
    sampler.start();
    timers.advance(6000);
    expect(events.map((event) => [event.pin, event.rawMs])).toEqual([
      [1, 1000],
      [2, 1000],
      [1, 3000],
      [2, 4000],
      [1, 5000],
      [1, 7000],
      [2, 7000],
    ]);
  });

  test("reads all that are due before it writes any, so that writing delays no reading", () => {
    const order: string[] = [];
    const { sampler, events } = setUp([
      {
        sensor: (done) => {
          order.push(`read after ${events.length}`);
          done(1);
        },
        intervalMs: 1000,
      },
      {
        sensor: (done) => {
          order.push(`read after ${events.length}`);
          done(2);
        },
        intervalMs: 1000,
      },
    ]);
    sampler.start();
    expect(order).toEqual(["read after 0", "read after 0"]);
    expect(events).toHaveLength(2);
  });

  test("leaves out slots that a blocked interpreter could not serve, and never makes them up in a burst", () => {
    let reads = 0;
    const { timers, events, sampler } = setUp([
      {
        sensor: (done) => {
          reads++;
          done(reads);
          if (reads === 2) timers.block(10300);
        },
        intervalMs: 1000,
      },
    ]);
    sampler.start();
    timers.advance(15000);
    // Slots at 2000; then 3000 to 12000 pass; 12300 is near enough to the slot of 12000.
    expect(events.map((event) => event.rawMs)).toEqual([1000, 2000, 12300, 13000, 14000, 15000, 16000]);
  });

  test("lets datastreams take turns whose sensors block for longer than the interval, and says so once", () => {
    const rig = setUp(
      [1, 2, 3, 4, 5].map((value) => ({
        sensor: (done) => {
          rig.timers.block(750);
          done(value);
        },
        intervalMs: 5000,
      })),
    );
    rig.sampler.start();
    rig.timers.advance(3600000);
    const counts = [1, 2, 3, 4, 5].map((pin) => rig.events.filter((event) => event.pin === pin).length);
    // Four of five fit into half an interval: 576 slots of 720 for each.
    for (const count of counts) expect(Math.abs(count - 577)).toBeLessThanOrEqual(1);
    expect(rig.log).toEqual(["[warn] s5: left out, the sensors before it took too long. They take turns now"]);
    expect(rig.sampler.crowded()).toBe(true);
  });

  test("reads in the order of the device file again when the sensors are quick again", () => {
    let blockMs = 1600;
    const rig = setUp(
      [1, 2, 3].map((value) => ({
        sensor: (done) => {
          rig.timers.block(blockMs);
          done(value);
        },
        intervalMs: 5000,
      })),
    );
    rig.sampler.start();
    rig.timers.advance(20000);
    blockMs = 10;
    rig.timers.advance(20000);
    rig.events.length = 0;
    rig.timers.advance(600000);
    expect(rig.events.slice(0, 6).map((event) => event.pin)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(rig.sampler.crowded()).toBe(false);
  });

  test("tells once of values that can't be stored, and again after one that could", () => {
    const values = [1e7, 2e7, 5, 3e7];
    let at = 0;
    const rig = setUp([{ sensor: (done) => done(values[at++ % 4]), intervalMs: 1000, decimals: 4 }]);
    rig.sampler.start();
    rig.timers.advance(3000);
    expect(rig.log).toEqual([
      "[warn] s1: 10000000 can't be stored, 3435973.8366 is the most at 4 decimals",
      "[warn] s1: 30000000 can't be stored, 3435973.8366 is the most at 4 decimals",
    ]);
    // The ring counts it as unrepresentable.
    expect(rig.events[0].value).toBe(1e11);
  });

  test("waits for the next slot when it wakes nearer to it than to the last", () => {
    let reads = 0;
    const { timers, events, sampler } = setUp([
      {
        sensor: (done) => {
          reads++;
          done(reads);
          if (reads === 1) timers.block(3700);
        },
        intervalMs: 1000,
      },
    ]);
    sampler.start();
    timers.advance(6000);
    expect(events.slice(0, 4).map((event) => event.rawMs)).toEqual([1000, 5000, 6000, 7000]);
  });

  test("charges a hanging sensor with its own sample only, and ignores its answer when it comes late", () => {
    const answers: ((value: number) => void)[] = [];
    const { timers, events, sampler } = setUp([
      { sensor: (done) => answers.push(done), intervalMs: 60000 },
      { sensor: (done) => done(5), intervalMs: 60000 },
    ]);
    sampler.start();
    timers.advance(SENSOR_TIMEOUT_MS);
    expect(events).toEqual([
      { pin: 2, rawMs: 1000, value: 5 },
      { pin: 1, rawMs: 1000, value: "failed" },
    ]);
    expect(sampler.failing()).toBe(true);
    answers[0](9);
    expect(events).toHaveLength(2);
    timers.advance(60000 - SENSOR_TIMEOUT_MS);
    answers[0](9);
    answers[1](8);
    answers[1](7);
    expect(events.slice(2)).toEqual([
      { pin: 2, rawMs: 61000, value: 5 },
      { pin: 1, rawMs: 61000, value: 8 },
    ]);
    expect(sampler.failing()).toBe(false);
  });

  test("gives a hanging sensor up at its next slot when that comes before the timeout", () => {
    const { timers, events, sampler } = setUp([{ sensor: () => undefined, intervalMs: 1000 }]);
    sampler.start();
    timers.advance(2000);
    expect(events).toEqual([
      { pin: 1, rawMs: 1000, value: "failed" },
      { pin: 1, rawMs: 2000, value: "failed" },
    ]);
    expect(sampler.healthy()).toBe(true);
  });

  test("dates an asynchronous reading by its beginning", () => {
    const { timers, events, sampler } = setUp([
      { sensor: (done) => void timers.setTimeout(() => done(1.26), 750), intervalMs: 60000, decimals: 1 },
    ]);
    sampler.start();
    timers.advance(5000);
    expect(events).toEqual([{ pin: 1, rawMs: 1000, value: 13 }]);
  });

  test.each([
    ["NaN", (done: (value: number) => void) => done(Number.NaN)],
    ["infinity", (done: (value: number) => void) => done(Number.POSITIVE_INFINITY)],
    ["undefined", (done: (value: number) => void) => done(undefined as unknown as number)],
    ["text", (done: (value: number) => void) => done("12" as unknown as number)],
    [
      "an exception",
      () => {
        throw new Error("no such chip");
      },
    ],
  ])("counts %s as a failed reading, says so once, and recovers by itself", (_what, failure) => {
    let works = true;
    const { timers, events, log, sampler } = setUp([
      { sensor: (done) => (works ? done(3) : failure(done)), intervalMs: 1000 },
    ]);
    sampler.start();
    works = false;
    timers.advance(3000);
    works = true;
    timers.advance(1000);
    expect(events.map((event) => event.value)).toEqual([3, "failed", "failed", "failed", 3]);
    expect(log.filter((line) => line.includes("no reading"))).toHaveLength(1);
    expect(log.filter((line) => line.includes("reading again"))).toHaveLength(1);
    expect(sampler.failing()).toBe(false);
  });

  test("logs a sensor's own reason for a failed reading", () => {
    const { timers, log, sampler } = setUp([
      { sensor: (done) => void timers.setTimeout(() => done(Number.NaN, "wrong checksum"), 20), intervalMs: 1000 },
    ]);
    sampler.start();
    timers.advance(500);
    expect(log.filter((line) => line.includes("no reading (wrong checksum)"))).toHaveLength(1);
  });

  test("lets a reading go that a jump of the clock came into: its time belongs to a session that is over", () => {
    const answers: ((value: number) => void)[] = [];
    const { timers, events, sampler, state } = setUp([{ sensor: (done) => answers.push(done), intervalMs: 60000 }]);
    sampler.start();
    timers.advance(500);
    state.session++;
    answers[0](7);
    expect(events).toEqual([{ pin: 1, rawMs: 1500, value: "failed" }]);
    timers.advance(60000);
    answers[1](8);
    expect(events[1]).toEqual({ pin: 1, rawMs: 61000, value: 8 });
  });

  test("goes on when writing throws, as when memory runs out", () => {
    let reads = 0;
    const timers = createVirtualTimers();
    const sampler = createSampler(
      timers,
      { session: () => 1, rawMs: () => timers.nowMs(), rawAtTimer: () => timers.nowMs(), blocked: (fn) => fn() },
      {
        append: () => {
          reads++;
          if (reads === 2) throw new Error("out of memory");
          return true;
        },
        fail: () => undefined,
      },
      [{ pin: 1, name: "a", sensor: (done) => done(1), intervalMs: 1000, decimals: 0 }],
      () => undefined,
    );
    sampler.start();
    expect(() => timers.advance(1000)).toThrow("out of memory");
    timers.advance(3000);
    expect(reads).toBe(5);
  });

  test("knows when flash takes no more, and when it does again", () => {
    const { timers, sampler, state } = setUp([{ sensor: (done) => done(1), intervalMs: 1000 }]);
    state.flashWorks = false;
    sampler.start();
    expect(sampler.flashFailed()).toBe(true);
    state.flashWorks = true;
    timers.advance(1000);
    expect(sampler.flashFailed()).toBe(false);
  });

  test("is unhealthy once a slot passed unserved, and when stopped", () => {
    const { timers, sampler } = setUp([{ sensor: (done) => done(1), intervalMs: 10000 }]);
    expect(sampler.healthy()).toBe(false);
    const stop = sampler.start();
    timers.advance(9999);
    expect(sampler.healthy()).toBe(true);
    timers.block(6000);
    expect(sampler.healthy()).toBe(false);
    timers.advance(1);
    expect(sampler.healthy()).toBe(true);
    stop();
    expect(sampler.healthy()).toBe(false);
    expect(timers.pending()).toBe(0);
  });

  test("takes one sample at most of any slot, whatever blocks and whatever hangs", () => {
    const seed = Number(process.env.SIM_SEED ?? 1);
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 5000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20000 }), fc.boolean()), { minLength: 1, maxLength: 60 }),
        (intervalMs, script) => {
          let step = 0;
          const { timers, events, sampler } = setUp([
            {
              sensor: (done) => {
                const [blockMs, answers] = script[step++ % script.length];
                if (answers) done(step);
                if (blockMs > 10000) timers.block(blockMs - 10000);
              },
              intervalMs,
            },
            { sensor: (done) => void timers.setTimeout(() => done(1), 50), intervalMs },
          ]);
          sampler.start();
          timers.advance(intervalMs * 100);
          for (const pin of [1, 2]) {
            const times = events.filter((event) => event.pin === pin).map((event) => event.rawMs - 1000);
            // A slot's reading begins at most half an interval late.
            const slots = times.map((ms) => Math.ceil((ms - intervalMs / 2) / intervalMs));
            slots.forEach((slot, i) => {
              if (i > 0) expect(slot).toBeGreaterThan(slots[i - 1]);
              expect(times[i] - slot * intervalMs).toBeGreaterThanOrEqual(-2);
            });
          }
        },
      ),
      { seed },
    );
  });
});

describe("a scaled reading", () => {
  test("is rounded as on paper, halves away from zero, whatever binary makes of it", () => {
    expect(scaleReading(1.005, 2)).toBe(101);
    expect(scaleReading(2.675, 2)).toBe(268);
    expect(scaleReading(-1.005, 2)).toBe(-101);
    expect(scaleReading(0.5, 0)).toBe(1);
    expect(scaleReading(-0.5, 0)).toBe(-1);
    expect(scaleReading(2.4999, 0)).toBe(2);
    expect(Object.is(scaleReading(-0.04, 1), 0)).toBe(true);
    expect(scaleReading(34359738.3675, 3)).toBe(34359738368);
  });

  test("is the nearest integer to the decimal text of the value", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -99999999, max: 99999999 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 4 }),
        (digits, point, decimals) => {
          const value = Number(`${digits}e-${point}`);
          const shift = decimals - point;
          const magnitude = Math.abs(digits);
          const unit = 10 ** Math.max(0, -shift);
          const exact = shift >= 0 ? magnitude * 10 ** shift : Math.floor((2 * magnitude + unit) / (2 * unit));
          // Beyond, a page can't hold it.
          fc.pre(exact < 64 ** 6 / 2);
          expect(scaleReading(value, decimals)).toBe(digits < 0 && exact > 0 ? -exact : exact);
        },
      ),
    );
  });
});
