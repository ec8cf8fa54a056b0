import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BOOT_SESSIONS,
  bootSession,
  createClock,
  HEARTBEAT_MS,
  LATE_MS,
  STALL_MS,
  STRAY_JUMP_MS,
  UNSEEN_JUMP_MS,
} from "../../../firmware/clock/clock.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const YEARS_56_MS = 56 * 365.25 * 86400000;

/** One thing that happens to a machine; `ms` is how long, or how far the clock is set. */
const STEP = fc.oneof(
  fc.record({ kind: fc.constant("run" as const), ms: fc.integer({ min: 0, max: 40000 }) }),
  fc.record({ kind: fc.constant("set" as const), ms: fc.integer({ min: -20000, max: 20000 }) }),
  fc.record({ kind: fc.constant("set" as const), ms: fc.double({ min: -1e12, max: 2e12, noNaN: true }) }),
  fc.record({ kind: fc.constant("block" as const), ms: fc.integer({ min: 0, max: 90000 }) }),
  fc.record({ kind: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: LATE_MS - 20 }) }),
  fc.record({ kind: fc.constant("stall" as const), ms: fc.integer({ min: LATE_MS, max: STALL_MS - 60000 }) }),
  fc.record({ kind: fc.constant("read" as const), ms: fc.constant(0) }),
);

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
  const clock = createClock(machine.timers, 8, 500);
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
    machine.timers.setTimeout(() => {
      const rawMs = clock.rawAtTimer(armedRawMs, armedRawMs + intervalMs);
      read(rawMs);
      seen.push({ session: clock.session(), rawMs, uptimeMs: machine.uptimeMs(), sets, jumps });
      arm();
    }, intervalMs);
  };
  arm();
  for (const { kind, ms } of steps) {
    if (kind === "run") machine.run(ms);
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
 * Between two checked readings raw time may creep against the uptime by unseen steps, at most one for each time the
 * clock is set.
 */
function expectStepsWithinBounds(a: Reading, b: Reading, found: { linked: number; largest: number }): void {
  const creepMs = b.rawMs - a.rawMs - (b.uptimeMs - a.uptimeMs);
  const sets = b.sets - a.sets;
  const jumps = b.jumps - a.jumps;
  const stepsMs = sets * UNSEEN_JUMP_MS + jumps * STRAY_JUMP_MS + 1.001;
  if (jumps === 0) expect(b.session).toBe(a.session);
  expect(creepMs).toBeLessThanOrEqual(sets * STRAY_JUMP_MS + jumps + 1.001);
  if (Math.floor(a.session / BOOT_SESSIONS) !== Math.floor(b.session / BOOT_SESSIONS)) return;
  expect(b.session - a.session).toBe(jumps);
  expect(Math.abs(creepMs)).toBeLessThanOrEqual(stepsMs);
  if (jumps > 0) found.linked++;
  if (jumps > 0) found.largest = Math.max(found.largest, Math.abs(creepMs) / stepsMs);
}

describe("the clock", () => {
  it("goes on from the raw time it was given and runs with the system clock", () => {
    const machine = createVirtualMachine(() => 0, 1234.567);
    const clock = createClock(machine.timers, 7, 5001);
    expect(clock.rawMs()).toBe(5001);
    machine.run(86400000);
    expect(clock.rawMs()).toBe(86405001);
    expect(clock.session()).toBe(7);
  });

  it.each([
    [YEARS_56_MS, 9],
    [3600000, 9],
    [STALL_MS - HEARTBEAT_MS, 16],
    [6000, 16],
    [800, 16],
    [-30, 9],
    [-3000, 9],
    [-YEARS_56_MS, 9],
  ])(
    "takes a jump of %d ms out of raw time and starts session %d: another boot's, if it may have been a stall",
    (jumpMs, session) => {
      const machine = createVirtualMachine(() => 3);
      const clock = createClock(machine.timers, 8, 1000000);
      const heard: number[] = [];
      clock.watch((session) => heard.push(session));
      machine.run(3600000);
      machine.setClockOn(jumpMs);
      machine.run(3600000);
      expect(clock.session()).toBe(session);
      expect(heard).toEqual([session]);
      const lostMs = machine.uptimeMs() + 1000000 - clock.rawMs();
      expect(lostMs).toBeGreaterThanOrEqual(0);
      expect(lostMs).toBeLessThanOrEqual(HEARTBEAT_MS);
    },
  );

  it.each([YEARS_56_MS, 60000, -60000])(
    "notices a jump of %d ms at the first reading, before any heartbeat",
    (jumpMs) => {
      const machine = createVirtualMachine(() => 0, 1e9);
      const clock = createClock(machine.timers, 8, 0);
      machine.run(2000);
      const rawMs = clock.rawMs();
      machine.setClockOn(jumpMs);
      expect(clock.rawMs()).toBe(rawMs + 1);
      expect(clock.session()).toBe(jumpMs === 60000 ? 16 : 9);
    },
  );

  it("notices a small jump at the next timer that is checked, before its callback uses the time", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(1000);
    const armedRawMs = clock.rawMs();
    let rawMs = 0;
    machine.timers.setTimeout(() => {
      rawMs = clock.rawAtTimer(armedRawMs, armedRawMs + 1000);
    }, 1000);
    machine.setClockOn(LATE_MS + 1);
    machine.run(1000);
    expect(rawMs).toBe(2000);
    expect(clock.session()).toBe(16);
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

  it("takes no lateness of up to half a second for a jump", () => {
    const machine = createVirtualMachine(() => LATE_MS);
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

  it.each([20000, 3000, -3000, -20000])("still notices a jump of %d ms right after a blocking call", (jumpMs) => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(1234);
    clock.blocked(() => machine.block(15000));
    machine.setClockOn(jumpMs);
    machine.run(10000);
    expect(clock.session()).toBe(jumpMs < 0 ? 9 : 16);
    // A new session begins 1 ms after the last reading.
    expect(clock.rawMs()).toBeLessThanOrEqual(machine.uptimeMs() + 1);
  });

  it("loses raw time but invents none when its heartbeat is lost, and beats again", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    machine.run(60000);
    machine.loseTimers();
    machine.run(60000);
    expect(clock.rawMs()).toBeLessThanOrEqual(60001);
    machine.run(60000);
    machine.setClockOn(1000);
    machine.run(60000);
    // Neither can be told from a gap of unknown length.
    expect(clock.session()).toBe(24);
    expect(clock.rawMs()).toBeLessThanOrEqual(180001);
  });

  it.each([LATE_MS + 1, 20000, STALL_MS - HEARTBEAT_MS - 1])(
    "takes an unannounced stall of %d ms for a gap of unknown length, as it loses it",
    (stallMs) => {
      const machine = createVirtualMachine();
      const clock = createClock(machine.timers, 8, 0);
      machine.run(3000);
      machine.block(HEARTBEAT_MS + stallMs);
      machine.run(60000);
      expect(clock.session()).toBe(16);
      expect(clock.rawMs()).toBeLessThan(machine.uptimeMs());
    },
  );

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
    machine.setClockOn(2000);
    clock.confirm(clock.rawMs(), () => sessions.push(clock.session()));
    expect(sessions).toEqual([8]);
    machine.run(3000);
    expect(sessions).toEqual([8, 16]);
    machine.run(30000);
    expect(sessions).toEqual([8, 16]);
  });

  it("stops telling who no longer listens", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 8, 0);
    const heard: string[] = [];
    const stop = clock.watch(() => heard.push("first"));
    clock.watch(() => heard.push("second"));
    stop();
    machine.setClockOn(100000);
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
