import { expect, test } from "vitest";
import { openStorageWithBanks } from "../../../firmware/storage/storage.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, regionOf, SEED } from "../../support/region.ts";

const PAGE_BYTES = 4096;
const PAGES = 384;
const MINUTE_MS = 60000;

/** Ring bytes that a month of one sample a minute takes, with so many power-ons a day. */
function monthOfBytes(bootsADay: number): number {
  const { flash } = createRegion(PAGES, PAGE_BYTES);
  const random = createPrng(SEED).next;
  const samplesABoot = 1440 / bootsADay;
  for (let boot = 1; boot <= 30 * bootsADay; boot++) {
    const region = regionOf(flash, PAGES, PAGE_BYTES);
    const { ledger, ring } = openStorageWithBanks(region, [{ pin: 1, intervalMs: MINUTE_MS, decimals: 1 }], 1);
    const startMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 10;
    ledger.boot(boot, startMs);
    ring.start(boot);
    for (let i = 0; i < samplesABoot; i++) {
      const rawMs = startMs + i * MINUTE_MS + Math.round((random() - 0.5) * 10);
      expect(ring.append(1, rawMs, 215 + Math.round((random() - 0.5) * 2))).toBe(true);
    }
  }
  let bytes = 0;
  for (let page = 2; page < PAGES && flash.wear[page] > 0; page++) {
    let used = PAGE_BYTES;
    while (flash.bytes[page * PAGE_BYTES + used - 1] === 255) used--;
    bytes += used;
  }
  return bytes;
}

test("pays under 2 % of a 1.5 MB ring for a month of twenty power-ons a day", () => {
  const cost = monthOfBytes(20) - monthOfBytes(1);
  console.log(`600 power-ons cost ${(cost / 600).toFixed(1)} bytes each`);
  expect(cost / ((PAGES - 2) * PAGE_BYTES)).toBeLessThan(0.02);
});
