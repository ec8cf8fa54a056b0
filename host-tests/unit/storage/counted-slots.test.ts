import fc from "fast-check";
import { expect, test } from "vitest";
import { createRegion } from "../../support/region.ts";
import { mount } from "./mounted.ts";

test("counts missed slots and failed readings, also over a reboot", () => {
  const { region } = createRegion(12);
  const first = mount(region);
  first.ring.append(1, 0, 10);
  first.ring.append(1, 3 * 60000, 11);
  first.ring.fail(1, 4 * 60000);
  first.ring.append(1, 5 * 60000, 11);
  first.ring.append(1, 105 * 60000, 11);
  expect(first.ring.totals(1)).toMatchObject({ sampled: 4, missed: 101, failed: 1 });
  expect(mount(region).ring.totals(1)).toMatchObject({ sampled: 4, missed: 101, failed: 1 });
});

test("counts every slot once, as a sample, a failed reading or a missed one, wherever a page ends", () => {
  fc.assert(
    fc.property(
      // Once too narrow for the step, so that absolute records come often.
      fc.array(fc.constantFrom("v", "v", "v", "j", "f", "n", "m"), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 900, max: 1500 }),
      (pattern, slots) => {
        const { region } = createRegion(12, 1024);
        const { ring } = mount(region);
        const count = { sampled: 0, missed: 0, failed: 0 };
        ring.append(1, 0, 0);
        count.sampled++;
        for (let i = 1; i < slots; i++) {
          const kind = i === slots - 1 ? "v" : pattern[i % pattern.length];
          if (kind === "m") count.missed++;
          else if (kind === "f") {
            ring.fail(1, i * 60_000);
            count.failed++;
          } else {
            ring.append(1, i * 60_000, kind === "n" ? Number.NaN : kind === "j" ? i * 100_000 : 200);
            count.sampled++;
          }
        }
        const { sampled, missed, failed } = ring.totals(1);
        expect({ sampled, missed, failed }).toEqual(count);
      },
    ),
    { numRuns: 150 },
  );
});
