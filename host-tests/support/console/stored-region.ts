import { type Ledger, openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { openRing, type Ring } from "../../../firmware/storage/ring/ring.ts";
import { crc32, imageOf } from "../../../scripts/console/stored-data/flash-image.ts";

export interface WrittenRegion {
  ledger: Ledger;
  ring: Ring;
}

/** A region of a chip, written by the firmware's own storage: for exports and rescues. */
export function openRegionOf(
  chip: Uint8Array,
  streams: { pin: number; intervalMs: number; decimals: number }[],
  address = 0x310000,
  bytes = 0x10000,
  pageBytes = 4096,
): WrittenRegion {
  const flash = imageOf(chip, 0, pageBytes);
  const bankPages = Math.ceil(4096 / pageBytes);
  const region = { flash, crc32, address, pageBytes, pages: bytes / pageBytes };
  const ledger = openLedger(region, bankPages);
  const ring = openRing(region, ledger, bankPages, streams);
  return { ledger, ring };
}
