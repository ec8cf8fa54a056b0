/** The firmware's storage on simulated flash, booted, for the benches that count. */
import { crc32 } from "node:zlib";
import type { StreamSettings } from "../../firmware/storage/ring/ring.ts";
import { openStorageWithBanks, type WholeStorage } from "../../firmware/storage/whole-storage.ts";
import { SimulatedFlash } from "../simulator/flash.ts";

export const PAGE_BYTES = 4096;
export const BANK_PAGES = 1;
export const INTERVAL_MS = 60000;

export interface StorageRig extends WholeStorage {
  flash: SimulatedFlash;
}

/** Ledger and ring on `flash`, not booted. */
export function mountStorage(
  flash: SimulatedFlash,
  pages: number,
  streams: StreamSettings[],
  pageBytes = PAGE_BYTES,
): StorageRig {
  const region = { flash, crc32: (bytes: Uint8Array) => crc32(bytes), address: 0, pageBytes, pages };
  return { flash, ...openStorageWithBanks(region, streams, BANK_PAGES) };
}

/** A blank region, in its first session. */
export function createStorageRig(pages: number, streams: StreamSettings[], pageBytes = PAGE_BYTES): StorageRig {
  const rig = mountStorage(new SimulatedFlash({ pages, pageBytes }), pages, streams, pageBytes);
  rig.ledger.boot(1, 0);
  rig.ring.start(1);
  return rig;
}
