import { expect, test } from "vitest";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";

test("turns back a flipped bit in an entry, and skips an entry with two", () => {
  const { region, flash } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.boot(5, 1000);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(4, "expired", 5000, 9);
  // Bank header, STATE, BOOT, then the first DROP.
  flash.flip(0x1000 + 16 + 32 + 20 + 5, 2);
  const mended = openWholeLedger(region, 1);
  expect(mended.cursor(3)).toBe(5000);
  expect(mended.cursor(4)).toBe(5000);
  flash.flip(0x1000 + 16 + 32 + 20 + 6, 2);
  const again = openWholeLedger(region, 1);
  expect(again.session()).toBe(5);
  expect(again.cursor(3)).toBe(0);
  expect(again.cursor(4)).toBe(5000);
  // It may have been a charge, so a day's allowance counts as spent from the next boot on.
  expect(again.charges()[0].points).toBeGreaterThan(100000);
});
