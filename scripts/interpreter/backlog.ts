/** Samples from an earlier life, put on the flash by the firmware's own storage on this machine, which is quicker. */
import { crc32 } from "node:zlib";
import { startSession } from "../../firmware/clock/start-session.ts";
import type { StreamSettings } from "../../firmware/storage/ring/ring.ts";
import { openStorage } from "../../firmware/storage/storage.ts";
import { SimulatedFlash } from "../simulator/flash.ts";
import { REGION } from "./provision-flash.ts";

export interface BacklogOptions {
  /** Of the interpreter's flash. */
  pageBytes: number;
  /** As in the device file. */
  streams: StreamSettings[];
  /** Of each datastream. */
  samples: number;
  /** Scaled integers. */
  value(index: number, pin: number): number;
}

/** The firmware's storage on a blank region of simulated flash. */
export function openBlankStorage(
  place: { address: number; bytes: number },
  pageBytes: number,
  streams: StreamSettings[],
) {
  const { address, bytes } = place;
  const pages = bytes / pageBytes;
  const flash = new SimulatedFlash({ address, pageBytes, pages });
  const region = { flash, crc32: (data: Uint8Array) => crc32(data), address, pageBytes, pages };
  return { flash, ...openStorage(region, streams) };
}

/** The region's bytes. The clock was met at the first sample and ten minutes ago, just after the last. */
export function makeBacklog(options: BacklogOptions): { bytes: Uint8Array; usedPages: number } {
  const { pageBytes, streams, samples } = options;
  const { flash, ledger, ring } = openBlankStorage(REGION, pageBytes, streams);
  const { session } = startSession(ledger, ring);
  const firstRawMs = 1000;
  let endRawMs = firstRawMs;
  for (let index = 0; index < samples; index++) {
    for (const { pin, intervalMs } of streams) {
      const rawMs = firstRawMs + index * intervalMs + ((index * 37) % 11);
      endRawMs = Math.max(endRawMs, rawMs + 1000);
      if (!ring.append(pin, rawMs, options.value(index, pin))) throw new Error("the region is too small");
    }
  }
  const endTrueMs = Date.now() - 600_000;
  ledger.addFix(session, 0, endTrueMs - endRawMs, 5);
  ledger.addFix(session, endRawMs, endTrueMs, 5);
  return { bytes: flash.bytes, usedPages: ring.fill().usedPages };
}
