import { expect, test } from "vitest";
import { createRegion } from "../../support/region.ts";
import { mount, readAll } from "./mounted.ts";

test("overwrites the oldest page when full, and counts what went", () => {
  const { region } = createRegion(7);
  const { ring, ledger } = mount(region);
  for (let i = 0; i < 20000; i++) expect(ring.append(1, i * 60000, i % 7)).toBe(true);
  const totals = ring.totals(1);
  const dropped = ledger.counters(1).overwritten;
  expect(totals.sampled).toBe(20000);
  expect(totals.pending + dropped).toBe(20000);
  expect(totals.pending).toBeGreaterThan(2000);
  const left = readAll(ring, 1, ledger.cursor(1));
  expect(left.length).toBe(totals.pending);
  expect(left[left.length - 1].rawMs).toBe(19999 * 60000);
});
