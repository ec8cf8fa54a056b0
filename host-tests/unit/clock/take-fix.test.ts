import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import type { TimeAnswer } from "../../../firmware/clock/sntp.ts";
import { createFixTaker } from "../../../firmware/clock/take-fix.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import type { Fix } from "../../support/device-life.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const T0_MS = Date.UTC(2026, 6, 1, 12);
const HOUR_MS = 3600000;

/** A bench on which SNTP and the web server say what the test says, and the ledger is a list. */
function createBench() {
  const machine = createVirtualMachine();
  const clock = createClock(machine.timers, 8, 0);
  const fixes: Fix[] = [];
  const bench = {
    machine,
    clock,
    fixes,
    lines: [] as string[],
    sntp: undefined as TimeAnswer | undefined,
    date: undefined as TimeAnswer | undefined,
    pinnedId: 0,
    dateAsked: 0,
    map: createTimeMap({ fixes: () => fixes }, clock, 300000),
    /** What the clock would be told now, wrong by `offMs`. */
    answer: (boundMs: number, offMs = 0): TimeAnswer => ({
      rawMs: clock.rawMs(),
      trueMs: T0_MS + machine.uptimeMs() + offMs,
      boundMs,
    }),
    run(): boolean[] {
      const known: boolean[] = [];
      sync.run((isKnown) => known.push(isKnown));
      machine.run(6000);
      return known;
    },
  };
  let nextId = 1;
  const ledger = {
    fixes: () => fixes,
    addFix(session: number, rawMs: number, trueMs: number, boundMs: number) {
      const point = { id: nextId++, session, rawMs, trueMs, boundMs };
      fixes.push(point);
      return point;
    },
    removeFix(id: number) {
      fixes.splice(
        fixes.findIndex((point) => point.id === id),
        1,
      );
    },
    pins: () => [3],
    attempt: () => (bench.pinnedId > 0 ? ({ fixId: bench.pinnedId } as never) : undefined),
  };
  const sync = createFixTaker(
    { query: (done) => done(bench.sntp) },
    (done) => {
      bench.dateAsked++;
      done(bench.date);
    },
    clock,
    bench.map,
    ledger,
    (level, text) => bench.lines.push(`[${level}] ${text}`),
  );
  return bench;
}

describe("a sync of the clock", () => {
  it("keeps what SNTP says and asks no web server then", () => {
    const bench = createBench();
    bench.sntp = bench.answer(30);
    expect(bench.run()).toEqual([true]);
    expect(bench.fixes).toEqual([{ id: 1, session: 8, rawMs: 0, trueMs: T0_MS, boundMs: 30 }]);
    expect(bench.dateAsked).toBe(0);
    expect(bench.lines).toEqual(["[info] time: SNTP, within 30 ms"]);
  });

  it("falls back to the web server's date, and lets go of it when SNTP gets through", () => {
    const bench = createBench();
    bench.machine.run(10000);
    bench.date = bench.answer(1200, 700);
    expect(bench.run()).toEqual([true]);
    bench.machine.run(HOUR_MS);
    bench.sntp = bench.answer(30);
    expect(bench.run()).toEqual([true]);
    expect(bench.fixes.map((point) => point.boundMs)).toEqual([30]);
  });

  it("keeps a point that an open attempt was dated with, until the attempt is closed", () => {
    const bench = createBench();
    bench.date = bench.answer(1200, 700);
    bench.run();
    bench.pinnedId = 1;
    bench.machine.run(60000);
    bench.sntp = bench.answer(30);
    bench.run();
    expect(bench.fixes.map((point) => point.id)).toEqual([1, 2]);
    bench.pinnedId = 0;
    bench.machine.run(60000);
    bench.sntp = bench.answer(30);
    bench.run();
    expect(bench.fixes.map((point) => point.id)).toEqual([2, 3]);
  });

  it("keeps a date that is too long ago for a later SNTP answer to tell better", () => {
    const bench = createBench();
    bench.date = bench.answer(1200, 700);
    bench.run();
    bench.machine.run(24 * HOUR_MS);
    bench.sntp = bench.answer(30);
    bench.run();
    expect(bench.fixes.map((point) => point.boundMs)).toEqual([1200, 30]);
  });

  it("adds no point that is less sure than what is known", () => {
    const bench = createBench();
    bench.sntp = bench.answer(30);
    bench.run();
    bench.machine.run(60000);
    bench.sntp = undefined;
    bench.date = bench.answer(1200, 700);
    expect(bench.run()).toEqual([true]);
    expect(bench.fixes.length).toBe(1);
  });

  it("believes SNTP against what was known, but not a web server", () => {
    const bench = createBench();
    bench.sntp = bench.answer(30);
    bench.run();
    bench.sntp = undefined;
    bench.date = bench.answer(1200, 5000000);
    bench.run();
    expect(bench.fixes.length).toBe(1);
    expect(bench.lines[1]).toBe("[warn] time: web server's date is off by 5000000 ms, not believed");
    bench.sntp = bench.answer(900, 5000000);
    bench.run();
    expect(bench.map.now()?.trueMs).toBeCloseTo(T0_MS + bench.machine.uptimeMs() + 5000000, -3);
  });

  it("says so when nobody knows the time", () => {
    const bench = createBench();
    expect(bench.run()).toEqual([false]);
    expect(bench.fixes).toEqual([]);
  });

  it("waits for the heartbeat that proves the clock was not set just before", () => {
    const bench = createBench();
    bench.machine.run(6000);
    bench.machine.setClockOn(3000);
    bench.sntp = bench.answer(30);
    expect(bench.run()).toEqual([false]);
    expect(bench.clock.session()).toBe(16);
    expect(bench.fixes).toEqual([]);
  });
});
