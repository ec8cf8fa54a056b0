import type { FlashRegion } from "../platform/ports.ts";
import { bankPagesOf, pagesNeeded, ringPagesOf } from "./geometry.ts";
import { type Ledger, type LedgerCore, mountLedger, useLedger } from "./ledger/ledger.ts";
import { mountRing, type Ring, type RingCore, type StreamSettings, useRing } from "./ring/ring.ts";
import type { Space } from "./ring/space.ts";

/** All that is kept on flash: what was sampled, and what the server was told. */
export interface Storage {
  ledger: Ledger;
  ring: Ring;
}

/** What stays in memory of it: plain data. */
export interface StorageCore {
  ledger: LedgerCore;
  ring: RingCore;
}

/**
 * Mounts the ledger and the ring of a region for these datastreams. It only reads: nothing is written before a session
 * starts. Throws a text when the region has too few pages for them.
 */
export function mountStorage(region: FlashRegion, streams: StreamSettings[]): StorageCore {
  const needed = pagesNeeded(streams.length);
  const ringPages = ringPagesOf(region.pages, region.pageBytes);
  if (needed > ringPages) {
    throw `${streams.length} datastreams need ${needed} pages, and the region leaves ${ringPages}`;
  }
  return mountWithBanks(region, streams, bankPagesOf(region.pageBytes));
}

function mountWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): StorageCore {
  const ledger = mountLedger(region, bankPages);
  return { ledger, ring: mountRing(region, useLedger(ledger), bankPages, streams) };
}

/**
 * What works with a mounted storage. Made anew for each use, and let go after it: its functions take JsVars only while it lasts.
 * Several at once see the same.
 */
export function useStorage(core: StorageCore): Storage & { space: Space } {
  "on demand";
  const ledger = useLedger(core.ledger);
  const use = useRing(core.ring, ledger);
  return { ledger, ring: use.ring, space: use.space };
}

/** `mountStorage` and `useStorage`. */
export function openStorage(region: FlashRegion, streams: StreamSettings[]): Storage {
  return useStorage(mountStorage(region, streams));
}

/** `openStorage` without its check, on banks of any number of pages: tests with tiny pages wrap both soon. */
export function openStorageWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): Storage {
  return useStorage(mountWithBanks(region, streams, bankPages));
}
