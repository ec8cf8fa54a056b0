import fc from "fast-check";
import { expect, test } from "vitest";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, SEED } from "../../support/region.ts";
import { mount, readAll, type Sample } from "./mounted.ts";

test("gives back what was logged, in order, over many pages", () => {
  const { region } = createRegion(12);
  const { ring } = mount(region);
  const random = createPrng(SEED).next;
  const logged: Sample[] = [];
  let value = 215;
  for (let i = 0; i < 4000; i++) {
    value += Math.round((random() - 0.5) * 3);
    const rawMs = 1000 + i * 60000 + Math.round((random() - 0.5) * 10);
    expect(ring.append(1, rawMs, value)).toBe(true);
    logged.push({ session: 1, rawMs, value });
  }
  expect(readAll(ring, 1, 0)).toEqual(logged);
  expect(ring.totals(1)).toEqual({ sampled: 4000, missed: 0, failed: 0, pending: 4000 });
});

test("gives the same samples from wherever reading begins", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("v", "v", "v", "v", "v", "late", "jump", "none", "missed", "failed", "boot"), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.integer({ min: 300, max: 1500 }),
      fc.nat(),
      (pattern, slots, start) => {
        const { region } = createRegion(12, 1024);
        let { ring, ledger } = mount(region);
        for (let i = 0; i < slots; i++) {
          const kind = pattern[i % pattern.length];
          const rawMs = i * 60_000 + (kind === "late" ? 30 : (i * 37) % 7);
          if (kind === "boot" && i % 3 === 0) ({ ring, ledger } = mount(region));
          if (kind === "failed") ring.fail(1, rawMs);
          else if (kind === "none") ring.append(1, rawMs, Number.NaN);
          else if (kind !== "missed") ring.append(1, rawMs, kind === "jump" ? i * 1000 : 200 + (i % 3));
        }
        const all = readAll(ring, 1, ledger.cursor(1));
        const head = ring.head(1);
        if (head === undefined) return;
        for (let n = start % 50; n < all.length; n += 50) {
          expect(readAll(ring, 1, n === 0 ? head.position : ring.end(1, head.position, n))).toEqual(all.slice(n));
        }
      },
    ),
    { numRuns: 60, seed: SEED },
  );
});
