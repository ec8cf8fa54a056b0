/**
 * The bytes of a ring page (FORMAT.md, "Ring page"):
 *
 *     0 header | 48 seal | 72 words up to the page's end
 */

import type { FlashRegion } from "../../platform/ports.ts";
import { BOOK_COUNT, BOOKS } from "./code-words.ts";
import { CRC_RESIDUE } from "./crc.ts";
import { VALUE_MAX } from "./decimal.ts";
import { get48, put48 } from "./int48.ts";
import { mendOneBit } from "./mend.ts";
import { symbolOf } from "./symbol.ts";

/** Where the parts of a page begin. */
export const SEAL_AT = 48;
export const WORDS_AT = 72;

export const HEADER_BYTES = 48;
/** Offsets in the header. */
export const HEADER_AT = {
  magic: 0,
  pin: 4,
  decimals: 5,
  book: 6,
  sequence: 8,
  session: 12,
  baseRawMs: 16,
  baseValue: 22,
  intervalMs: 28,
  samplesBefore: 32,
  missedBefore: 36,
  failedBefore: 40,
  crc: 44,
};

/** Magic and version of the format; the version is the highest byte. */
export const PAGE_MAGIC = 0x02524245; // "EBR", version 2
const MAGIC_MASK = 0xffffff;
/** Pages of version 1 are read and let go of like all, but no sample is added to them. */
export const FIRST_MAGIC = 0x01524245;
export const FIRST_VERSION = 1;
/** Of version 1: three missed slots and a sample of two words in one program. */
const FIRST_GAP_BYTES = 5;
/** Offset of the version in the magic. */
const VERSION_AT = 3;
/** Magic of a page that holds fixes (ledger/archive.ts). */
const FIXES_MAGIC = 0x01464245; // "EBF", version 1
/** The ring's table has these pages under this number, which is no pin of a datastream. */
export const FIXES_PIN = 256;

/** Values are signed; on flash they are shifted to be positive. Two of the shifted ones name none. */
export const VALUE_SHIFT = VALUE_MAX + 2;

/** From one absolute record to the next at most: a torn word costs no more than that. */
export const CHECK_EVERY_BYTES = 256;
/** Longest record. */
export const RECORD_MAX = 25;

/**
 * A page's header, and how far it has been read or written. What each sample touches comes first: Espruino looks fields
 * up in order.
 */
export interface Page {
  /** Offset of the next word. */
  at: number;
  /** While writing: the next samples may be plain words up to this offset. 0 = the next sample needs a closer look. */
  plainUntil: number;
  /** Raw time of the next slot. */
  nextMs: number;
  /** Last value and raw time. */
  value: number;
  rawMs: number;
  /** Samples before `at`. */
  count: number;
  intervalMs: number;
  address: number;
  /** How far the code book reaches either way, in ms and in steps (format/symbol.ts). */
  jitterSpan: number;
  stepSpan: number;
  words: number;
  /** How many symbols the book has. */
  symbols: number;
  /** Sum of the jitter since the base was set. */
  jitterSumMs: number;

  missed: number;
  failed: number;
  /** How many times the time base was set anew. */
  epoch: number;
  session: number;
  /** Raw time of slot 0. */
  baseRawMs: number;
  /** count + missed + failed at slot 0. */
  baseSlots: number;
  /** Offset behind the last absolute record. */
  checkedAt: number;
  /** True after a torn word: nothing is believed before the next absolute record. */
  lost: boolean;
  /** Data words met while lost. */
  strays: number;

  index: number;
  sequence: number;
  /** Of the format. */
  version: number;
  pin: number;
  decimals: number;
  book: number;
  headerSession: number;
  headerRawMs: number;
  /** Samples, missed slots and failed readings of the datastream before this page, modulo 2^32. */
  sampledBefore: number;
  missedBefore: number;
  failedBefore: number;

  /** True when the seal stands: `total` and `lastRawMs` are the seal's. */
  sealed: boolean;
  /** True when the seal's slot is still blank. */
  sealable: boolean;
  /** Offset behind the last word. */
  end: number;
  total: number;
  lastRawMs: number;
  /** Offset of a byte that decayed (0–71: of the header or the seal), -1 when there is none; and what it was, if it is a word. */
  mendedAt: number;
  mendedByte: number;
}

/** A page of `pin` at its first word. */
export function createPage(pin: number, decimals: number, book: number, intervalMs: number, pageBytes: number): Page {
  const reach = { jitterSpan: BOOKS[3 * book], stepSpan: BOOKS[3 * book + 1] };
  return {
    at: WORDS_AT,
    plainUntil: 0,
    nextMs: 0,
    value: 0,
    rawMs: 0,
    count: 0,
    intervalMs: intervalMs,
    address: 0,
    jitterSpan: reach.jitterSpan,
    stepSpan: reach.stepSpan,
    words: BOOKS[3 * book + 2],
    symbols: symbolOf(reach, reach.jitterSpan, reach.stepSpan) + 1,
    jitterSumMs: 0,
    missed: 0,
    failed: 0,
    epoch: 0,
    session: 0,
    baseRawMs: 0,
    baseSlots: 0,
    checkedAt: WORDS_AT,
    lost: false,
    strays: 0,
    index: 0,
    sequence: 0,
    version: PAGE_MAGIC >> 24,
    pin: pin,
    decimals: decimals,
    book: book,
    headerSession: 0,
    headerRawMs: 0,
    sampledBefore: 0,
    missedBefore: 0,
    failedBefore: 0,
    sealed: false,
    sealable: true,
    end: pageBytes,
    total: 0,
    lastRawMs: 0,
    mendedAt: -1,
    mendedByte: 0,
  };
}

/** The longest program of this page that a cut can leave without a word that says how far it reaches, in bytes. */
export function gapBytes(page: Page): number {
  return page.version > FIRST_VERSION ? page.words : FIRST_GAP_BYTES;
}

/**
 * How far the slots of a boot are set behind its first sample, in ms. That sample is taken at once, those after it when a timer
 * fires, which is never early: so the first is given the earliest place in its slot that the book has.
 */
export function leadMs(page: Page): number {
  return Math.min(page.jitterSpan, page.intervalMs >> 2);
}

/** Starts the state of a page from its header. */
export function startPage(page: Page, session: number, rawMs: number, value: number): void {
  page.headerSession = session;
  page.session = session;
  page.headerRawMs = rawMs;
  page.baseRawMs = rawMs;
  page.nextMs = rawMs;
  page.rawMs = rawMs;
  page.lastRawMs = rawMs;
  page.value = value;
}

/** Header bytes of a new page. */
export function encodeHeader(crc32: (bytes: Uint8Array) => number, page: Page): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER_AT.magic, page.pin === FIXES_PIN ? FIXES_MAGIC : PAGE_MAGIC, true);
  view.setUint8(HEADER_AT.pin, page.pin);
  view.setUint8(HEADER_AT.decimals, page.decimals);
  view.setUint8(HEADER_AT.book, page.book);
  view.setUint32(HEADER_AT.sequence, page.sequence, true);
  view.setUint32(HEADER_AT.session, page.headerSession, true);
  put48(view, HEADER_AT.baseRawMs, page.headerRawMs);
  put48(view, HEADER_AT.baseValue, page.value + VALUE_SHIFT);
  view.setUint32(HEADER_AT.intervalMs, page.intervalMs, true);
  view.setUint32(HEADER_AT.samplesBefore, page.sampledBefore, true);
  view.setUint32(HEADER_AT.missedBefore, page.missedBefore, true);
  view.setUint32(HEADER_AT.failedBefore, page.failedBefore, true);
  view.setUint32(HEADER_AT.crc, crc32(new Uint8Array(bytes.buffer, 0, HEADER_AT.crc)), true);
  return bytes;
}

/**
 * What 48 bytes are: a header that this code reads, that of a page of fixes, one of an unknown format version (kept, never read),
 * or nothing.
 */
export function headerKind(
  crc32: (bytes: Uint8Array) => number,
  bytes: Uint8Array,
): "ours" | "fixes" | "foreign" | "none" {
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(HEADER_AT.magic, true);
  if (magic === FIXES_MAGIC && crc32(bytes) === CRC_RESIDUE) return "fixes";
  if ((magic & MAGIC_MASK) !== (PAGE_MAGIC & MAGIC_MASK) || crc32(bytes) !== CRC_RESIDUE) return "none";
  return magic === PAGE_MAGIC || magic === FIRST_MAGIC ? "ours" : "foreign";
}

/**
 * Mends the one bit of a header that turned over, and returns the offset of its byte; -1 when there is nothing to mend, or it
 * can't be. Bytes whose magic is more than one bit off are no header of ours.
 */
export function mendHeader(crc32: (bytes: Uint8Array) => number, bytes: Uint8Array): number {
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(HEADER_AT.magic, true);
  const off = (magic ^ PAGE_MAGIC) & MAGIC_MASK;
  const offFixes = (magic ^ FIXES_MAGIC) & MAGIC_MASK;
  if ((off & (off - 1)) !== 0 && (offFixes & (offFixes - 1)) !== 0) return -1;
  return crc32(bytes) === CRC_RESIDUE ? -1 : mendOneBit(crc32, bytes);
}

/** Reads of a header before it counts as decayed. */
const HEADER_READS = 3;

/** A page as its header says, at its first word; undefined when the header is beyond mending. */
export function loadPage(region: FlashRegion, index: number): Page | undefined {
  "on demand";
  const address = region.address + index * region.pageBytes;
  let bytes = region.flash.read(HEADER_BYTES, address);
  for (let reads = 1; reads < HEADER_READS && headerKind(region.crc32, bytes) === "none"; reads++) {
    bytes = region.flash.read(HEADER_BYTES, address);
  }
  const mendedAt = mendHeader(region.crc32, bytes);
  const book = bytes[HEADER_AT.book];
  if (headerKind(region.crc32, bytes) !== "ours" || book >= BOOK_COUNT) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const intervalMs = view.getUint32(HEADER_AT.intervalMs, true);
  const page = createPage(bytes[HEADER_AT.pin], bytes[HEADER_AT.decimals], book, intervalMs, region.pageBytes);
  page.version = bytes[VERSION_AT];
  page.index = index;
  page.address = address;
  page.mendedAt = mendedAt;
  page.sequence = view.getUint32(HEADER_AT.sequence, true);
  page.sampledBefore = view.getUint32(HEADER_AT.samplesBefore, true);
  page.missedBefore = view.getUint32(HEADER_AT.missedBefore, true);
  page.failedBefore = view.getUint32(HEADER_AT.failedBefore, true);
  const value = get48(view, HEADER_AT.baseValue) - VALUE_SHIFT;
  startPage(page, view.getUint32(HEADER_AT.session, true), get48(view, HEADER_AT.baseRawMs), value);
  return page;
}
