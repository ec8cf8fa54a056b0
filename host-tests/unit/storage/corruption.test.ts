import { expect, test } from "vitest";
import { SimulatedFlash } from "../../../scripts/simulator/flash.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { foreignVersion } from "../../power-loss/contents.ts";
import { SEED } from "../../support/region.ts";
import { examine, image, mount, PAGE_BYTES, PAGES, testDoubleFlips, testSingleFlips, whole } from "./damaged-region.ts";

test("reads everything back from a region that is whole", () => {
  expect(whole.corrupt).toBe(0);
  expect(whole.read).toBeGreaterThan(500);
});

// More of both in corruption.deep.test.ts.
testSingleFlips(400);
testDoubleFlips(150);

test("mounts and logs on over random bytes in any page", () => {
  const random = createPrng(SEED + 11).next;
  for (let n = 0; n < 60; n++) {
    const damaged = image.slice();
    const page = n % PAGES;
    for (let i = 0; i < PAGE_BYTES; i++) damaged[page * PAGE_BYTES + i] = Math.floor(random() * 256);
    examine(damaged);
  }
});

test("mounts and logs on over zeros or blanks in any page", () => {
  for (let page = 0; page < PAGES; page++) {
    examine(image.slice().fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    examine(image.slice().fill(255, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
  }
});

test("keeps a page of another format version, and says so", () => {
  const geometry = { pageBytes: PAGE_BYTES, bankPages: 1, ringPages: PAGES - 2, pins: [1], intervalMs: 60000 };
  const foreign = foreignVersion(geometry, PAGES * PAGE_BYTES);
  const flash = new SimulatedFlash({ address: 0x1000, pageBytes: PAGE_BYTES, pages: PAGES, content: foreign });
  const { ledger, ring } = mount(flash);
  ledger.boot(1, 1);
  ring.start(1);
  expect(ring.fill()).toMatchObject({ keptPages: 1 });
  for (let i = 0; i < 12000; i++) expect(ring.append(1, i * 60000, i % 5)).toBe(true);
  expect(flash.bytes.slice((PAGES - 1) * PAGE_BYTES)).toEqual(foreign.slice((PAGES - 1) * PAGE_BYTES));
});
