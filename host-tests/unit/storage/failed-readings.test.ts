/** Readings that fail where no page can count them: after a boot, before the first success. */
import { expect, it } from "vitest";
import { startSession } from "../../../firmware/start-session.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";

const MINUTE_MS = 60000;

function unit(intervalMs: number) {
  const { region, flash } = createRegion(10);
  const boot = () => {
    const { data, ring } = openStorageWithBanks(region, [{ pin: 1, intervalMs, decimals: 0 }], 1);
    const { rawMs } = startSession(data);
    return { ring, rawMs };
  };
  return { flash, boot };
}

it.each([0, 30])("keeps count of 1,200 failed readings over two power cuts, behind %d samples", (samples) => {
  const { flash, boot } = unit(MINUTE_MS);
  let { ring, rawMs } = boot();
  const nextMs = () => {
    rawMs += MINUTE_MS;
    return rawMs;
  };
  for (let i = 0; i < samples; i++) ring.append(1, nextMs(), 5);
  ({ ring, rawMs } = boot());
  let failed = 0;
  for (let cut = 0; cut < 3; cut++) {
    for (let i = 0; i < 400; i++) {
      ring.fail(1, nextMs());
      failed++;
    }
    expect(ring.totals(1).failed).toBeGreaterThan(failed - 10 * cut - 1);
    expect(ring.totals(1).failed).toBeLessThanOrEqual(failed);
    ({ ring, rawMs } = boot());
    // What failed since the last note, ten minutes ago at most.
    expect(ring.totals(1).failed).toBeGreaterThan(failed - 10 * (cut + 1));
  }
  const before = ring.totals(1);
  ring.fail(1, nextMs());
  expect(ring.append(1, nextMs(), 7)).toBe(true);
  // Counted once, by the page from now on.
  expect(ring.totals(1)).toMatchObject({ failed: before.failed + 1, sampled: samples + 1 });
  ({ ring } = boot());
  expect(ring.totals(1)).toMatchObject({ failed: before.failed + 1, sampled: samples + 1 });
  // 120 notes, in a ledger of two small banks.
  expect(flash.wear[0] + flash.wear[1]).toBeLessThan(8);
});

it("notes at most 144 times a day, however short the interval", () => {
  const { flash, boot } = unit(1000);
  const { ring, rawMs } = boot();
  const before = flash.counts.writes;
  for (let i = 0; i < 86400; i++) ring.fail(1, rawMs + 1000 * i);
  // Each note is two programs, and there is a snapshot now and then.
  expect(flash.counts.writes - before).toBeGreaterThan(2 * 140);
  expect(flash.counts.writes - before).toBeLessThan(3 * 144);
});
