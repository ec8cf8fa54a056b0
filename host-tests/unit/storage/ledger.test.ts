import { expect, test } from "vitest";
import { ledgerPinsMax } from "../../../firmware/storage/ledger/capacity.ts";
import { openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { createRegion } from "../../support/region.ts";

const ATTEMPT = {
  pin: 3,
  from: 4096,
  to: 4106,
  points: 10,
  bodyBytes: 321,
  rawMs: 5000,
  fixId: 1,
  thinEvery: 1,
  thinPhase: 0,
  afterTrueMs: 1700000000000,
};
const SETTLEMENT = {
  delivered: 7,
  thinned: 1,
  undatable: 1,
  unrepresentable: 1,
  corrupt: 0,
  lastTrueMs: 1700000000999,
};

/** Everything that the ledger says. */
function state(ledger: ReturnType<typeof openLedger>) {
  return JSON.parse(
    JSON.stringify({
      session: ledger.session(),
      raw: ledger.lastRawMs(),
      fixes: ledger.fixes(),
      charges: ledger.charges(),
      pins: ledger
        .pins()
        .map((pin) => [
          pin,
          ledger.cursor(pin),
          ledger.lastTrueMs(pin),
          ledger.counters(pin),
          ledger.retired(pin),
          ledger.attempt(pin),
        ]),
    }),
  );
}

test("remembers boots, fixes, attempts and cursors over a restart", () => {
  const { region } = createRegion(4);
  const ledger = openLedger(region, 1);
  ledger.boot(7, 1000);
  const point = ledger.addFix(7, 2000, 1700000000000.4, 12.5);
  expect(point).toEqual({ id: 1, session: 7, rawMs: 2000, trueMs: 1700000000000, boundMs: 13 });
  ledger.recordAttempt(ATTEMPT);
  const again = openLedger(region, 1);
  expect(state(again)).toEqual(state(ledger));
  expect(again.attempt(3)).toEqual(ATTEMPT);
  expect(again.charges()).toMatchObject([{ rawMs: 5000, points: 10, requests: 1, open: true }]);
  again.settle(3, 6000, SETTLEMENT);
  const settled = openLedger(region, 1);
  expect(settled.attempt(3)).toBeUndefined();
  expect(settled.cursor(3)).toBe(4106);
  expect(settled.lastTrueMs(3)).toBe(1700000000999);
  expect(settled.settled(3)).toBe(10);
  expect(settled.charges()).toMatchObject([{ rawMs: 6000, points: 10, requests: 1, open: false }]);
});

test("writes nothing when it is only opened", () => {
  const { region, flash } = createRegion(4);
  openLedger(region, 1);
  openLedger(region, 1).boot(1, 1);
  const before = flash.bytes.slice();
  openLedger(region, 1);
  expect(flash.bytes).toEqual(before);
});

test("turns open charges into charges at boot and keeps the attempt for its replay", () => {
  const { region } = createRegion(4);
  const ledger = openLedger(region, 1);
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
  expect(openLedger(region, 1).attempt(3)).toBeUndefined();
});

test("counts a drop once, however often it is told", () => {
  const { region } = createRegion(4);
  const ledger = openLedger(region, 1);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(3, "overwritten", 4999, 5);
  expect(ledger.counters(3)).toMatchObject({ expired: 9, overwritten: 0 });
  expect(openLedger(region, 1).counters(3)).toMatchObject({ expired: 9, overwritten: 0 });
});

test("closes an attempt that a drop cuts into", () => {
  const { region } = createRegion(4);
  const ledger = openLedger(region, 1);
  ledger.recordAttempt(ATTEMPT);
  ledger.drop(3, "overwritten", ATTEMPT.from, 3);
  expect(ledger.attempt(3)).toBeDefined();
  ledger.drop(3, "overwritten", ATTEMPT.from + 1, 1);
  expect(ledger.attempt(3)).toBeUndefined();
});

test("goes through many compactions and forgets nothing that matters", () => {
  const { region, flash } = createRegion(4);
  let ledger = openLedger(region, 1);
  let position = 4096;
  for (let round = 0; round < 200; round++) {
    if (round % 20 === 0) ledger.boot(round, round * 1e6);
    for (let pin = 1; pin <= 2; pin++) {
      const to = position + 50;
      ledger.recordAttempt({ ...ATTEMPT, pin, from: position, to, points: 50, rawMs: round * 1e6 + 1 });
      ledger.settle(pin, round * 1e6 + 2, { ...SETTLEMENT, delivered: 47 });
    }
    ledger.addFix(round, round * 1e6, 1.7e12 + round * 1e6, 20);
    position += 50;
    expect(state(openLedger(region, 1))).toEqual(state(ledger));
    if (round % 7 === 0) ledger = openLedger(region, 1);
  }
  expect(ledger.counters(1).delivered).toBe(200 * 47);
  expect(ledger.fixes().length).toBeLessThanOrEqual(6);
  expect(ledger.charges().length).toBeLessThanOrEqual(6);
  expect(Math.abs(flash.wear[0] - flash.wear[1])).toBeLessThanOrEqual(1);
});

test("keeps the fixes that an open attempt was dated with", () => {
  const { region } = createRegion(4);
  const ledger = openLedger(region, 1);
  for (let i = 1; i <= 4; i++) ledger.addFix(1, i * 1000, 1.7e12 + i * 1000 + i * i, 20);
  const dated = ledger.fixes().map((point) => ({ ...point }));
  ledger.recordAttempt({ ...ATTEMPT, fixId: 4 });
  for (let i = 5; i <= 40; i++) ledger.addFix(1, i * 1000, 1.7e12 + i * 1000, 20);
  expect(ledger.fixes().slice(0, 4)).toEqual(dated);
  expect(openLedger(region, 1).fixes()).toEqual(ledger.fixes());
  expect(ledger.fixes().length).toBeLessThanOrEqual(7);
});

test("says clearly when a bank can't hold what it must", () => {
  const { region } = createRegion(4);
  const ledger = openLedger(region, 1);
  expect(ledgerPinsMax(1024)).toBe(3);
  expect(ledgerPinsMax(4096)).toBeGreaterThanOrEqual(16);
  expect(() => {
    for (let round = 0; round < 50; round++) {
      for (let pin = 0; pin < 20; pin++) ledger.drop(pin, "expired", 4096 + round, 1);
    }
  }).toThrow("ledger bank is too small");
});

test("survives a flipped bit in an entry", () => {
  const { region, flash } = createRegion(4);
  const ledger = openLedger(region, 1);
  ledger.boot(5, 1000);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(4, "expired", 5000, 9);
  // Bank header, STATE, BOOT, then the first DROP.
  flash.flip(0x1000 + 16 + 24 + 20 + 5, 2);
  const again = openLedger(region, 1);
  expect(again.session()).toBe(5);
  expect(again.cursor(3)).toBe(0);
  expect(again.cursor(4)).toBe(5000);
});
