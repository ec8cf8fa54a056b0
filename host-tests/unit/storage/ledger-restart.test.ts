import { expect, test } from "vitest";
import { FIX_KIND } from "../../../firmware/clock/fix-kind.ts";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { addFix } from "../../support/fixes.ts";
import { createRegion } from "../../support/region.ts";
import { ATTEMPT, SETTLEMENT, state } from "./ledger-life.ts";

test("remembers boots, fixes, attempts and cursors over a restart", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.boot(7, 1000);
  const point = addFix(ledger, 7, 2000, 1700000000000.4, 12.5);
  expect(point).toEqual({ id: 1, session: 7, rawMs: 2000, trueMs: 1700000000000, boundMs: 13, kind: FIX_KIND.sntp });
  ledger.recordAttempt(ATTEMPT);
  const again = openWholeLedger(region, 1);
  expect(state(again)).toEqual(state(ledger));
  expect(again.attempt(3)).toEqual(ATTEMPT);
  expect(again.charges()).toMatchObject([{ rawMs: 5000, points: 10, requests: 1, open: true }]);
  again.settle(3, 6000, SETTLEMENT);
  const settled = openWholeLedger(region, 1);
  expect(settled.attempt(3)).toBeUndefined();
  expect(settled.cursor(3)).toBe(4106);
  expect(settled.lastTrueMs(3)).toBe(1700000000999);
  expect(settled.settled(3)).toBe(10);
  expect(settled.charges()).toMatchObject([{ rawMs: 6000, points: 10, requests: 1, open: false }]);
});

test("writes nothing when it is only opened", () => {
  const { region, flash } = createRegion(4);
  openWholeLedger(region, 1);
  openWholeLedger(region, 1).boot(1, 1);
  const before = flash.bytes.slice();
  openWholeLedger(region, 1);
  expect(flash.bytes).toEqual(before);
});

test("turns open charges into charges at boot and keeps the attempt for its replay", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.recordAttempt(ATTEMPT);
  ledger.fail(3, 5100, true);
  ledger.recordAttempt({ ...ATTEMPT, rawMs: 5200 });
  expect(ledger.charges().map((charge) => charge.open)).toEqual([false, true]);
  ledger.boot(8, 9000);
  expect(ledger.charges()).toMatchObject([
    { rawMs: 5100, open: false },
    { rawMs: 9000, open: false },
  ]);
  expect(ledger.attempt(3)).toEqual({ ...ATTEMPT, rawMs: 5200 });
  ledger.fail(3, 9100, false);
  expect(openWholeLedger(region, 1).attempt(3)).toBeUndefined();
});
