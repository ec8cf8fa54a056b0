import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import { FIX_KIND } from "../../../firmware/clock/fix-kind.ts";
import type { TimeAnswer } from "../../../firmware/clock/sntp.ts";
import { type Contact, createTakeFix, openFixMemory, type TimeFound } from "../../../firmware/clock/take-fix.ts";
import { BUILD_MS } from "../../../firmware/limits.ts";
import { createAccount } from "../../../firmware/storage/ledger/account.ts";
import { emptyLedger, fixesOf, pushFix } from "../../support/fixes.ts";
import { createTimeMap } from "../../support/time-map.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const T0_MS = Date.UTC(2026, 6, 1, 12);
const HOUR_MS = 3600000;

/** A rig on which SNTP and the web server say what the test says, and the ledger is a list. */
function createFixRig() {
  const machine = createVirtualMachine();
  const clock = createClock(machine.timers, 8, 0);
  const ledger = emptyLedger();
  const memory = openFixMemory();
  const rig = {
    machine,
    clock,
    fixes: () => fixesOf({ data: ledger }),
    push: (fix: Parameters<typeof pushFix>[1]) => pushFix(ledger, fix),
    lines: [] as string[],
    sntp: undefined as TimeAnswer | undefined,
    date: undefined as TimeAnswer | undefined,
    contact: "answered" as Contact,
    /** An attempt is open that was dated by the fixes up to this one; 0: none. */
    pin(fixId: number) {
      ledger.told.accounts[3] = { ...createAccount(), attempt: fixId > 0 ? ({ fixId } as never) : undefined };
    },
    dateAsked: 0,
    map: createTimeMap(ledger, clock, 300000),
    /** What the clock would be told now, wrong by `offMs`. */
    answer: (boundMs: number, offMs = 0): TimeAnswer => ({
      rawMs: clock.rawMs(),
      trueMs: T0_MS + machine.uptimeMs() + offMs,
      boundMs,
    }),
    run(): TimeFound[] {
      const found: TimeFound[] = [];
      takeFix.take((what) => found.push(what));
      machine.run(6000);
      return found;
    },
    fault: (): string => memory.fault,
  };
  const takeFix = createTakeFix(
    {
      sntp: { query: (done) => done(rig.sntp) },
      askDate: (done) => {
        rig.dateAsked++;
        done(rig.date, rig.contact);
      },
    },
    { clock, map: rig.map, log: (level, text) => rig.lines.push(`[${level}] ${text}`) },
    memory,
  );
  return rig;
}

describe("a fix of the clock", () => {
  it("keeps what SNTP says, and asks for the server's date before the first fix of a boot only", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.date = rig.answer(1200, 700);
    expect(rig.run()).toEqual(["known"]);
    expect(rig.fixes()).toEqual([{ id: 1, session: 8, rawMs: 0, trueMs: T0_MS, boundMs: 30, kind: FIX_KIND.checked }]);
    expect(rig.dateAsked).toBe(1);
    expect(rig.lines).toEqual(["[info] time: SNTP, within 30 ms"]);
    for (let i = 0; i < 5; i++) {
      rig.machine.run(HOUR_MS);
      rig.sntp = rig.answer(30);
      expect(rig.run()).toEqual(["known"]);
    }
    expect(rig.dateAsked).toBe(1);
    expect(rig.fixes().length).toBe(6);
  });

  it("believes neither when SNTP and the server's date differ by more than their bounds, and says so once", () => {
    for (const offMs of [-7 * 365 * 24 * HOUR_MS, -6 * HOUR_MS, -1231, 1231, 6 * HOUR_MS, 365 * 24 * HOUR_MS]) {
      const rig = createFixRig();
      rig.date = rig.answer(1200);
      rig.sntp = rig.answer(30, offMs);
      expect(rig.run()).toEqual(["unknown"]);
      rig.date = rig.answer(1200);
      rig.sntp = rig.answer(30, offMs);
      expect(rig.run()).toEqual(["unknown"]);
      expect(rig.fixes()).toEqual([]);
      expect(rig.fault()).toBe(`time: SNTP and the server's date are ${offMs} ms apart`);
      expect(rig.lines).toEqual([`[warn] ${rig.fault()}`]);
      rig.date = rig.answer(1200, 700);
      rig.sntp = rig.answer(30);
      expect(rig.run()).toEqual(["known"]);
      expect(rig.fault()).toBe("");
      expect(rig.fixes().length).toBe(1);
    }
  });

  it("lets go of what SNTP alone said once the server's date disputes it, and believes SNTP alone no more for a day", () => {
    const rig = createFixRig();
    rig.contact = "the server refuses the connection";
    rig.sntp = rig.answer(20, -HOUR_MS);
    expect(rig.run()).toEqual(["unconfirmed"]);
    rig.contact = "answered";
    rig.sntp = rig.answer(20, -HOUR_MS);
    rig.date = rig.answer(1000);
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.fixes()).toEqual([]);
    rig.date = undefined;
    rig.sntp = rig.answer(20, -HOUR_MS);
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.fixes()).toEqual([]);
    rig.machine.run(24 * HOUR_MS);
    rig.sntp = rig.answer(20);
    expect(rig.run()).toEqual(["known"]);
    expect(rig.fixes().map(({ kind }) => kind)).toEqual([FIX_KIND.sntp]);
    expect(rig.fault()).toBe("");
  });

  it("ends a dispute when both agree, or when the server's date is the only one that answers", () => {
    for (const withSntp of [true, false]) {
      const rig = createFixRig();
      rig.sntp = rig.answer(20, -HOUR_MS);
      rig.date = rig.answer(1000);
      expect(rig.run()).toEqual(["unknown"]);
      rig.sntp = withSntp ? rig.answer(20) : undefined;
      rig.date = rig.answer(1000);
      expect(rig.run()).toEqual(["known"]);
      expect(rig.fault()).toBe("");
    }
  });

  it("keeps what SNTP said before, if the server's date agrees with that and disputes only the new answer", () => {
    const rig = createFixRig();
    rig.contact = "the server refuses the connection";
    rig.sntp = rig.answer(20);
    expect(rig.run()).toEqual(["unconfirmed"]);
    rig.machine.run(2 * HOUR_MS);
    rig.contact = "answered";
    rig.sntp = rig.answer(20, HOUR_MS);
    rig.date = rig.answer(1000);
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.fixes().length).toBe(1);
  });

  it("keeps what SNTP said for an open attempt when the server's date disputes it", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(20, -HOUR_MS);
    expect(rig.run()).toEqual(["known"]);
    rig.pin(rig.fixes()[0].id);
    rig.sntp = undefined;
    rig.date = undefined;
    rig.machine.run(HOUR_MS);
    rig.sntp = rig.answer(20, -HOUR_MS);
    rig.date = rig.answer(1000);
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.fixes().length).toBe(1);
  });

  it("asks for the server's date when a later answer contradicts the map, and keeps the map while they differ", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.date = rig.answer(1200);
    rig.run();
    rig.machine.run(HOUR_MS);
    rig.sntp = rig.answer(30, HOUR_MS);
    rig.date = rig.answer(1200);
    expect(rig.run()).toEqual(["unknown"]);
    // After a fault the date is asked again, also by an answer that agrees with the map.
    rig.sntp = rig.answer(30);
    rig.date = rig.answer(1200);
    expect(rig.run()).toEqual(["known"]);
    expect(rig.dateAsked).toBe(3);
    expect(Math.abs((rig.map.now()?.trueMs ?? 0) - T0_MS - rig.machine.uptimeMs())).toBeLessThanOrEqual(1);
  });

  it("keeps a confirmed map when SNTP contradicts it and nobody can decide", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.date = rig.answer(1200);
    rig.run();
    rig.date = undefined;
    for (let i = 0; i < 3; i++) {
      rig.sntp = rig.answer(30, HOUR_MS);
      expect(rig.run()).toEqual(["unknown"]);
    }
    expect(rig.fixes().length).toBe(1);
  });

  it("believes two sources that agree against any belief of earlier boots", () => {
    const rig = createFixRig();
    rig.push({
      id: 0,
      session: 0,
      rawMs: 0,
      trueMs: T0_MS + 365 * 24 * HOUR_MS,
      boundMs: 30,
      kind: FIX_KIND.sntp,
    });
    rig.machine.run(1000);
    rig.sntp = rig.answer(30);
    rig.date = rig.answer(1200);
    expect(rig.run()).toEqual(["known"]);
    expect(Math.abs((rig.map.now()?.trueMs ?? 0) - T0_MS - rig.machine.uptimeMs())).toBeLessThanOrEqual(1);
  });

  it("doubts a time before the newest in the ledger once, where the server tells no date", () => {
    const rig = createFixRig();
    rig.push({ id: 0, session: 0, rawMs: 0, trueMs: T0_MS + HOUR_MS, boundMs: 30, kind: FIX_KIND.sntp });
    rig.machine.run(1000);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.fixes().length).toBe(1);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["known"]);
    expect(rig.fixes().length).toBe(2);
  });

  it("takes a time from before the build for no time, whoever tells it", () => {
    const beforeMs = BUILD_MS - 2 * 86400000 - T0_MS;
    for (const source of ["sntp", "date"] as const) {
      const rig = createFixRig();
      rig[source] = rig.answer(1200, beforeMs);
      expect(rig.run()).toEqual(["unknown"]);
      expect(rig.run()).toEqual(["unknown"]);
      expect(rig.fixes()).toEqual([]);
      expect(rig.lines.length).toBe(1);
      expect(rig.fault()).toContain("is from before this firmware was built (2009-12-30T");
    }
  });

  it("lets nothing be sent by SNTP alone for a day after the server told its date", () => {
    const rig = createFixRig();
    rig.push({ id: 0, session: 0, rawMs: 0, trueMs: T0_MS - HOUR_MS, boundMs: 30, kind: FIX_KIND.checked });
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["unconfirmed"]);
    rig.machine.run(23.9 * HOUR_MS);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["unconfirmed"]);
    rig.machine.run(HOUR_MS);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["known"]);
  });

  it("keeps what SNTP says, and lets nothing be sent, while the server is not reached to confirm it", () => {
    const rig = createFixRig();
    for (const contact of ["", "the server refuses the connection"] as const) {
      rig.sntp = rig.answer(30);
      rig.contact = contact;
      expect(rig.run()).toEqual(["unconfirmed"]);
    }
    expect(rig.fixes().length).toBe(2);
    expect(rig.dateAsked).toBe(2);
  });

  it("falls back to the web server's date, and lets go of it when SNTP gets through", () => {
    const rig = createFixRig();
    rig.machine.run(10000);
    rig.date = rig.answer(1200, 700);
    expect(rig.run()).toEqual(["known"]);
    rig.machine.run(HOUR_MS);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["known"]);
    expect(rig.fixes().map((point) => point.boundMs)).toEqual([30]);
  });

  it("keeps a point that an open attempt was dated with, until the attempt is closed", () => {
    const rig = createFixRig();
    rig.date = rig.answer(1200, 700);
    rig.run();
    rig.pin(1);
    rig.machine.run(60000);
    rig.sntp = rig.answer(30);
    rig.run();
    expect(rig.fixes().map((point) => point.id)).toEqual([1, 2]);
    rig.pin(0);
    rig.machine.run(60000);
    rig.sntp = rig.answer(30);
    rig.run();
    expect(rig.fixes().map((point) => point.id)).toEqual([2, 3]);
  });

  it("keeps a date that is too long ago for a later SNTP answer to tell better", () => {
    const rig = createFixRig();
    rig.date = rig.answer(1200, 700);
    rig.run();
    rig.machine.run(24 * HOUR_MS);
    rig.sntp = rig.answer(30);
    rig.run();
    expect(rig.fixes().map((point) => point.boundMs)).toEqual([1200, 30]);
  });

  it("adds no point that is less sure than what is known", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.run();
    rig.machine.run(60000);
    rig.sntp = undefined;
    rig.date = rig.answer(1200, 700);
    expect(rig.run()).toEqual(["known"]);
    expect(rig.fixes().length).toBe(1);
  });

  it("believes SNTP against what was known, but not a web server", () => {
    const rig = createFixRig();
    rig.sntp = rig.answer(30);
    rig.run();
    rig.sntp = undefined;
    rig.date = rig.answer(1200, 5000000);
    rig.run();
    expect(rig.fixes().length).toBe(1);
    expect(rig.lines[1]).toBe("[warn] time: web server's date is off by 5000000 ms, not believed");
    rig.sntp = rig.answer(900, 5000000);
    rig.run();
    expect(rig.map.now()?.trueMs).toBeCloseTo(T0_MS + rig.machine.uptimeMs() + 5000000, -3);
  });

  it("says so when nobody knows the time", () => {
    const rig = createFixRig();
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.fixes()).toEqual([]);
  });

  it("waits for the heartbeat that proves the clock was not set just before", () => {
    const rig = createFixRig();
    rig.machine.run(6000);
    rig.machine.setClockOn(-500);
    rig.sntp = rig.answer(30);
    expect(rig.run()).toEqual(["unknown"]);
    expect(rig.clock.session()).toBe(9);
    expect(rig.fixes()).toEqual([]);
  });
});
