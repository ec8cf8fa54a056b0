import type { Flash, FlashRegion } from "./ports.ts";

/**
 * Proves that nothing else uses a stretch of flash, before anything erases it. Espruino's `Flash.getFree()` is wrong on ESP32 (it
 * names NVS and a part of Storage), so the chip's own partition table decides.
 *
 * A table entry, 32 bytes: AA 50 | type u8 | subtype u8 | offset u32 | size u32 | label 16 chars | flags u32, little-endian;
 * the table ends with FF…, or with EB EB and an MD5 of it (ESP-IDF, components/partition_table).
 */

/** Where ESP-IDF keeps the table unless a build says otherwise; no Espruino build does. */
const TABLE_ADDRESS = 0x8000;
const ENTRY_BYTES = 32;
/** 0xC00 bytes less the end marker. */
const ENTRIES_MAX = 95;
/** Up to here lie bootloader and table: no region starts below. */
const TABLE_END = 0x9000;

const TYPE_APP = 0;
const TYPE_DATA = 1;
const APP_FACTORY = 0x00;
const APP_OTA_0 = 0x10;
const DATA_OTA = 0x00;
/**
 * Data partitions that the system does not use: ESP-IDF leaves subtypes from 0x40 to 0x7F to the application; Espruino's
 * `free` and `flash` have 0x40.
 */
const DATA_OURS = 0x40;

export interface Partition {
  type: number;
  subtype: number;
  address: number;
  bytes: number;
  label: string;
}

function u32(bytes: Uint8Array, at: number): number {
  // Not by shifts: they are signed, and 0xFFFFFFFF means "blank".
  return bytes[at] + bytes[at + 1] * 256 + bytes[at + 2] * 65536 + bytes[at + 3] * 16777216;
}

/** The partitions in the table's order; [] when there is no table at all; words when it is damaged. */
export function readPartitions(flash: Flash): Partition[] | string {
  const partitions: Partition[] = [];
  for (let i = 0; i < ENTRIES_MAX; i++) {
    const entry = flash.read(ENTRY_BYTES, TABLE_ADDRESS + i * ENTRY_BYTES);
    if (entry[0] !== 0xaa || entry[1] !== 0x50) {
      const ended = (entry[0] === 0xff && entry[1] === 0xff) || (entry[0] === 0xeb && entry[1] === 0xeb);
      return i === 0 || ended ? partitions : `partition table is damaged at entry ${i}`;
    }
    let label = "";
    for (let c = 12; c < 28 && entry[c] !== 0; c++) label += String.fromCharCode(entry[c]);
    const part = { type: entry[2], subtype: entry[3], address: u32(entry, 4), bytes: u32(entry, 8), label: label };
    if (part.bytes === 0 || part.address < TABLE_END || part.address % 4096 !== 0) {
      return `partition table is damaged: ${label} at ${part.address}`;
    }
    for (const other of partitions) {
      if (part.address < other.address + other.bytes && other.address < part.address + part.bytes) {
        return `partition table is damaged: ${label} overlaps ${other.label}`;
      }
    }
    partitions.push(part);
  }
  return partitions;
}

/**
 * Whether the unused slot `ota_0` may be taken: only when the bootloader starts `factory`, that is when there is one and no
 * OTA entry (two, each at the start of a page; u32 sequence, FFFFFFFF = none) selects ota_0. An entry's CRC is not checked:
 * a damaged entry makes the firmware refuse the slot, although the bootloader would ignore it.
 */
function otaSlotIsIdle(flash: Flash, partitions: Partition[], pageBytes: number): boolean {
  let slots = 0;
  let hasFactory = false;
  let data: Partition | undefined;
  for (const part of partitions) {
    if (part.type === TYPE_APP && part.subtype >= APP_OTA_0) slots++;
    if (part.type === TYPE_APP && part.subtype === APP_FACTORY) hasFactory = true;
    if (part.type === TYPE_DATA && part.subtype === DATA_OTA) data = part;
  }
  if (!hasFactory) return false;
  if (data === undefined) return true;
  for (let at = data.address; at < data.address + data.bytes; at += pageBytes) {
    const sequence = u32(flash.read(4, at), 0);
    if (sequence !== 0xffffffff && (sequence - 1) % slots === 0) return false;
  }
  return true;
}

/** Why nobody but its owner may write in this partition, or "". */
function ownerOf(part: Partition, otaIsIdle: boolean): string {
  if (part.type === TYPE_APP) {
    if (part.subtype !== APP_OTA_0) return "an application";
    return otaIsIdle ? "" : "the running application, or the one that may run next";
  }
  if (part.type !== TYPE_DATA) return "data of another kind";
  if (part.label === "storage") return "Espruino's Storage, which holds the program";
  if (part.subtype !== DATA_OURS) return "the system's own data";
  return "";
}

/**
 * The region that `wanted` names, proven free of everything else, or the reason in words why not.
 * By label: a whole partition. By address: any stretch that overlaps no partition of the system's; on a board without a
 * table the stretch is the device file's word alone. `pageBytesAt` gives 0 where Espruino has no flash.
 */
export function provenRegion(
  flash: Flash,
  crc32: (bytes: Uint8Array) => number,
  pageBytesAt: (address: number) => number,
  wanted: string | { address: number; bytes: number },
): FlashRegion | string {
  const found = pageBytesAt(TABLE_ADDRESS) === 0 ? [] : readPartitions(flash);
  if (typeof found === "string") return found;
  const named = typeof wanted === "string" ? found.find((part) => part.label === wanted) : undefined;
  if (typeof wanted === "string" && named === undefined) {
    if (found.length === 0) return `region ${wanted}: this board has no partition table; give {address, bytes}`;
    return `region ${wanted}: no such partition; there are ${found.map((part) => part.label).join(", ")}`;
  }
  const address = (named ?? (wanted as Partition)).address;
  const bytes = (named ?? (wanted as Partition)).bytes;
  const label = named === undefined ? `at ${address}` : named.label;
  const pageBytes = pageBytesAt(address);
  if (!(bytes > 0) || pageBytes === 0 || pageBytesAt(address + bytes - 1) !== pageBytes) {
    return `region ${label}: not within the flash that Espruino reaches`;
  }
  if (address % pageBytes !== 0 || bytes % pageBytes !== 0) {
    return `region ${label}: not whole pages of ${pageBytes} bytes`;
  }
  if (found.length > 0 && address < TABLE_END) return `region ${label}: overlaps bootloader and partition table`;
  const otaIsIdle = otaSlotIsIdle(flash, found, pageBytes);
  for (const part of found) {
    const owner = address < part.address + part.bytes && part.address < address + bytes ? ownerOf(part, otaIsIdle) : "";
    // An idle application slot is taken by its name only, so that a wrong address never hits it.
    if (owner !== "") return `region ${label}: overlaps ${part.label}, ${owner}`;
    if (
      named === undefined &&
      part.type === TYPE_APP &&
      address < part.address + part.bytes &&
      part.address < address + bytes
    ) {
      return `region ${label}: overlaps ${part.label}; name it if you mean it`;
    }
  }
  return { flash: flash, crc32: crc32, address: address, pageBytes: pageBytes, pages: bytes / pageBytes };
}
