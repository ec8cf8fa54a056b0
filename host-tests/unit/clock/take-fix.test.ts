import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import { FIX_KIND } from "../../../firmware/clock/fix-kind.ts";
import type { TimeAnswer } from "../../../firmware/clock/sntp.ts";
import { createTakeFix } from "../../../firmware/clock/take-fix.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import type { Fix } from "../../../firmware/storage/ledger/ledger.ts";
import { rowsOf } from "../../support/fixes.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const T0_MS = Date.UTC(2026, 6, 1, 12);
const HOUR_MS = 3600000;

/** A rig on which SNTP and the web server say what the test says, and the ledger is a list. */
function createFixRig() {
  const machine = createVirtualMachine();
  const clock = createClock(machine.timers, 8, 0);
  const fixes: Fix[] = [];
  const rig = {
    machine,
    clock,
    fixes,
    lines: [] as string[],
    sntp: undefined as TimeAnswer | undefined,
    date: undefined as TimeAnswer | undefined,
    pinnedId: 0,
    dateAsked: 0,
    map: createTimeMap({ fixes: () => rowsOf(fixes) }, clock, 300000),
    /** What the clock would be told now, wrong by `offMs`. */
    answer: (boundMs: number, offMs = 0): TimeAnswer => ({
      rawMs: clock.rawMs(),
      trueMs: T0_MS + machine.uptimeMs() + offMs,
      boundMs,
    }),
    run(): boolean[] {
      const known: boolean[] = [];
      takeFix((isKnown) => known.push(isKnown));
      machine.run(6000);
      return known;
    },
  };
  let nextId = 1;
  const ledger = {
    fixes: () => rowsOf(fixes),
    addFix(taken: Omit<Fix, "id">) {
      const fix = { id: nextId++, ...taken };
      fixes.push(fix);
      return fix;
    },
    removeFix(id: number) {
      fixes.splice(
        fixes.findIndex((fix) => fix.id === id),
        1,
      );
    },
    pins: () => [3],
    attempt: () => (rig.pinnedId > 0 ? ({ fixId: rig.pinnedId } as never) : undefined),
  };
  const takeFix = createTakeFix(
    {
      sntp: { query: (done) => done(rig.sntp) },
      askDate: (done) => {
        rig.dateAsked++;
        done(rig.date);
      },
    },
    clock,
    rig.map,
    ledger,
    (level, text) => rig.lines.push(`[${level}] ${text}`),
  );
  return rig;
}

describe("a fix of the clock", () => {
  it("keeps what SNTP says and asks no web server then", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual([true]);
    expect(rig.fixes).toEqual([{ id: 1, session: 8, rawMs: 0, trueMs: T0_MS, boundMs: 30, kind: FIX_KIND.sntp }]);
    expect(rig.dateAsked).toBe(0);
    expect(rig.lines).toEqual(["[info] time: SNTP, within 30 ms"]);
  });

  it("falls back to the web server's date, and lets go of it when SNTP gets through", () => {
    const rig = createFixRig();
    rig.machine.run(10000);
    rig.date = rig.answer(1200, 700);
    expect(rig.run()).toEqual([true]);
    rig.machine.run(HOUR_MS);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual([true]);
    expect(rig.fixes.map((point) => point.boundMs)).toEqual([30]);
  });

  it("keeps a point that an open attempt was dated with, until the attempt is closed", () => {
    const rig = createFixRig();
    rig.date = rig.answer(1200, 700);
    rig.run();
    rig.pinnedId = 1;
    rig.machine.run(60000);
    rig.sntp = rig.answer(30);
    rig.run();
    expect(rig.fixes.map((point) => point.id)).toEqual([1, 2]);
    rig.pinnedId = 0;
    rig.machine.run(60000);
    rig.sntp = rig.answer(30);
    rig.run();
    expect(rig.fixes.map((point) => point.id)).toEqual([2, 3]);
  });

  it("keeps a date that is too long ago for a later SNTP answer to tell better", () => {
    const rig = createFixRig();
    rig.date = rig.answer(1200, 700);
    rig.run();
    rig.machine.run(24 * HOUR_MS);
    rig.sntp = rig.answer(30);
    rig.run();
    expect(rig.fixes.map((point) => point.boundMs)).toEqual([1200, 30]);
  });

  it("adds no point that is less sure than what is known", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.run();
    rig.machine.run(60000);
    rig.sntp = undefined;
    rig.date = rig.answer(1200, 700);
    expect(rig.run()).toEqual([true]);
    expect(rig.fixes.length).toBe(1);
  });

  it("believes SNTP against what was known, but not a web server", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.run();
    rig.sntp = undefined;
    rig.date = rig.answer(1200, 5000000);
    rig.run();
    expect(rig.fixes.length).toBe(1);
    expect(rig.lines[1]).toBe("[warn] time: web server's date is off by 5000000 ms, not believed");
    rig.sntp = rig.answer(900, 5000000);
    rig.run();
    expect(rig.map.now()?.trueMs).toBeCloseTo(T0_MS + rig.machine.uptimeMs() + 5000000, -3);
  });

  it("says so when nobody knows the time", () => {
    const rig = createFixRig();
    expect(rig.run()).toEqual([false]);
    expect(rig.fixes).toEqual([]);
  });

  it("waits for the heartbeat that proves the clock was not set just before", () => {
    const rig = createFixRig();
    rig.machine.run(6000);
    rig.machine.setClockOn(-500);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual([false]);
    expect(rig.clock.session()).toBe(9);
    expect(rig.fixes).toEqual([]);
  });
});
