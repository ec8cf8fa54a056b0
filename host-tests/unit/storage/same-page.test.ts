import { expect, test } from "vitest";
import { createRegion } from "../../support/region.ts";
import { mount, readAll, type Sample, STREAM } from "./mounted.ts";

test("goes on in the same page after a reboot and keeps every sample", () => {
  const { region } = createRegion(12);
  const logged: Sample[] = [];
  let used = 0;
  for (let boot = 1; boot <= 10; boot++) {
    const { ring, session, rawMs } = mount(region);
    for (let i = 0; i < 5; i++) {
      const sample = { session, rawMs: rawMs + i * 60000, value: 200 + i };
      expect(ring.append(1, sample.rawMs, sample.value)).toBe(true);
      logged.push(sample);
    }
    used = ring.fill().usedPages;
    expect(readAll(ring, 1, 0)).toEqual(logged);
  }
  expect(used).toBe(1);
  expect(readAll(mount(region, [STREAM], false).ring, 1, 0)).toEqual(logged);
});
