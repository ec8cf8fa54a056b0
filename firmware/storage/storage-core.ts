import type { FlashRegion } from "../platform/ports.ts";
import { bankPagesOf, pagesNeeded, ringPagesOf } from "./geometry.ts";
import { type Ledger, type LedgerCore, mountLedger, useLedger } from "./ledger/ledger.ts";
import { mountRing, type RingCore, type RingUse, type StreamSettings, useRing } from "./ring/ring.ts";

/** What stays in memory of a storage: plain data. */
export interface StorageCore {
  ledger: LedgerCore;
  ring: RingCore;
  /** What a delivery holds: while there is one, others use it too, as a second one takes some 800 JsVars. */
  inUse: StorageUse | undefined;
}

/** A storage in use, but for what writes samples (appender.ts). */
export interface StorageUse extends RingUse {
  ledger: Ledger;
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

/** `mountStorage` without its check, on banks of any number of pages. */
export function mountWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): StorageCore {
  const ledger = mountLedger(region, bankPages);
  return { ledger, ring: mountRing(region, useLedger(ledger), bankPages, streams), inUse: undefined };
}

/** The storage that a delivery holds, or one made for the caller. */
export function storageOf(core: StorageCore): StorageUse {
  return core.inUse || useStorage(core);
}

/**
 * What works with a mounted storage. Made anew for each use, and let go after it: its functions take JsVars only while it lasts.
 * Several at once see the same.
 */
export function useStorage(core: StorageCore): StorageUse {
  "on demand";
  const ledger = useLedger(core.ledger);
  const use = useRing(core.ring, ledger);
  return { ledger, ring: use.ring, parts: use.parts, space: use.space };
}
