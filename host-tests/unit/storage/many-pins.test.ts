/** More pins than a ledger bank has room for: the accounts of those that are gone fold into one. */
import { expect, it } from "vitest";
import { startSession } from "../../../firmware/start-session.ts";
import { LEDGER_FULL } from "../../../firmware/storage/ledger/banks.ts";
import { GONE_PIN } from "../../../firmware/storage/ledger/ledger.ts";
import {
  openStorageWithBanks,
  openWholeLedger,
  type WholeRing,
  type WholeStorage,
} from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";

const SETTLED = { thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 0 };
const SAMPLES = 50;

/** Everything that a status shows, summed over all pins. */
function sums({ ledger, ring }: WholeStorage) {
  const sum = { sampled: 0, delivered: 0, pending: 0, failed: 0, settled: 0 };
  for (const pin of new Set([...ring.pins(), ...ledger.pins()])) {
    const totals = ring.totals(pin);
    sum.sampled += totals.sampled;
    sum.pending += totals.pending;
    sum.failed += totals.failed;
    sum.delivered += ledger.counters(pin).delivered;
    sum.settled += ledger.settled(pin);
  }
  return sum;
}

/** How many samples can be read from a position on. */
function samplesFrom(ring: WholeRing, pin: number, from: number): number {
  const reader = ring.reader(pin, from, Infinity);
  let sum = 0;
  for (let count = reader.next(); count > 0; count = reader.next()) sum += count;
  return sum;
}

/** A unit whose device file names another pin each time; `sent` says which of them are delivered. */
function reflash(
  pins: number,
  regionPages: number,
  pageBytes: number,
  bankPages: number,
  sent: (pin: number) => boolean,
) {
  const { region } = createRegion(regionPages, pageBytes);
  let failed = 0;
  for (let pin = 0; pin < pins; pin++) {
    const storage = openStorageWithBanks(region, [{ pin, intervalMs: 1000, decimals: 0 }], bankPages);
    const { ledger, ring } = storage;
    const { rawMs } = startSession(storage.data);
    for (let i = 0; i < SAMPLES; i++) expect(ring.append(pin, rawMs + 1000 * i, i % 3), `pin ${pin}`).toBe(true);
    ring.fail(pin, rawMs + 1000 * SAMPLES);
    failed++;
    if (sent(pin)) {
      const to = ring.end(pin, 0, SAMPLES);
      const points = ring.count(pin, 0, to);
      const attempt = { pin, from: 0, to, points, bodyBytes: 9, rawMs, fixId: 0, thinEvery: 1, thinPhase: 0 };
      ledger.recordAttempt({ ...attempt, afterTrueMs: 0 });
      ledger.settle(pin, rawMs, { ...SETTLED, delivered: points });
    }
  }
  const storage = openStorageWithBanks(region, [{ pin: pins, intervalMs: 1000, decimals: 0 }], bankPages);
  startSession(storage.data);
  return { storage, failed };
}

it.each([
  ["16 pages of 4,096 bytes", 16, 4096, 1],
  ["a region with a page for each pin", 240, 1024, 4],
  ["a bank with room for three", 9, 1024, 1],
])("logs on and counts every sample when 200 pins were used one after the other, in %s", (_, pages, bytes, bank) => {
  const { storage, failed } = reflash(200, pages, bytes, bank, () => true);
  const sum = sums(storage);
  expect(sum).toEqual({
    sampled: 200 * SAMPLES,
    delivered: 200 * SAMPLES,
    pending: 0,
    failed,
    settled: 200 * SAMPLES,
  });
  expect(storage.ledger.cursor(GONE_PIN)).toBe(0);
  expect(storage.ledger.pins()).toContain(GONE_PIN);
});

it("logs on when the samples of 200 pins wait, loses none, and says whose history it forgot", () => {
  // Each pin needs an account once the first of its samples have expired.
  const { storage } = reflash(200, 240, 1024, 4, () => false);
  const { ledger, ring } = storage;
  for (let pin = 0; pin < 200; pin++) ledger.drop(pin, "expired", ring.end(pin, 0, 20), 20);
  expect(ledger.cursor(GONE_PIN)).toBeGreaterThan(170);
  for (let pin = 0; pin < 200; pin++) expect(samplesFrom(ring, pin, ring.end(pin, 0, 20))).toBe(30);
  expect(ring.append(200, ring.lastRawMs() + 1000, 5)).toBe(true);
});

it("is full, and says so, only where nobody tells which pins are gone", () => {
  const { region, flash } = createRegion(2);
  const ledger = openWholeLedger(region, 1);
  ledger.boot(8, 1);
  expect(() => {
    for (let round = 1; ; round++) for (let pin = 10; pin < 30; pin++) ledger.drop(pin, "expired", 4096 + round, 1);
  }).toThrow(LEDGER_FULL);
  const wear = Array.from(flash.wear);
  for (let i = 0; i < 50; i++) expect(() => ledger.boot(16, 2)).toThrow(LEDGER_FULL);
  // It erases nothing in vain.
  expect(Array.from(flash.wear)).toEqual(wear);
});
