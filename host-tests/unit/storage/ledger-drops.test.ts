import { expect, test } from "vitest";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";
import { ATTEMPT } from "./ledger-life.ts";

test("counts a drop once when it is recorded twice", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(3, "expired", 5000, 9);
  ledger.drop(3, "overwritten", 4999, 5);
  expect(ledger.counters(3)).toMatchObject({ expired: 9, overwritten: 0 });
  expect(openWholeLedger(region, 1).counters(3)).toMatchObject({ expired: 9, overwritten: 0 });
});

test("closes an attempt that a drop cuts into", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.recordAttempt(ATTEMPT);
  ledger.drop(3, "overwritten", ATTEMPT.from, 3);
  expect(ledger.attempt(3)).toBeDefined();
  ledger.drop(3, "overwritten", ATTEMPT.from + 1, 1);
  expect(ledger.attempt(3)).toBeUndefined();
});
