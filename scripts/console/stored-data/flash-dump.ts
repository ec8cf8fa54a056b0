import { type Partition, readPartitions } from "../../../firmware/platform/partitions.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { PARTITION_BYTES } from "../../build/plan.ts";
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
import { findPages, regionStartOf } from "./find-pages.ts";
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
  if (region === undefined) return findShifted(bytes, pageBytes);
  const endAt = region.address + region.bytes;
  if (endAt > bytes.length) {
    throw new FieldError(
      `The region lies beyond the end of the dump: it ends at ${hex(endAt)}, the dump at ${hex(bytes.length)}.`,
      `The dump was cut short. Read the whole chip: ${READ_CHIP}.`,
    );
  }
  checkRegionSize(region);
  if (!hasData(image, region)) {
    throw new FieldError(
      `There is no data of this firmware at 0x${region.address.toString(16)} (${region.bytes} bytes).`,
      "Give the address and the size that the unit's device file names. In a dump of the whole chip the data is found without --region.",
    );
  }
  checkStart(bytes, region);
  return { region, image, doubts: [] };
}

const hex = (at: number) => `0x${at.toString(16)}`;

/** Throws a `FieldError` when the data in a region shows that it begins elsewhere. */
function checkStart(bytes: Uint8Array, region: DataRegion): void {
  const { address, pageBytes } = region;
  const bankBytes = bankPagesOf(pageBytes) * pageBytes;
  const found = findPages(bytes.subarray(address, address + region.bytes));
  const start = regionStartOf(found, bankBytes);
  if (start === 0) return;
  const inBanks = found.some((page) => page.kind === "ring" && page.at < 2 * bankBytes);
  // The ledger is lost, and the ring is where it has to be.
  if (start === undefined && !inBanks && found.every((page) => page.at % pageBytes === 0)) return;
  throw new FieldError(
    `The data does not begin at ${hex(address)}${start === undefined ? "" : `, but at ${hex(address + start)}`}.`,
    "Give the address and the size that the unit's device file names: --region 0xADDRESS:0xBYTES.",
  );
}

/** The data in a dump of the region alone, or of another stretch of the chip, wherever it begins. */
function findShifted(bytes: Uint8Array, pageBytes: number): RegionCopy {
  const bankBytes = bankPagesOf(pageBytes) * pageBytes;
  const found = findPages(bytes);
  const start = regionStartOf(found, bankBytes);
  // A lost ledger: the ring begins where it has to in a dump that begins with the region.
  const isPlain = start === undefined && found.length > 0 && found[0].at === 2 * bankBytes;
  if (start === undefined && !isPlain && found.length > 0) {
    throw new FieldError(
      found.some((page) => page.kind === "ledger")
        ? "The dump holds the data of more than one region."
        : "The dump does not begin where the data begins: it holds samples, and nothing that dates them.",
      `Read the whole chip: ${READ_CHIP}.`,
    );
  }
  if (start !== undefined && start < 0) {
    throw new FieldError(
      `The dump begins ${-start} bytes behind the beginning of the data.`,
      `Read the whole chip: ${READ_CHIP}.`,
    );
  }
  const from = start ?? 0;
  const whole = Math.floor((bytes.length - from) / pageBytes) * pageBytes;
  const rest = Uint8Array.from(bytes.subarray(from, from + whole));
  if (bytes.length === 0 || (from === 0 && whole !== bytes.length)) {
    throw new FieldError(
      `The dump has ${bytes.length} bytes, which is not a whole number of pages of ${pageBytes} bytes.`,
      `Read it again: ${READ_CHIP}. esptool must end without an error.`,
    );
  }
  const image = imageOf(rest, 0, pageBytes);
  const region = { label: "dump", address: 0, bytes: whole, pageBytes };
  onlyRegion(hasData(image, region) ? [region] : [], [], "the dump");
  checkRegionSize(region);
  const doubts: string[] = [];
  if (from !== 0) {
    doubts.push(`The data begins at ${hex(from)} of the dump, not at its start: the end of the data may be missing.`);
  } else if (pageBytes === ESP32_PAGE_BYTES && !Object.values(PARTITION_BYTES).includes(whole)) {
    doubts.push(
      `No partition for samples has the size of this dump, ${whole} bytes: its end may be missing. If the device file names a region of this size, say so: --region 0x0:0x${whole.toString(16)}.`,
    );
  }
  return { region, image, doubts };
}

/** The region that is named, or that the dump's partition table leads to; undefined when it has no table. */
function findInDump(
  image: FlashImage,
  bytes: number,
  wanted: string | undefined,
  pageBytes: number,
): DataRegion | undefined {
  const parsed = wanted === undefined ? undefined : parseRegion(wanted);
  if (parsed !== undefined && typeof parsed !== "string") return { label: wanted as string, ...parsed, pageBytes };
  const table = bytes > TABLE_ADDRESS + TABLE_BYTES ? readPartitions(image) : [];
  if (typeof table === "string") {
    throw new FieldError(`The dump's ${table}.`, "Say where the data is: --region 0xADDRESS:0xBYTES.");
  }
  return table.length > 0 ? findInChip(image, bytes, parsed, table) : undefined;
}

function findInChip(image: FlashImage, bytes: number, label: string | undefined, table: Partition[]): DataRegion {
  const searched =
    label === undefined ? candidateRegions(table) : [regionByLabel(label, table, "dump", image.pageBytes)];
  const cut = searched.find((one) => one.address + one.bytes > bytes);
  const found = searched.filter((one) => one.address + one.bytes <= bytes && hasData(image, one));
  if (found.length === 0 && cut !== undefined) {
    throw new FieldError(
      `The dump is cut short: it ends at ${hex(bytes)}, and the partition ${cut.label} ends at ${hex(cut.address + cut.bytes)}.`,
      `Read the whole chip: ${READ_CHIP}. esptool must end without an error.`,
    );
  }
  return onlyRegion(found, searched, "the dump");
}

function hasData(image: FlashImage, region: DataRegion): boolean {
  for (let at = 0; at < region.bytes; at += region.pageBytes) {
    if (isOurPage(image.read(4, region.address + at))) return true;
  }
  return false;
}
