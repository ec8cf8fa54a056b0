/** Samples from an earlier life of the device. The firmware's own storage writes them on this machine, which is quicker. */
import { crc32 } from "node:zlib";
import { FIX_KIND } from "../../firmware/clock/fix-kind.ts";
import { startSession } from "../../firmware/start-session.ts";
import type { StreamSettings } from "../../firmware/storage/ring/ring.ts";
import { openStorage } from "../../firmware/storage/whole-storage.ts";
import { SimulatedFlash } from "../simulator/flash.ts";
import { REGION } from "./provision-flash.ts";

export interface BacklogOptions {
  /** Page size of the interpreter's flash. */
  pageBytes: number;
  /** The datastreams of the device file. */
  streams: StreamSettings[];
  /** Samples of each datastream. */
  samples: number;
  /** Other numbers of samples, by pin. */
  samplesOf?: { [pin: number]: number };
  /** Default `REGION`. */
  region?: typeof REGION;
  /** A sample's value, as a scaled integer. */
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

/** The region's bytes, with one fix at the first sample and one just after the last, ten minutes ago. */
export function makeBacklog(options: BacklogOptions): { bytes: Uint8Array; usedPages: number } {
  const { pageBytes, streams, samples, samplesOf = {}, region = REGION } = options;
  const { flash, data, ledger, ring } = openBlankStorage(region, pageBytes, streams);
  const { session } = startSession(data);
  const firstRawMs = 1000;
  let endRawMs = firstRawMs;
  for (let index = 0; index < Math.max(samples, ...Object.values(samplesOf)); index++) {
    for (const { pin, intervalMs } of streams) {
      if (index >= (samplesOf[pin] ?? samples)) continue;
      const rawMs = firstRawMs + index * intervalMs + ((index * 37) % 11);
      endRawMs = Math.max(endRawMs, rawMs + 1000);
      if (!ring.append(pin, rawMs, options.value(index, pin))) throw new Error("the region is too small");
    }
  }
  const endTrueMs = Date.now() - 600_000;
  ledger.addFix({ session, rawMs: 0, trueMs: endTrueMs - endRawMs, boundMs: 5, kind: FIX_KIND.sntp });
  ledger.addFix({ session, rawMs: endRawMs, trueMs: endTrueMs, boundMs: 5, kind: FIX_KIND.sntp });
  return { bytes: flash.bytes, usedPages: ring.fill().usedPages };
}
