import { expect, test } from "vitest";
import { ledgerPinsMax } from "../../../firmware/storage/ledger/capacity.ts";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { addFix, fixesOf } from "../../support/fixes.ts";
import { createRegion } from "../../support/region.ts";
import { ATTEMPT, SETTLEMENT, state } from "./ledger-life.ts";

test("goes through many compactions and forgets nothing that matters", () => {
  const { region, flash } = createRegion(4);
  let ledger = openWholeLedger(region, 1);
  let position = 4096;
  for (let round = 0; round < 200; round++) {
    if (round % 20 === 0) ledger.boot(round, round * 1e6);
    for (let pin = 1; pin <= 2; pin++) {
      const to = position + 50;
      ledger.recordAttempt({ ...ATTEMPT, pin, from: position, to, points: 50, rawMs: round * 1e6 + 1 });
      ledger.settle(pin, round * 1e6 + 2, { ...SETTLEMENT, delivered: 47 });
    }
    addFix(ledger, round, round * 1e6, 1.7e12 + round * 1e6, 20);
    position += 50;
    expect(state(openWholeLedger(region, 1))).toEqual(state(ledger));
    if (round % 7 === 0) ledger = openWholeLedger(region, 1);
  }
  expect(ledger.counters(1).delivered).toBe(200 * 47);
  expect(ledger.fixes().length).toBeLessThanOrEqual(6);
  expect(ledger.charges().length).toBeLessThanOrEqual(6);
  expect(Math.abs(flash.wear[0] - flash.wear[1])).toBeLessThanOrEqual(1);
});

test("keeps the fixes that an open attempt was dated with", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  for (let i = 1; i <= 4; i++) addFix(ledger, 1, i * 1000, 1.7e12 + i * 1000 + i * i, 20);
  const dated = fixesOf(ledger).map((point) => ({ ...point }));
  ledger.recordAttempt({ ...ATTEMPT, fixId: 4 });
  for (let i = 5; i <= 40; i++) addFix(ledger, 1, i * 1000, 1.7e12 + i * 1000, 20);
  expect(fixesOf(ledger).slice(0, 4)).toEqual(dated);
  expect(fixesOf(openWholeLedger(region, 1))).toEqual(fixesOf(ledger));
  expect(ledger.fixes().length).toBeLessThanOrEqual(7);
});

test("says clearly when a bank can't hold what it must", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  expect(ledgerPinsMax(1024)).toBe(3);
  expect(ledgerPinsMax(4096)).toBeGreaterThanOrEqual(16);
  expect(() => {
    for (let round = 0; round < 50; round++) {
      for (let pin = 0; pin < 20; pin++) ledger.drop(pin, "expired", 4096 + round, 1);
    }
  }).toThrow("ledger bank is too small");
});
