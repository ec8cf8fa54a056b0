import { openStorage, type WholeStorage } from "../../../firmware/storage/whole-storage.ts";
import { crc32, imageOf } from "../../../scripts/console/stored-data/flash-image.ts";

/** Opens a region of a chip with the firmware's own storage, to write samples into it. */
export function openRegionOf(
  chip: Uint8Array,
  streams: { pin: number; intervalMs: number; decimals: number }[],
  address = 0x310000,
  bytes = 0x10000,
  pageBytes = 4096,
): WholeStorage {
  const flash = imageOf(chip, 0, pageBytes);
  const region = { flash, crc32, address, pageBytes, pages: bytes / pageBytes };
  return openStorage(region, streams);
}
