/** What the ledger keeps so that a time that was wrong can be taken back. */
import { expect, test } from "vitest";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";
import { ATTEMPT, SETTLEMENT, state } from "./ledger-life.ts";

const NONE = { misdated: 0, duplicated: 0, fromTrueMs: 0, toTrueMs: 0 };

test("remembers which sample the last timestamp was sent for, and keeps it until a later one is sent", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  expect(ledger.mark(3)).toEqual({ trueMs: 0, session: 0, rawMs: 0 });
  ledger.recordAttempt(ATTEMPT);
  ledger.settle(3, 6000, { ...SETTLEMENT, lastSession: 16, lastRawMs: 5500 });
  const mark = { trueMs: SETTLEMENT.lastTrueMs, session: 16, rawMs: 5500 };
  expect(ledger.mark(3)).toEqual(mark);
  // A batch without points sends no timestamp.
  ledger.recordAttempt({ ...ATTEMPT, from: 4106, to: 4107 });
  ledger.settle(3, 7000, { ...SETTLEMENT, delivered: 0, lastTrueMs: 0 });
  expect(ledger.mark(3)).toEqual(mark);
  expect(openWholeLedger(region, 1).mark(3)).toEqual(mark);
});

test("lowers a mark that was disproved, and remembers the stretch of wrong times over boots and compactions", () => {
  const { region } = createRegion(4);
  let ledger = openWholeLedger(region, 1);
  ledger.recordAttempt(ATTEMPT);
  ledger.settle(3, 6000, { ...SETTLEMENT, lastSession: 16, lastRawMs: 5500 });
  expect(ledger.mistakes(3)).toEqual(NONE);
  const settled = ledger.settled(3);
  const mark = { trueMs: 1.6e12, session: 8, rawMs: 4000 };
  ledger.correct(3, mark, { fromTrueMs: 1.7e12, toTrueMs: 1.7e12 + 999, points: 7 });
  ledger.correct(3, mark, { fromTrueMs: 1.65e12, toTrueMs: 1.66e12, points: 2 });
  for (let round = 0; round < 60; round++) {
    expect(ledger.mark(3)).toEqual(mark);
    expect(ledger.mistakes(3)).toEqual({ misdated: 9, duplicated: 0, fromTrueMs: 1.65e12, toTrueMs: 1.7e12 + 999 });
    // Not part of the balance.
    expect(ledger.settled(3)).toBe(settled);
    ledger.boot(8 * round + 24, 7000 + round);
    if (round % 7 === 0) {
      const before = state(ledger);
      ledger = openWholeLedger(region, 1);
      expect(state(ledger)).toEqual(before);
    }
  }
});

test("closes an attempt that is given up, and counts what may stand twice", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.recordAttempt(ATTEMPT);
  ledger.abandon(3, 6000, 10);
  expect(ledger.attempt(3)).toBeUndefined();
  expect(ledger.cursor(3)).toBe(0);
  ledger.recordAttempt(ATTEMPT);
  ledger.fail(3, 7000, false);
  expect(ledger.mistakes(3)).toEqual({ ...NONE, duplicated: 10 });
  expect(openWholeLedger(region, 1).mistakes(3)).toEqual({ ...NONE, duplicated: 10 });
});
