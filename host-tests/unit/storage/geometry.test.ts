import { expect, test } from "vitest";
import { bankPagesOf, pagesNeeded, ringPagesOf } from "../../../firmware/storage/geometry.ts";
import { openStorage } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";

const stream = (pin: number) => ({ pin, intervalMs: 60000, decimals: 1 });

test("gives each ledger bank 4,096 bytes, and the ring the rest", () => {
  expect([1024, 4096, 8192].map(bankPagesOf)).toEqual([4, 1, 1]);
  expect([ringPagesOf(64, 1024), ringPagesOf(16, 4096)]).toEqual([56, 14]);
});

test("needs two pages a datastream and three more", () => {
  expect([1, 2, 16].map(pagesNeeded)).toEqual([5, 7, 35]);
});

test("opens a region that has just the pages for its datastreams, and none with a page less", () => {
  const streams = [stream(1), stream(2)];
  expect(openStorage(createRegion(15).region, streams).ring.fill().pages).toBe(7);
  expect(() => openStorage(createRegion(14).region, streams)).toThrow(
    "2 datastreams need 7 pages, and the region leaves 6",
  );
});
