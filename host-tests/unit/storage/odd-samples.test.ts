import { expect, test } from "vitest";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, SEED } from "../../support/region.ts";
import { mount, readAll, type Sample } from "./mounted.ts";

test("keeps unrepresentable readings as such", () => {
  const { region } = createRegion(12);
  const { ring } = mount(region);
  ring.append(1, 0, 5);
  ring.append(1, 60000, Number.NaN);
  ring.append(1, 120000, 1e12);
  ring.append(1, 180000, 6);
  expect(readAll(ring, 1, 0).map((sample) => sample.value)).toEqual([5, Number.NaN, Number.NaN, 6]);
});

test("keeps a sample that comes before its slot where a page begins", () => {
  const { region } = createRegion(60);
  const { ring } = mount(region);
  const random = createPrng(SEED).next;
  const logged: Sample[] = [];
  let lateMs = 0;
  for (let i = 0; i < 3000; i++) {
    // Something blocks for a while, then no longer: the grid that had moved with it is too late by as much.
    if (random() < 0.3) lateMs = random() < 0.5 ? 0 : Math.round(random() * 25000);
    const rawMs = 30000 + i * 60000 + lateMs;
    expect(ring.append(1, rawMs, i % 50), `sample ${i}`).toBe(true);
    logged.push({ session: 1, rawMs, value: i % 50 });
  }
  expect(readAll(ring, 1, 0)).toEqual(logged);
  expect(ring.totals(1)).toEqual({ sampled: 3000, missed: 0, failed: 0, pending: 3000 });
});
