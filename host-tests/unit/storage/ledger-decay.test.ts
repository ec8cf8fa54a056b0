import { expect, test } from "vitest";
import { openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { createRegion } from "../../support/region.ts";

test("survives a flipped bit in an entry", () => {
  const { region, flash } = createRegion(4);
  const ledger = openLedger(region, 1);
  ledger.boot(5, 1000);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(4, "expired", 5000, 9);
  // Bank header, STATE, BOOT, then the first DROP.
  flash.flip(0x1000 + 16 + 32 + 20 + 5, 2);
  const again = openLedger(region, 1);
  expect(again.session()).toBe(5);
  expect(again.cursor(3)).toBe(0);
  expect(again.cursor(4)).toBe(5000);
});
