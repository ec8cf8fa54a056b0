import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import { FIX_KIND } from "../../../firmware/clock/fix-kind.ts";
import { createToldTime } from "../../../firmware/clock/told-time.ts";
import { emptyLedger, fixesOf, pushFix } from "../../support/fixes.ts";
import { createTimeMap } from "../../support/time-map.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const T0_MS = Date.UTC(2026, 6, 1, 12);
const MIN_MS = Date.UTC(2026, 0, 1);

function createRig() {
  const machine = createVirtualMachine();
  const clock = createClock(machine.timers, 8, 0);
  const ledger = emptyLedger();
  const map = createTimeMap(ledger, clock, 300000);
  const tell = createToldTime(clock, map, MIN_MS, () => undefined);
  machine.run(1000);
  return {
    machine,
    clock,
    fixes: () => fixesOf({ data: ledger }),
    push: (fix: Parameters<typeof pushFix>[1]) => pushFix(ledger, fix),
    map,
    tell,
    trueMs: () => T0_MS + machine.uptimeMs(),
    /** Told as the tools do, `offMs` wrong. */
    told: (boundMs: number, offMs = 0) =>
      tell(T0_MS + machine.uptimeMs() + offMs, boundMs, clock.rawMs(), clock.session()),
  };
}

describe("a time told at the console", () => {
  it("dates the unit once a heartbeat has shown that the clock did not jump", () => {
    const rig = createRig();
    const rawMs = rig.clock.rawMs();
    const trueMs = rig.trueMs();
    expect(rig.told(2005)).toBe("");
    expect(rig.fixes()).toEqual([]);
    rig.machine.run(6000);
    expect(rig.fixes()).toEqual([{ id: 1, session: 8, rawMs, trueMs, boundMs: 2005, kind: FIX_KIND.cable }]);
    expect(Math.abs((rig.map.now()?.trueMs ?? 0) - rig.trueMs())).toBeLessThan(10);
  });

  it("is not taken when the unit knows the time better", () => {
    const rig = createRig();
    rig.push({ id: 1, session: 8, rawMs: 500, trueMs: T0_MS + 500, boundMs: 30, kind: FIX_KIND.sntp });
    expect(rig.told(2005, 700)).toBe("the unit knows the time better");
    rig.machine.run(6000);
    expect(rig.fixes().length).toBe(1);
  });

  it("is told off when it contradicts what the unit knows", () => {
    const rig = createRig();
    rig.push({ id: 1, session: 8, rawMs: 500, trueMs: T0_MS + 500, boundMs: 30, kind: FIX_KIND.sntp });
    expect(rig.told(2005, 3600000)).toBe("it is 3600000 ms off what time servers told the unit");
    rig.machine.run(6000);
    expect(rig.fixes().length).toBe(1);
  });

  it("makes way for a fix that comes before the heartbeat", () => {
    const rig = createRig();
    expect(rig.told(2005)).toBe("");
    const rawMs = rig.clock.rawMs() + 1;
    rig.push({ id: 1, session: 8, rawMs, trueMs: T0_MS + rawMs, boundMs: 30, kind: FIX_KIND.sntp });
    rig.machine.run(6000);
    expect(rig.fixes().length).toBe(1);
  });

  it("is lost when the clock jumps before the heartbeat", () => {
    const rig = createRig();
    expect(rig.told(2005)).toBe("");
    rig.machine.setClockOn(3600000);
    rig.machine.run(20000);
    expect(rig.clock.session()).not.toBe(8);
    expect(rig.fixes()).toEqual([]);
  });

  it.each([
    ["no number", () => [Number.NaN, 2000, 1000, 8]],
    ["nothing", () => [undefined, undefined, undefined, undefined]],
    ["text", () => ["now", "2", 1000, 8]],
    ["a time before the firmware", () => [MIN_MS - 1, 2000, 1000, 8]],
    ["seconds instead of ms", () => [T0_MS / 1000, 2000, 1000, 8]],
    ["a bound of 0", () => [T0_MS, 0, 1000, 8]],
    ["a bound of an hour", () => [T0_MS, 3600000, 1000, 8]],
    ["a moment to come", () => [T0_MS, 2000, 99999, 8]],
    ["another session", () => [T0_MS, 2000, 1000, 7]],
  ])("refuses %s", (_what, values) => {
    const rig = createRig();
    rig.clock.rawMs();
    const [trueMs, boundMs, rawMs, session] = values() as number[];
    expect(rig.tell(trueMs, boundMs, rawMs, session)).not.toBe("");
    rig.machine.run(6000);
    expect(rig.fixes()).toEqual([]);
  });
});
