import { type Partition, readPartitions } from "../../../firmware/platform/partitions.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { HEADER_BYTES, headerKind, PAGE_MAGIC } from "../../../firmware/storage/format/page.ts";
import { bankPagesOf, pagesNeeded } from "../../../firmware/storage/geometry.ts";
import type { Board } from "../doctor/board.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { crc32, type FlashImage, imageOf } from "./region-copy.ts";

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
}

const ESP32_PAGE_BYTES = 4096;
const TABLE_ADDRESS = 0x8000;
/** Both kinds of page begin with two letters, EB, then R or L: ring page or ledger bank (FORMAT.md). */
const MAGIC = [PAGE_MAGIC & 255, (PAGE_MAGIC >> 8) & 255];
/** The least that a region has: the ledger's banks, and the ring of one datastream. */
const PAGES_MIN = 2 * bankPagesOf(ESP32_PAGE_BYTES) + pagesNeeded(1);
/** Read of each page at first: enough to know whose it is. */
const HEAD_BYTES = 64;
/** So many heads fit one answer of the console. */
const HEADS_AT_ONCE = 48;

/** `0x310000:0x10000` or a partition's label. */
export function parseRegion(text: string): string | { address: number; bytes: number } {
  const match = /^(0x[0-9a-f]+|\d+):(0x[0-9a-f]+|\d+)$/i.exec(text);
  return match === null ? text : { address: Number(match[1]), bytes: Number(match[2]) };
}

export function flashRegionOf(copy: RegionCopy): FlashRegion {
  const { address, bytes, pageBytes } = copy.region;
  return { flash: copy.image, crc32, address, pageBytes, pages: bytes / pageBytes };
}

function looksOurs(head: Uint8Array): boolean {
  return head[0] === MAGIC[0] && head[1] === MAGIC[1] && (head[2] === 0x52 || head[2] === 0x4c);
}

/** Partitions that could hold data, likelier ones first. */
function candidates(partitions: Partition[]): DataRegion[] {
  return (
    partitions
      .filter((part) => (part.type === 1 && part.subtype === 0x40) || (part.type === 0 && part.subtype === 0x10))
      // Espruino's Storage is of the same kind, and some "free" partition too small to be of use.
      .filter((part) => part.label !== "storage" && part.bytes >= PAGES_MIN * ESP32_PAGE_BYTES)
      .sort((a, b) => Number(b.label === "flash") - Number(a.label === "flash"))
      .map(({ label, address, bytes }) => ({ label, address, bytes, pageBytes: ESP32_PAGE_BYTES }))
  );
}

function choose(found: DataRegion[], all: DataRegion[], where: string): DataRegion {
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    throw new FieldError(
      `There is no data of this firmware in ${where}.`,
      all.length === 0
        ? "Say where it should be: --region LABEL or --region 0xADDRESS:0xBYTES."
        : `Looked at ${all.map((one) => one.label).join(", ")}. If the device file names another region, give it with --region.`,
    );
  }
  throw new FieldError(
    `There is data in several places: ${found.map((one) => one.label).join(", ")}.`,
    "Say which with --region.",
  );
}

/** Finds the region in an `esptool read_flash` image: of the whole chip, or of the region alone. The bytes are copied. */
export function openDump(dump: Uint8Array, wanted: string | undefined, pageBytes = ESP32_PAGE_BYTES): RegionCopy {
  const bytes = Uint8Array.from(dump);
  const whole = imageOf(bytes, 0, pageBytes);
  const table = bytes.length > TABLE_ADDRESS + 0xc00 ? readPartitions(whole) : [];
  const isChip = typeof table === "string" || table.length > 0;
  const parsed = wanted === undefined ? undefined : parseRegion(wanted);
  let region: DataRegion;
  if (parsed !== undefined && typeof parsed !== "string") {
    region = { label: wanted as string, ...parsed, pageBytes };
  } else if (!isChip) {
    if (bytes.length === 0 || bytes.length % pageBytes !== 0) {
      throw new FieldError(
        `The dump has ${bytes.length} bytes, which is no whole number of pages of ${pageBytes}.`,
        "Read it again: `esptool read_flash 0 ALL flash.bin`; esptool must have ended without an error.",
      );
    }
    region = { label: "dump", address: 0, bytes: bytes.length, pageBytes };
    choose(hasData(whole, region) ? [region] : [], [], "the dump");
  } else {
    if (typeof table === "string")
      throw new FieldError(`The dump's ${table}.`, "Say where the data is: --region 0xADDRESS:0xBYTES.");
    const named = table.find((part) => part.label === parsed);
    if (parsed !== undefined && named === undefined) {
      throw new FieldError(
        `The dump has no partition ${parsed}.`,
        `It has ${table.map((part) => part.label).join(", ")}.`,
      );
    }
    const all =
      named === undefined
        ? candidates(table)
        : [{ label: named.label, address: named.address, bytes: named.bytes, pageBytes }];
    const within = all.filter((one) => one.address + one.bytes <= bytes.length);
    region = choose(
      within.filter((one) => hasData(whole, one)),
      all,
      "the dump",
    );
  }
  if (region.address + region.bytes > bytes.length) {
    throw new FieldError(
      "The region lies beyond the end of the dump.",
      "Read the whole chip: `esptool read_flash 0 ALL flash.bin`.",
    );
  }
  return { region, image: whole };
}

function hasData(flash: FlashImage, region: DataRegion): boolean {
  for (let at = 0; at < region.bytes; at += region.pageBytes) {
    if (looksOurs(flash.read(4, region.address + at))) return true;
  }
  return false;
}

/** Heads of all pages of a region on a device, HEAD_BYTES each. */
export async function readHeads(device: DeviceConsole, region: DataRegion): Promise<Uint8Array[]> {
  const heads: Uint8Array[] = [];
  const pages = region.bytes / region.pageBytes;
  for (let first = 0; first < pages; first += HEADS_AT_ONCE) {
    const count = Math.min(HEADS_AT_ONCE, pages - first);
    const start = region.address + first * region.pageBytes;
    const bytes = await device.evaluateBytes(
      `(function(s,f,i){for(i=0;i<${count};i++)s+=E.toString(f.read(${HEAD_BYTES},${start}+i*${region.pageBytes}));return s})("",require("Flash"),0)`,
    );
    for (let i = 0; i < count; i++) heads.push(bytes.subarray(i * HEAD_BYTES, (i + 1) * HEAD_BYTES));
  }
  return heads;
}

/** Finds the region on a running device. Undefined when there is no data on it yet. */
export async function findOnDevice(
  device: DeviceConsole,
  board: Board,
  wanted: string | { address: number; bytes: number } | undefined,
): Promise<DataRegion | undefined> {
  const partitions = Array.isArray(board.partitions) ? board.partitions : [];
  let all = candidates(partitions);
  if (typeof wanted === "string") {
    const named = partitions.find((part) => part.label === wanted);
    if (named === undefined) {
      throw new FieldError(
        `The board has no partition ${wanted}.`,
        `It has ${partitions.map((part) => part.label).join(", ")}.`,
      );
    }
    all = [{ label: named.label, address: named.address, bytes: named.bytes, pageBytes: ESP32_PAGE_BYTES }];
  } else if (wanted !== undefined) {
    const pageBytes = Number(await device.evaluate(`require("Flash").getPage(${wanted.address}).length`));
    all = [{ label: `0x${wanted.address.toString(16)}`, ...wanted, pageBytes }];
  }
  const found: DataRegion[] = [];
  for (const region of all) {
    const banks = bankPagesOf(region.pageBytes);
    // The ledger's banks come first and are never both blank once a firmware ran.
    for (const at of [0, banks * region.pageBytes]) {
      const magic = await device.evaluateBytes(`E.toString(require("Flash").read(4,${region.address + at}))`);
      if (looksOurs(magic) && !found.includes(region)) found.push(region);
    }
  }
  if (found.length === 0) return undefined;
  return choose(found, all, "the board's flash");
}

/** Copies what is used of a region from a device: the ledger and the pages with samples. Progress in pages. */
export async function copyFromDevice(
  device: DeviceConsole,
  region: DataRegion,
  onProgress?: (pages: number, total: number) => void,
): Promise<RegionCopy> {
  const bytes = new Uint8Array(region.bytes).fill(0xff);
  const heads = await readHeads(device, region);
  const ledgerPages = 2 * bankPagesOf(region.pageBytes);
  const used = heads.map(
    (head, page) => page < ledgerPages || headerKind(crc32, head.slice(0, HEADER_BYTES)) !== "none",
  );
  const total = used.filter(Boolean).length;
  let done = 0;
  for (let page = 0; page < heads.length; page++) {
    bytes.set(heads[page], page * region.pageBytes);
    if (!used[page]) continue;
    for (let at = 0; at < region.pageBytes; at += 1024) {
      const address = region.address + page * region.pageBytes + at;
      bytes.set(
        await device.evaluateBytes(`E.toString(require("Flash").read(1024,${address}))`),
        page * region.pageBytes + at,
      );
    }
    onProgress?.(++done, total);
  }
  return { region, image: imageOf(bytes, region.address, region.pageBytes) };
}
