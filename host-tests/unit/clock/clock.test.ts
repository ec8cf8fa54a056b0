import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  bootSession,
  createClock,
  EARLY_MS,
  HEARTBEAT_MS,
  LATE_MS,
  STALL_MS,
  STRAY_JUMP_MS,
  UNSEEN_JUMP_MS,
} from "../../../firmware/clock/clock.ts";
import type { Timers } from "../../../firmware/platform/ports.ts";
import { createTimers } from "../../../firmware/platform/timers.ts";
import { createVirtualMachine, type VirtualMachine } from "../../support/virtual-timers.ts";

const YEARS_56_MS = 56 * 365.25 * 86400000;

/** A stall of this length can't be told from a clock that was moved forward. */
const FORWARD_MS_MIN = STALL_MS + 2 * HEARTBEAT_MS;

/**
 * One thing that happens to a machine; `ms` is how long, or how far the clock is set, with `setTime` ("tell") or without
 * ("set").
 */
const STEP = fc.oneof(
  fc.record({ kind: fc.constant("run" as const), ms: fc.integer({ min: 0, max: 40000 }) }),
  fc.record({ kind: fc.constant("tell" as const), ms: fc.integer({ min: -20000, max: 20000 }) }),
  fc.record({ kind: fc.constant("tell" as const), ms: fc.double({ min: -1e12, max: 2e12, noNaN: true }) }),
  fc.record({ kind: fc.constant("set" as const), ms: fc.integer({ min: -20000, max: 0 }) }),
  fc.record({ kind: fc.constant("set" as const), ms: fc.double({ min: -1e12, max: 0, noNaN: true }) }),
  fc.record({ kind: fc.constant("set" as const), ms: fc.double({ min: FORWARD_MS_MIN, max: 2e12, noNaN: true }) }),
  fc.record({ kind: fc.constant("block" as const), ms: fc.integer({ min: 0, max: 90000 }) }),
  fc.record({ kind: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: LATE_MS - 20 }) }),
  fc.record({ kind: fc.constant("stall" as const), ms: fc.integer({ min: LATE_MS, max: STALL_MS - 60000 }) }),
  fc.record({ kind: fc.constant("read" as const), ms: fc.constant(0) }),
);

/** The firmware's own timers on this machine: `tell` moves the clock by the global `setTime`. */
function onEspruino(machine: VirtualMachine): { timers: Timers; tell(byMs: number): void } {
  const globals = globalThis as unknown as { setTime(seconds: number): void };
  vi.stubGlobal("getTime", () => machine.timers.nowMs() / 1000);
  vi.stubGlobal("setTime", (seconds: number) => machine.setClockOn(seconds * 1000 - machine.timers.nowMs()));
  const { nowMs } = createTimers();
  const tell = globals.setTime;
  return {
    timers: { ...machine.timers, nowMs },
    tell: (byMs) => tell((machine.timers.nowMs() + byMs) / 1000),
  };
}

/** A checked reading, with how often the clock had been set and had found a jump until then. */
interface Reading {
  session: number;
  rawMs: number;
  uptimeMs: number;
  sets: number;
  jumps: number;
}

/** Reads the clock from a timer every `intervalMs` while the steps happen. Raw time must never go back. */
function readThrough(steps: { kind: string; ms: number }[], intervalMs: number): Reading[] {
  let lateness = 0;
  const machine = createVirtualMachine(() => (lateness = (lateness * 7 + 3) % 16), 1e12 + 0.4);
  const { timers, tell } = onEspruino(machine);
  const clock = createClock(timers, 8, 500);
  let lastRawMs = 0;
  let sets = 0;
  let setAtMs = -Infinity;
  let jumps = 0;
  clock.watch(() => jumps++);
  const seen: Reading[] = [];
  const read = (rawMs: number): void => {
    expect(rawMs).toBeGreaterThanOrEqual(lastRawMs);
    lastRawMs = rawMs;
  };
  const arm = (): void => {
    const armedRawMs = clock.rawMs();
    read(armedRawMs);
    timers.setTimeout(() => {
      const rawMs = clock.rawAtTimer(armedRawMs, armedRawMs + intervalMs);
      read(rawMs);
      seen.push({ session: clock.session(), rawMs, uptimeMs: machine.uptimeMs(), sets, jumps });
      arm();
    }, intervalMs);
  };
  arm();
  for (const { kind, ms } of steps) {
    if (kind === "run") machine.run(ms);
    if (kind === "tell") tell(ms);
    if (kind === "set") {
      machine.setClockOn(ms);
      sets++;
      setAtMs = machine.uptimeMs();
    }
    // The stated exception: a jump just before a blocking call hides behind it.
    const hides = kind === "block" || kind === "stall";
    if (hides && machine.uptimeMs() < setAtMs + 2 * HEARTBEAT_MS) machine.run(2 * HEARTBEAT_MS);
    if (kind === "block") clock.blocked(() => machine.block(ms));
    // Pauses add up until timers run.
    machine.run(0);
    if (kind === "pause") machine.block(ms);
    if (kind === "stall") {
      machine.block(ms);
      machine.run(2 * HEARTBEAT_MS);
    }
    read(clock.rawMs());
  }
  machine.run(2 * intervalMs + 2 * HEARTBEAT_MS);
  return seen;
}

/**
 * Between two checked readings raw time may creep against the uptime by unseen steps, at most one for each time the clock is set
 * without `setTime`, and only backwards. What `setTime` does, and every stall, costs nothing.
 */
function expectStepsWithinBounds(a: Reading, b: Reading, found: { linked: number; largest: number }): void {
  const creepMs = b.rawMs - a.rawMs - (b.uptimeMs - a.uptimeMs);
  const sets = b.sets - a.sets;
  const jumps = b.jumps - a.jumps;
  const stepsMs = sets * UNSEEN_JUMP_MS + jumps * STRAY_JUMP_MS + 1.001;
  if (jumps === 0) expect(b.session).toBe(a.session);
  expect(creepMs).toBeLessThanOrEqual(jumps + 1.001);
  expect(jumps).toBeLessThanOrEqual(sets);
  expect(b.session - a.session).toBe(jumps);
  expect(Math.abs(creepMs)).toBeLessThanOrEqual(stepsMs);
  if (jumps > 0) found.linked++;
  if (jumps > 0) found.largest = Math.max(found.largest, Math.abs(creepMs) / stepsMs);
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the clock", () => {
  it("goes on from the raw time it was given and runs with the system clock", () => {
    const machine = createVirtualMachine(() => 0, 1234.567);
    const clock = createClock(machine.timers, 7, 5001);
    expect(clock.rawMs()).toBe(5001);
    machine.run(86400000);
    expect(clock.rawMs()).toBe(86405001);
    expect(clock.session()).toBe(7);
  });

  it.each([YEARS_56_MS, 3600000, STALL_MS, -30, -3000, -YEARS_56_MS])(
    "takes a jump of %d ms that nobody told of out of raw time, and starts a session",
    (jumpMs) => {
      const machine = createVirtualMachine(() => 3);
      const clock = createClock(machine.timers, 8, 1000000);
      const heard: number[] = [];
      clock.watch((session) => heard.push(session));
      machine.run(3600000);
      if (jumpMs > 0) machine.moveUnderneath(jumpMs);
      else machine.setClockOn(jumpMs);
      machine.run(3600000);
      expect(clock.session()).toBe(9);
      expect(heard).toEqual([9]);
      const lostMs = machine.uptimeMs() + 1000000 - clock.rawMs();
      expect(lostMs).toBeGreaterThanOrEqual(0);
      expect(lostMs).toBeLessThanOrEqual(HEARTBEAT_MS);
    },
  );

  it.each([YEARS_56_MS, 3600000, STALL_MS - HEARTBEAT_MS, 6000, 800, 20, 0, -30, -3000, -YEARS_56_MS])(
    "goes on exactly, in the same session, when setTime moves the clock by %d ms",
    (stepMs) => {
      const machine = createVirtualMachine(() => 3, 1e12);
      const { timers, tell } = onEspruino(machine);
      const clock = createClock(timers, 8, 1000000);
      machine.run(3600000);
      tell(stepMs);
      expect(Math.abs(machine.uptimeMs() + 1000000 - clock.rawMs())).toBeLessThanOrEqual(1);
      machine.run(3600000);
      expect(Math.abs(machine.uptimeMs() + 1000000 - clock.rawMs())).toBeLessThanOrEqual(1);
      expect(clock.session()).toBe(8);
    },
  );

  it("sees setTime by name only once: what the IDE calls is the firmware's, what that calls is Espruino's", () => {
    const machine = createVirtualMachine(() => 0, 1e12);
    const { timers } = onEspruino(machine);
    const clock = createClock(timers, 8, 0);
    machine.run(1000);
    // As the console runs it.
    new Function("setTime(1234.5)")();
    expect(machine.timers.nowMs()).toBeCloseTo(1234500, 3);
    machine.run(1000);
    expect([clock.rawMs(), clock.session()]).toEqual([2000, 8]);
  });

  it("takes a clock that is moved forward underneath for a jump if no stall is as long, at the timers that it makes fire", () => {
    const machine = createVirtualMachine(() => 0, 1e9);
    const clock = createClock(machine.timers, 8, 0);
    machine.run(62000);
    // Far from due, and fired at once all the same.
    const armedRawMs = clock.rawMs();
    machine.timers.setTimeout(() => clock.rawAtTimer(armedRawMs, armedRawMs + 300000), 300000);
    machine.run(1000);
    machine.moveUnderneath(YEARS_56_MS);
    machine.run(60000);
    expect(clock.session()).toBe(9);
    expect(Math.abs(clock.rawMs() - machine.uptimeMs())).toBeLessThanOrEqual(HEARTBEAT_MS);
  });

  it("can't see the clock set back underneath by its timers, which follow it, but sees it at a reading in between", () => {
    const machine = createVirtualMachine(() => 0, 1e9);
    const clock = createClock(machine.timers, 8, 0);
    machine.run(62000);
    machine.moveUnderneath(-60000);
    machine.run(61000);
    expect([clock.session(), clock.rawMs()]).toEqual([8, 63000]);
    machine.moveUnderneath(-60000);
    clock.rawMs();
    expect(clock.session()).toBe(9);
  });

  it.each([YEARS_56_MS, -60000])("notices a jump of %d ms at the first reading, before any heartbeat", (jumpMs) => {
    const machine = createVirtualMachine(() => 0, 1e9);
    const clock = createClock(machine.timers, 8, 0);
    machine.run(2000);
    const rawMs = clock.rawMs();
    machine.setClockOn(jumpMs);
    expect(clock.rawMs()).toBe(rawMs + 1);
    expect(clock.session()).toBe(9);
  });

  it("notices a small jump at the next timer that is checked, before its callback uses the time", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(1000);
    const armedRawMs = clock.rawMs();
    let rawMs = 0;
    machine.timers.setTimeout(() => {
      rawMs = clock.rawAtTimer(armedRawMs, armedRawMs + 1000);
    }, 1000);
    machine.setClockOn(-EARLY_MS - 1);
    machine.run(1000);
    expect(rawMs).toBe(2000);
    expect(clock.session()).toBe(9);
  });

  it("asks nothing of a timer that was set before a jump", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    const armedRawMs = clock.rawMs();
    machine.run(3000);
    machine.setClockOn(-100000);
    clock.rawMs();
    machine.run(4000);
    // Raw time lost nearly 3 s by the jump, so the timer seems early.
    clock.rawAtTimer(armedRawMs, armedRawMs + 7000);
    expect(clock.session()).toBe(9);
  });

  it.each([LATE_MS, 20 * LATE_MS, 60000])("takes no lateness for a jump, if every timer is %d ms late", (lateMs) => {
    const machine = createVirtualMachine(() => lateMs);
    const clock = createClock(machine.timers, 8, 0);
    machine.run(86400000);
    expect(clock.session()).toBe(8);
    expect(clock.rawMs()).toBe(machine.uptimeMs());
  });

  it("takes a known blocking call for no jump, however long, nested or failing", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(1234);
    expect(() =>
      clock.blocked(() => {
        machine.block(90000);
        clock.rawMs();
        clock.blocked(() => machine.block(30000));
        clock.rawMs();
        machine.block(20000);
        throw new Error("refused");
      }),
    ).toThrow("refused");
    machine.run(20000);
    expect(clock.session()).toBe(8);
    expect(clock.rawMs()).toBe(machine.uptimeMs());
  });

  it.each([3600000, -3000, -20000])("still notices a jump of %d ms right after a blocking call", (jumpMs) => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(1234);
    clock.blocked(() => machine.block(15000));
    clock.rawMs();
    machine.setClockOn(jumpMs);
    machine.run(10000);
    expect(clock.session()).toBe(9);
    // A new session begins 1 ms after the last reading.
    expect(clock.rawMs()).toBeLessThanOrEqual(machine.uptimeMs() + 1);
  });

  it("loses no time when its heartbeat is lost, and beats again", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(60000);
    machine.loseTimers();
    machine.run(60000);
    expect(clock.rawMs()).toBe(120000);
    machine.run(60000);
    machine.setClockOn(-1000);
    machine.run(HEARTBEAT_MS);
    expect(clock.session()).toBe(9);
    expect(clock.rawMs()).toBeLessThanOrEqual(machine.uptimeMs());
  });

  it.each([LATE_MS + 1, 20000, 300000, STALL_MS - 2 * HEARTBEAT_MS - 1])(
    "counts an unannounced stall of %d ms as time, exactly and in the same session",
    (stallMs) => {
      const machine = createVirtualMachine();
      const clock = createClock(machine.timers, 8, 0);
      machine.run(3000);
      machine.block(HEARTBEAT_MS + stallMs);
      expect(clock.rawMs()).toBe(machine.uptimeMs());
      machine.run(60000);
      expect(clock.session()).toBe(8);
      expect(clock.rawMs()).toBe(machine.uptimeMs());
    },
  );

  it("beats on time again after each of many stalls, so that whoever waits is answered", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    let confirmed = 0;
    const work = () => {
      machine.block(7000);
      clock.rawMs();
      clock.confirm(clock.rawMs(), () => confirmed++);
      machine.timers.setTimeout(work, 0);
    };
    work();
    machine.run(700000);
    expect(confirmed).toBeGreaterThan(90);
    expect([clock.session(), clock.rawMs()]).toEqual([8, machine.uptimeMs()]);
  });

  it("starts another boot's sessions after seven jumps, and wraps", () => {
    for (const first of [8, 4294967288]) {
      const machine = createVirtualMachine(() => 0, 1e12);
      const clock = createClock(machine.timers, first, 0);
      const sessions: number[] = [];
      clock.watch((session) => sessions.push(session));
      for (let i = 0; i < 9; i++) {
        machine.setClockOn(-1e6);
        clock.rawMs();
      }
      expect(sessions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => (first + n) % 4294967296));
    }
    expect([0, 1, 7, 8, 4294967280, 4294967295].map(bootSession)).toEqual([8, 8, 8, 16, 4294967288, 0]);
  });

  it("confirms at a heartbeat that no jump lay before", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(7000);
    const sessions: number[] = [];
    clock.confirm(4000, () => sessions.push(clock.session()));
    expect(sessions).toEqual([8]);
    machine.setClockOn(-1000);
    clock.confirm(clock.rawMs() + 1000, () => sessions.push(clock.session()));
    expect(sessions).toEqual([8]);
    machine.run(3000);
    expect(sessions).toEqual([8, 9]);
    machine.run(30000);
    expect(sessions).toEqual([8, 9]);
  });

  it("stops telling who no longer listens", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    const heard: string[] = [];
    const stop = clock.watch(() => heard.push("first"));
    clock.watch(() => heard.push("second"));
    stop();
    machine.setClockOn(-100000);
    clock.rawMs();
    expect(heard).toEqual(["second"]);
  });

  it("never goes back, claims no more than passed, and loses no more within a boot, but for the stated steps, whatever is set, blocked, stalled or late", () => {
    const found = { linked: 0, largest: 0 };
    fc.assert(
      fc.property(
        fc.array(STEP, { maxLength: 60, size: "max" }),
        fc.integer({ min: 100, max: 30000 }),
        (steps, intervalMs) => {
          const seen = readThrough(steps, intervalMs);
          for (let i = 1; i < seen.length; i++) expectStepsWithinBounds(seen[i - 1], seen[i], found);
        },
      ),
      { numRuns: Number(process.env.CLOCK_RUNS ?? 200) },
    );
    expect(found.linked).toBeGreaterThan(100);
    if (process.env.CLOCK_RUNS)
      console.log(`${found.linked} over jumps, largest error over bound ${found.largest.toFixed(3)}`);
  });
});
