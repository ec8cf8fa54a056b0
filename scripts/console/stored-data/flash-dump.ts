import { type Partition, readPartitions } from "../../../firmware/platform/partitions.ts";
import { FieldError } from "../terminal/field-error.ts";
import { TABLE_ADDRESS, TABLE_BYTES } from "../unit/board-info.ts";
import {
  candidateRegions,
  checkRegionSize,
  type DataRegion,
  ESP32_PAGE_BYTES,
  isOurPage,
  onlyRegion,
  parseRegion,
  type RegionCopy,
  regionByLabel,
} from "./data-region.ts";
import { type FlashImage, imageOf } from "./flash-image.ts";

const READ_CHIP = "`esptool read_flash 0 ALL flash.bin`";

/**
 * Finds the region in a dump that `esptool read_flash` made: of the whole chip, or of the region alone. The bytes are
 * copied, so that the dump stays as it is. `wanted` is the text of --region. Throws a `FieldError`, also when the region
 * holds no data of this firmware.
 */
export function openDump(dump: Uint8Array, wanted: string | undefined, pageBytes = ESP32_PAGE_BYTES): RegionCopy {
  const bytes = Uint8Array.from(dump);
  const image = imageOf(bytes, 0, pageBytes);
  const region = findInDump(image, bytes.length, wanted, pageBytes);
  if (region.address + region.bytes > bytes.length) {
    throw new FieldError("The region lies beyond the end of the dump.", `Read the whole chip: ${READ_CHIP}.`);
  }
  checkRegionSize(region);
  if (!hasData(image, region)) {
    throw new FieldError(
      `There is no data of this firmware at 0x${region.address.toString(16)} (${region.bytes} bytes).`,
      "Give the address and the size that the unit's device file names. In a dump of the whole chip the data is found without --region.",
    );
  }
  return { region, image };
}

function findInDump(image: FlashImage, bytes: number, wanted: string | undefined, pageBytes: number): DataRegion {
  const parsed = wanted === undefined ? undefined : parseRegion(wanted);
  if (parsed !== undefined && typeof parsed !== "string") return { label: wanted as string, ...parsed, pageBytes };
  const table = bytes > TABLE_ADDRESS + TABLE_BYTES ? readPartitions(image) : [];
  if (typeof table === "string") {
    throw new FieldError(`The dump's ${table}.`, "Say where the data is: --region 0xADDRESS:0xBYTES.");
  }
  return table.length > 0 ? findInChip(image, bytes, parsed, table) : regionAlone(image, bytes);
}

function findInChip(image: FlashImage, bytes: number, label: string | undefined, table: Partition[]): DataRegion {
  const searched =
    label === undefined ? candidateRegions(table) : [regionByLabel(label, table, "dump", image.pageBytes)];
  const found = searched.filter((one) => one.address + one.bytes <= bytes && hasData(image, one));
  return onlyRegion(found, searched, "the dump");
}

function regionAlone(image: FlashImage, bytes: number): DataRegion {
  const { pageBytes } = image;
  if (bytes === 0 || bytes % pageBytes !== 0) {
    throw new FieldError(
      `The dump has ${bytes} bytes, which is not a whole number of pages of ${pageBytes} bytes.`,
      `Read it again: ${READ_CHIP}. esptool must end without an error.`,
    );
  }
  const region = { label: "dump", address: 0, bytes, pageBytes };
  return onlyRegion(hasData(image, region) ? [region] : [], [], "the dump");
}

function hasData(image: FlashImage, region: DataRegion): boolean {
  for (let at = 0; at < region.bytes; at += region.pageBytes) {
    if (isOurPage(image.read(4, region.address + at))) return true;
  }
  return false;
}
