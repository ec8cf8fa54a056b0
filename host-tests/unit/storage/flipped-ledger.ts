/** A ledger bank with an entry of each kind, to flip bits of it. */
import { expect } from "vitest";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { entryBytes } from "../../../firmware/storage/ledger/banks.ts";
import { openWholeLedger, type WholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { addFix } from "../../support/fixes.ts";
import { createRegion } from "../../support/region.ts";
import { ATTEMPT, SETTLEMENT, state } from "./ledger-life.ts";

const BANK_BYTES = 1024;

/** A bank with an entry of each kind, those of a snapshot too; where its entries begin, by kind. */
function bankOfAllKinds() {
  const { region, flash } = createRegion(2);
  let ledger = openWholeLedger(region, 1);
  let rawMs = 1000;
  ledger.boot(8, rawMs);
  for (let i = 0; i < 3; i++) addFix(ledger, 8, ++rawMs, 1.7e12 + rawMs, 40);
  ledger.recordAttempt(ATTEMPT);
  ledger.settle(3, 6000, SETTLEMENT);
  ledger.recordAttempt({ ...ATTEMPT, from: 4106, to: 4126, points: 20, rawMs: 7000 });
  // Boots, until the bank is full and a snapshot begins the other.
  const wear = () => flash.wear[1];
  for (rawMs = 8000; wear() === 0 || flash.wear[0] === 1; rawMs += 1000) ledger.boot(8 + rawMs / 1000, rawMs);
  ledger = openWholeLedger(region, 1);
  ledger.keepFor(() => rawMs);
  ledger.boot(200, ++rawMs);
  for (let i = 0; i < 4; i++) addFix(ledger, 200, ++rawMs, 1.7e12 + rawMs, 40);
  ledger.removeFix(ledger.fixes().at(1).id);
  ledger.fail(3, ++rawMs, true);
  ledger.settle(3, ++rawMs, SETTLEMENT);
  ledger.recordAttempt({ ...ATTEMPT, pin: 4, points: 30, rawMs: ++rawMs });
  ledger.drop(5, "expired", 9000, 12);
  ledger.correct(
    3,
    { trueMs: 1.7e12, session: 8, rawMs: 900 },
    { fromTrueMs: 1.7e12, toTrueMs: 1.7e12 + 99, points: 2 },
  );
  ledger.retire(5, 7, 8);
  return { region, flash, places: placesIn(flash.bytes.slice(0, BANK_BYTES)) };
}

/** Offset of each entry of a whole bank, with its kind. */
function placesIn(bank: Uint8Array): { at: number; kind: number; bytes: number }[] {
  const places = [];
  for (let at = 16; at < BANK_BYTES && bank[at] !== 255; ) {
    const bytes = entryBytes(bank[at + 1]);
    places.push({ at, kind: bank[at], bytes });
    at += bytes;
  }
  return places;
}

/** What is still free of 10,000 points a day. */
export const left = (ledger: WholeLedger): number =>
  10000 - ledger.charges().reduce((sum, charge) => sum + charge.points, 0);

/** What a ledger says after it was opened, and after it has gone on and was opened again. */
function twice(region: FlashRegion): unknown[] {
  const first = openWholeLedger(region, 1);
  const opened = state(first);
  first.boot(240, 900000);
  return [opened, state(openWholeLedger(region, 1))];
}

export const all = bankOfAllKinds();
const image = all.flash.bytes.slice();

export function damaged(flips: { at: number; bit: number }[]): FlashRegion {
  const bytes = image.slice();
  for (const { at, bit } of flips) bytes[at] ^= 1 << bit;
  return createRegion(2, BANK_BYTES, bytes).region;
}

/** Opens the bank with each of these bits of each byte flipped, one at a time. */
export function expectSameWithOneFlip(bitsOf: (at: number) => number[]): void {
  const whole = twice(damaged([]));
  const end = all.places[all.places.length - 1].at + all.places[all.places.length - 1].bytes;
  for (let at = 0; at < end + 40; at++) {
    for (const bit of bitsOf(at)) expect(twice(damaged([{ at, bit }])), `byte ${at}, bit ${bit}`).toEqual(whole);
  }
}
