/** Samples from an earlier life, put on the flash by the firmware's own storage on this machine, which is quicker. */
import { crc32 } from "node:zlib";
import { bootSession } from "../../firmware/clock/clock.ts";
import { LIMITS } from "../../firmware/limits.ts";
import { openLedger } from "../../firmware/storage/ledger/ledger.ts";
import { openRing, type StreamSettings } from "../../firmware/storage/ring/ring.ts";
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
export function openStorage(place: { address: number; bytes: number }, pageBytes: number, streams: StreamSettings[]) {
  const { address, bytes } = place;
  const pages = bytes / pageBytes;
  const flash = new SimulatedFlash({ address, pageBytes, pages });
  const region = { flash, crc32: (data: Uint8Array) => crc32(data), address, pageBytes, pages };
  const bankPages = Math.ceil(LIMITS.ledgerBankBytes / pageBytes);
  const ledger = openLedger(region, bankPages);
  return { flash, ledger, ring: openRing(region, ledger, bankPages, streams) };
}

/** The region's bytes. The clock was met at the first sample and ten minutes ago, just after the last. */
export function makeBacklog(options: BacklogOptions): { bytes: Uint8Array; usedPages: number } {
  const { pageBytes, streams, samples } = options;
  const { flash, ledger, ring } = openStorage(REGION, pageBytes, streams);
  const session = bootSession(0);
  ledger.boot(session, 0);
  ring.start(session);
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
