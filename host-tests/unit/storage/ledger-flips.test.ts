/** Bits of a ledger bank that flip: one in an entry is turned back, and more never let the server get more than it may. */
import { expect, it } from "vitest";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { SEED } from "../../support/region.ts";
import { all, damaged, expectSameWithOneFlip, left } from "./flipped-ledger.ts";

const KINDS = 15;

it("has an entry of each kind to flip", () => {
  expect(new Set(all.places.map(({ kind }) => kind)).size).toBe(KINDS);
});

it("says the same with any one bit of its bank flipped, and goes on as if it were not", () => {
  // All eight of each byte are in ledger-flips.deep.test.ts.
  expectSameWithOneFlip((at) => [(at * 5) % 8]);
});

it("lets no more be sent when several bits of one entry have flipped, and counts nothing twice", () => {
  const random = createPrng(SEED + 3).next;
  const whole = openWholeLedger(damaged([]), 1);
  for (const { at, bytes } of all.places.slice(0, -1)) {
    for (let n = 0; n < 40; n++) {
      const flips = Array.from({ length: 2 + (n % 3) }, () => ({
        at: at + Math.floor(random() * bytes),
        bit: Math.floor(random() * 8),
      }));
      const ledger = openWholeLedger(damaged(flips), 1);
      expect(left(ledger)).toBeLessThanOrEqual(left(whole));
      for (const pin of whole.pins()) expect(ledger.settled(pin)).toBeLessThanOrEqual(whole.settled(pin));
    }
  }
});
