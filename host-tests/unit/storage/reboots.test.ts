import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { startSession } from "../../../firmware/start-session.ts";
import { openStorage } from "../../../firmware/storage/whole-storage.ts";
import { bootBytes } from "../../../scripts/bench/storage-figures.ts";
import { SimulatedFlash } from "../../../scripts/simulator/flash.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { SEED } from "../../support/region.ts";

test("pays at most 16 bytes of a datastream's pages for a power-on", () => {
  const bytes = bootBytes();
  console.log(`a power-on costs ${bytes.toFixed(1)} bytes`);
  // 45.9 in format version 1. So twenty a day take under 1 % of 1.5 MB in a month.
  expect(bytes).toBeLessThanOrEqual(16);
  expect(bytes).toBeGreaterThan(5);
});

/** Logs in 64 kB with a power cut after each `samples` samples of each of `pins` datastreams, and returns what is overwritten. */
function overwrittenIn(boots: number, samples: number, pins: number, lateMsMax: number): number {
  const random = createPrng(SEED).next;
  const flash = new SimulatedFlash({ pages: 16, pageBytes: 4096 });
  const region = { flash, crc32: (bytes: Uint8Array) => crc32(bytes), address: 0, pageBytes: 4096, pages: 16 };
  const streams = Array.from({ length: pins }, (_, pin) => ({ pin, intervalMs: 15000, decimals: 1 }));
  let overwritten = 0;
  for (let boot = 0; boot < boots; boot++) {
    const { data, ledger, ring } = openStorage(region, streams);
    const { rawMs } = startSession(data);
    for (let i = 0; i < samples; i++) {
      // The first sample is taken at once, the others when a timer fires.
      const atMs = rawMs + i * 15000 + (i === 0 ? 0 : Math.floor(random() * (lateMsMax + 1)));
      for (const { pin } of streams) expect(ring.append(pin, atMs, 200 + Math.round(random()))).toBe(true);
    }
    overwritten = ledger.pins().reduce((sum, pin) => sum + ledger.counters(pin).overwritten, 0);
  }
  return overwritten;
}

test("overwrites nothing in a day with a power cut every 90 s", () => {
  // 4,800 samples. Format version 1 overwrote 2,495 of them: a page was closed after 63 moves of its base.
  expect(overwrittenIn(960, 5, 1, 10)).toBe(0);
});

test("has room for twenty power-ons a day in ten days of three datastreams a minute", () => {
  // 38,400 samples, of which format version 1 overwrote 21,762.
  expect(overwrittenIn(200, 64, 3, 10)).toBe(0);
});
