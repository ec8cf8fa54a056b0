import type { Partition } from "../../../firmware/platform/partitions.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { PAGE_MAGIC } from "../../../firmware/storage/format/page.ts";
import { bankPagesOf, pagesNeeded } from "../../../firmware/storage/geometry.ts";
import { counted } from "../../build/counted.ts";
import { didYouMean } from "../../build/did-you-mean.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { WantedRegion } from "../unit/firmware-needs.ts";
import { crc32, type FlashImage } from "./flash-image.ts";

/** A stretch of flash that holds the firmware's data. */
export interface DataRegion {
  /** Partition label, or its address. */
  label: string;
  address: number;
  bytes: number;
  pageBytes: number;
}

/** A region copied to this computer. */
export interface RegionCopy {
  region: DataRegion;
  image: FlashImage;
  /** Why it may not be the whole region, a sentence each. Left out: it is. */
  doubts?: string[];
}

export const ESP32_PAGE_BYTES = 4096;
/** Both kinds of page begin with the letters EB, then R for a ring page or L for a ledger bank (FORMAT.md). */
const MAGIC = [PAGE_MAGIC & 255, (PAGE_MAGIC >> 8) & 255];

/** The least that a region has: the ledger's banks, and the ring of one datastream. */
function pagesMin(pageBytes: number): number {
  return 2 * bankPagesOf(pageBytes) + pagesNeeded(1);
}

/** Reads `0x310000:0x10000`, or a partition's label. */
export function parseRegion(text: string): WantedRegion {
  const match = /^(0x[0-9a-f]+|\d+):(0x[0-9a-f]+|\d+)$/i.exec(text);
  return match === null ? text : { address: Number(match[1]), bytes: Number(match[2]) };
}

/** The copied region as the firmware's storage code takes it. */
export function flashRegionOf(copy: RegionCopy): FlashRegion {
  const { address, bytes, pageBytes } = copy.region;
  return { flash: copy.image, crc32, address, pageBytes, pages: bytes / pageBytes };
}

/** Whether a page with these first bytes (3 or more) was written by this firmware. */
export function isOurPage(head: Uint8Array): boolean {
  return head[0] === MAGIC[0] && head[1] === MAGIC[1] && (head[2] === 0x52 || head[2] === 0x4c);
}

/** Partitions that could hold data, the most probable first. */
export function candidateRegions(partitions: Partition[]): DataRegion[] {
  return (
    partitions
      .filter((part) => (part.type === 1 && part.subtype === 0x40) || (part.type === 0 && part.subtype === 0x10))
      // Espruino's Storage is of the same kind, and so is a "free" partition on some boards that is too small.
      .filter((part) => part.label !== "storage" && part.bytes >= pagesMin(ESP32_PAGE_BYTES) * ESP32_PAGE_BYTES)
      .sort((a, b) => Number(b.label === "flash") - Number(a.label === "flash"))
      .map(({ label, address, bytes }) => ({ label, address, bytes, pageBytes: ESP32_PAGE_BYTES }))
  );
}

/** The partition with this label as a region. Throws a `FieldError` that lists the labels of `owner`, "board" for example. */
export function regionByLabel(label: string, partitions: Partition[], owner: string, pageBytes: number): DataRegion {
  const named = partitions.find((part) => part.label === label);
  if (named !== undefined) return { label: named.label, address: named.address, bytes: named.bytes, pageBytes };
  throw new FieldError(
    `The ${owner} has no partition ${label}${didYouMean(
      label,
      partitions.map((part) => part.label),
    )}.`,
    `It has ${partitions.map((part) => part.label).join(", ")}.`,
  );
}

/** Throws a `FieldError` when a region can't hold data: it is not whole pages, or there are too few. */
export function checkRegionSize({ address, bytes, pageBytes }: DataRegion): void {
  const where = `The region at 0x${address.toString(16)}`;
  const advice = "Give the address and the size that the unit's device file names: --region 0xADDRESS:0xBYTES.";
  if (address % pageBytes !== 0)
    throw new FieldError(`${where} does not begin at a page of ${pageBytes} bytes.`, advice);
  if (bytes % pageBytes !== 0) {
    throw new FieldError(
      `${where} has ${bytes} bytes, which is not a whole number of pages of ${pageBytes} bytes.`,
      advice,
    );
  }
  const pages = bytes / pageBytes;
  if (pages < pagesMin(pageBytes)) {
    throw new FieldError(
      `${where} has ${counted(pages, "page")}. A region has at least ${pagesMin(pageBytes)}.`,
      advice,
    );
  }
}

/**
 * The only region in `found`. Throws a `FieldError` when there is none or more than one; `searched` are the regions that
 * were searched, `where` says in words where they are.
 */
export function onlyRegion(found: DataRegion[], searched: DataRegion[], where: string): DataRegion {
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    throw new FieldError(
      `There is no data of this firmware in ${where}.`,
      searched.length === 0
        ? "Say where the data is: --region LABEL or --region 0xADDRESS:0xBYTES."
        : `Searched in ${searched.map((one) => one.label).join(", ")}. If the device file names another region, give it with --region.`,
    );
  }
  throw new FieldError(
    `There is data in several regions: ${found.map((one) => one.label).join(", ")}.`,
    "Choose one with --region.",
  );
}
