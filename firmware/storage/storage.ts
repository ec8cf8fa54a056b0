/** The storage whole, for tools and tests: they have memory enough for all of it at once. */
import type { FlashRegion } from "../platform/ports.ts";
import { createAppender } from "./appender.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Ring, StreamSettings } from "./ring/ring.ts";
import { mountStorage, mountWithBanks, type StorageCore, useStorage } from "./storage-core.ts";

/** All that is kept on flash: what was sampled, and what the server was told. */
export interface Storage {
  ledger: Ledger;
  ring: Ring;
}

/** Mounts a region as `mountStorage` does. */
export function openStorage(region: FlashRegion, streams: StreamSettings[]): Storage {
  return openWhole(mountStorage(region, streams));
}

/** `openStorage` without its check, on banks of any number of pages: tests with tiny pages wrap both soon. */
export function openStorageWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): Storage {
  return openWhole(mountWithBanks(region, streams, bankPages));
}

function openWhole(core: StorageCore): Storage {
  const use = useStorage(core);
  return { ledger: use.ledger, ring: Object.assign(use.ring, createAppender(core)) };
}
