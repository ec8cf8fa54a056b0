import type { FlashRegion } from "../platform/ports.ts";
import { bankPagesOf, pagesNeeded, ringPagesOf } from "./geometry.ts";
import { openLedger } from "./ledger/ledger.ts";
import { mountRing, type Storage, type StreamSettings } from "./ring/ring.ts";

/**
 * Mounts the ledger and the ring of a region for these datastreams. It only reads: nothing is written before a session
 * starts. After it `Ledger.openPages` has to be set, and `enterArchive` called. Throws a text when the region has too few
 * pages for them.
 */
export function mountStorage(region: FlashRegion, streams: StreamSettings[]): Storage {
  const needed = pagesNeeded(streams.length);
  const ringPages = ringPagesOf(region.pages, region.pageBytes);
  if (needed > ringPages) {
    throw `${streams.length} datastreams need ${needed} pages, and the region leaves ${ringPages}`;
  }
  return mountWithBanks(region, streams, bankPagesOf(region.pageBytes));
}

/** `mountStorage` without its check, on banks of any number of pages. */
export function mountWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): Storage {
  const ledger = openLedger(region, bankPages);
  return { ledger, ring: mountRing(region, ledger, bankPages, streams) };
}
