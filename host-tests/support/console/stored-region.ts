import { openStorage, type Storage } from "../../../firmware/storage/storage.ts";
import { crc32, imageOf } from "../../../scripts/console/stored-data/region-copy.ts";

/** A region of a chip, written by the firmware's own storage: for exports and rescues. */
export function openRegionOf(
  chip: Uint8Array,
  streams: { pin: number; intervalMs: number; decimals: number }[],
  address = 0x310000,
  bytes = 0x10000,
  pageBytes = 4096,
): Storage {
  const flash = imageOf(chip, 0, pageBytes);
  const region = { flash, crc32, address, pageBytes, pages: bytes / pageBytes };
  return openStorage(region, streams);
}
