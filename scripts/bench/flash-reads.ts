/** Flash transactions: on ESP32 each read is one on the SPI bus, whatever its length. */

import { createPrng } from "../simulator/prng.ts";
import { DEVICE_FILE } from "../simulator/scenarios/scenario.ts";
import { simulate } from "../simulator/simulate.ts";
import { roomTemperature } from "./readings.ts";
import { createStorageRig, INTERVAL_MS } from "./storage-rig.ts";

/** Reads a sample, over a week without Wi-Fi and until everything is sent, of the default device file. */
export async function readsPerSample(): Promise<number> {
  const report = await simulate({ file: DEVICE_FILE }, { seed: 1, offline: "7d" });
  const sampled = report.streams.reduce((sum, stream) => sum + stream.sampled, 0);
  return report.flash.reads / sampled;
}

/** Most reads of an append that takes a page, of a ring that is full and of which nothing was sent. */
export function readsPerPageTaken(pages: number): number {
  const { flash, ring } = createStorageRig(
    pages,
    [1, 2, 3].map((pin) => ({ pin, intervalMs: INTERVAL_MS, decimals: 1 })),
  );
  const next = roomTemperature(createPrng(5).next);
  let most = 0;
  for (let i = 1, takes = 0; takes < 12; i++) {
    for (let pin = 1; pin <= 3; pin++) {
      const before = { ...flash.counts };
      ring.append(pin, i * INTERVAL_MS, next());
      if (flash.counts.erases === before.erases || flash.wear[pages - 1] === 0) continue;
      takes++;
      most = Math.max(most, flash.counts.reads - before.reads);
    }
  }
  return most;
}
