import { expect, test } from "vitest";
import { createAppender } from "../../../firmware/storage/appender.ts";
import { type Storage, startRing } from "../../../firmware/storage/ring/ring.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, SEED } from "../../support/region.ts";

const STREAMS = [1, 2, 3].map((pin) => ({ pin, intervalMs: 60000, decimals: 1 }));

function openCore() {
  const { flash, region } = createRegion(40);
  const { data: core, ledger } = openStorageWithBanks(region, STREAMS, 1);
  ledger.boot(1, 0);
  startRing(core.ring, 1);
  return { flash, core, appender: createAppender(core) };
}

/** Makes the next sample of each datastream one that the pen leaves to the writer. */
function keepFromPen(core: Storage): void {
  for (const stream of Object.values(core.ring.streams)) if (stream.page) stream.page.plainUntil = 0;
}

test("writes the bytes that the writer would have written, in the books that it would have chosen", () => {
  const random = createPrng(SEED).next;
  const pen = openCore();
  const slow = openCore();
  const values = [200, 200, 200];
  const books = new Set<number>();
  let passed = 0;
  for (let slot = 0; slot < 6000; slot++) {
    for (const { pin, intervalMs } of STREAMS) {
      // One with small steps, one with jitter, one with wide steps, which need two words.
      const chance = random();
      if (chance < 0.002) continue;
      if (chance < 0.004) {
        for (const one of [pen, slow]) one.appender.fail(pin, 1000 + slot * intervalMs);
        continue;
      }
      const wide = [6, 1, 100][pin - 1] * (chance > 0.99 ? 9 : 1);
      const jitterMs = Math.round((random() - 0.5) * (pin === 2 ? 16 : 3) * (chance > 0.98 ? 20 : 1));
      values[pin - 1] += Math.round((random() - 0.5) * 2 * wide);
      keepFromPen(slow.core);
      const page = pen.core.ring.streams[pin].page;
      const due = page && page.plainUntil > 0 && page.count % 32 === 0;
      for (const one of [pen, slow]) {
        expect(one.appender.append(pin, 1000 + slot * intervalMs + jitterMs, values[pin - 1])).toBe(true);
      }
      const stream = pen.core.ring.streams[pin];
      if (due) expect(stream.costs).toEqual(slow.core.ring.streams[pin].costs);
      if (due && page === stream.page && page.plainUntil > page.at + page.words) passed++;
      books.add(stream.page?.book ?? -1);
    }
  }
  expect(Buffer.compare(pen.flash.bytes, slow.flash.bytes)).toBe(0);
  expect(books.size).toBeGreaterThan(2);
  expect(passed).toBeGreaterThan(100);
});
