import { expect, test } from "vitest";
import { bootBytes } from "../../../scripts/bench/storage-figures.ts";

test("pays at most 16 bytes of a datastream's pages for a power-on", () => {
  const bytes = bootBytes();
  console.log(`a power-on costs ${bytes.toFixed(1)} bytes`);
  // 45 in format version 1. So twenty a day take under 1 % of 1.5 MB in a month.
  expect(bytes).toBeLessThanOrEqual(16);
  expect(bytes).toBeGreaterThan(5);
});
