import type { FlashRegion } from "../platform/ports.ts";
import { bankPagesOf, pagesNeeded, ringPagesOf } from "./geometry.ts";
import { type Ledger, openLedger } from "./ledger/ledger.ts";
import { openRing, type Ring, type StreamSettings } from "./ring/ring.ts";

/** All that is kept on flash: what was sampled, and what the server was told. */
export interface Storage {
  ledger: Ledger;
  ring: Ring;
}

/**
 * Opens the ledger and the ring of a region for these datastreams. It only reads: nothing is written before a session
 * starts. Throws a text when the region has too few pages for them.
 */
export function openStorage(region: FlashRegion, streams: StreamSettings[]): Storage {
  const needed = pagesNeeded(streams.length);
  const ringPages = ringPagesOf(region.pages, region.pageBytes);
  if (needed > ringPages) {
    throw `${streams.length} datastreams need ${needed} pages, and the region leaves ${ringPages}`;
  }
  return openStorageWithBanks(region, streams, bankPagesOf(region.pageBytes));
}

/** `openStorage` without its check, on banks of any number of pages: tests with tiny pages wrap both soon. */
export function openStorageWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): Storage {
  const ledger = openLedger(region, bankPages);
  return { ledger: ledger, ring: openRing(region, ledger, bankPages, streams) };
}
