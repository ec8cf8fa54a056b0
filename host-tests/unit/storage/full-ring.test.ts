import { expect, test } from "vitest";
import { createRegion } from "../../support/region.ts";
import { mount, readAll, STREAM } from "./mounted.ts";

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

test("overwrites pages of the lowest priority first, and goes on logging them", () => {
  const streams = [1, 2, 3].map((priority) => ({ ...STREAM, pin: priority, priority }));
  const { region } = createRegion(14);
  const { ring, ledger } = mount(region, streams);
  const log = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      for (const { pin } of streams) expect(ring.append(pin, i * 60000, i % 7)).toBe(true);
    }
  };
  const overwritten = () => streams.map(({ pin }) => ledger.counters(pin).overwritten);
  let n = 0;
  while (overwritten()[1] === 0) log(n, ++n);
  // All of 3 but its open page went before the first page of 2.
  expect(overwritten()[0]).toBe(0);
  expect(readAll(ring, 3, ledger.cursor(3)).length).toBeLessThan(1100);
  while (overwritten()[0] === 0) log(n, ++n);
  for (const { pin } of streams) {
    const left = readAll(ring, pin, ledger.cursor(pin));
    expect(left.length).toBe(ring.totals(pin).pending);
    expect(left.at(-1)?.rawMs).toBe((n - 1) * 60000);
    expect(ring.totals(pin).pending + ledger.counters(pin).overwritten).toBe(n);
  }
  expect(readAll(ring, 2, ledger.cursor(2)).length).toBeLessThan(1100);
});
