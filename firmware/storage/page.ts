import type { FlashRegion } from "../platform/ports.ts";
import { CRC_RESIDUE, isBlank, isSteadilyBlank, PIECE_BYTES, readSteady } from "./blank.ts";
import { BOOK_COUNT, BOOKS, CHECK_SHORT, INDEX, REBASE, TORN } from "./code-words.ts";
import { get48, put48 } from "./int48.ts";

/** The bytes of a ring page (FORMAT.md, "Ring page"): header, seal, then words up to the page's end. */
export const HEADER_BYTES = 48;
export const HEADER_CRC_AT = 44;
export const SEAL_AT = 48;
export const SEAL_BYTES = 36;
export const WORDS_AT = 84;

/** Magic and version of the format; the version is the highest byte. */
export const PAGE_MAGIC = 0x01524245; // "EBR", version 1
const MAGIC_MASK = 0xffffff;

/** Values are signed; on flash they are shifted to be positive. */
export const VALUE_SHIFT = 34359738368;
/** Largest representable value; beyond it, and for NaN, a sample counts as unrepresentable. */
export const VALUE_MAX = VALUE_SHIFT - 2;

/** Set while every sample of the page belongs to the header's session. */
export const FLAG_ONE_SESSION = 1;
/** Set when `chars` in the seal is not known: the page was open over a reboot. */
export const FLAG_NO_CHARS = 2;

/** A page's header, and how far it has been read or written. What each sample touches comes first: Espruino looks fields up in order. */
export interface Page {
  /** Offset of the next word. */
  at: number;
  /** Up to this offset the next samples may be plain words (while writing; 0 = something special is due). */
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
  /** The code book: up to so many ms or steps either way. */
  jitterSpan: number;
  stepSpan: number;
  words: number;
  /** Text length of all values, and of the last one. */
  chars: number;
  valueChars: number;
  /** Sum of the jitter since the base was set. */
  jitterSumMs: number;

  missed: number;
  failed: number;
  /** How often the time base was set anew. */
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
  flags: number;
  /** Offset of a byte that decayed, and what it was; -1 when there is none. */
  mendedAt: number;
  mendedByte: number;
}

/** A page of `pin` at its first word. */
export function createPage(pin: number, decimals: number, book: number, intervalMs: number, pageBytes: number): Page {
  return {
    at: WORDS_AT,
    plainUntil: 0,
    nextMs: 0,
    value: 0,
    rawMs: 0,
    count: 0,
    intervalMs: intervalMs,
    address: 0,
    jitterSpan: BOOKS[3 * book],
    stepSpan: BOOKS[3 * book + 1],
    words: BOOKS[3 * book + 2],
    chars: 0,
    valueChars: 0,
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
    flags: 0,
    mendedAt: -1,
    mendedByte: 0,
  };
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
  view.setUint32(0, PAGE_MAGIC, true);
  view.setUint8(4, page.pin);
  view.setUint8(5, page.decimals);
  view.setUint8(6, page.book);
  view.setUint32(8, page.sequence, true);
  view.setUint32(12, page.headerSession, true);
  put48(view, 16, page.headerRawMs);
  put48(view, 22, page.value + VALUE_SHIFT);
  view.setUint32(28, page.intervalMs, true);
  view.setUint32(32, page.sampledBefore, true);
  view.setUint32(36, page.missedBefore, true);
  view.setUint32(40, page.failedBefore, true);
  view.setUint32(HEADER_CRC_AT, crc32(new Uint8Array(bytes.buffer, 0, HEADER_CRC_AT)), true);
  return bytes;
}

/** What 48 bytes are: a header of ours, one of another format version (kept, never read), or nothing. */
export function headerKind(crc32: (bytes: Uint8Array) => number, bytes: Uint8Array): "ours" | "foreign" | "none" {
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if ((magic & MAGIC_MASK) !== (PAGE_MAGIC & MAGIC_MASK) || crc32(bytes) !== CRC_RESIDUE) return "none";
  return magic === PAGE_MAGIC ? "ours" : "foreign";
}

/** A page as its header says, at its first word; undefined when the header is no longer whole. */
export function loadPage(region: FlashRegion, index: number): Page | undefined {
  const address = region.address + index * region.pageBytes;
  const bytes = region.flash.read(HEADER_BYTES, address);
  if (headerKind(region.crc32, bytes) !== "ours" || bytes[6] >= BOOK_COUNT) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const page = createPage(bytes[4], bytes[5], bytes[6], view.getUint32(28, true), region.pageBytes);
  page.index = index;
  page.address = address;
  page.sequence = view.getUint32(8, true);
  startPage(page, view.getUint32(12, true), get48(view, 16), get48(view, 22) - VALUE_SHIFT);
  page.sampledBefore = view.getUint32(32, true);
  page.missedBefore = view.getUint32(36, true);
  page.failedBefore = view.getUint32(40, true);
  return page;
}

/** Seal bytes of a full page: with them its end, and that it is whole, is known without decoding it. */
export function encodeSeal(crc32: (bytes: Uint8Array) => number, page: Page, pageCrc: number): Uint8Array {
  const bytes = new Uint8Array(SEAL_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, page.count, true);
  view.setUint8(2, page.flags);
  put48(view, 4, page.rawMs);
  view.setUint16(10, page.failed, true);
  put48(view, 12, page.value + VALUE_SHIFT);
  view.setUint32(20, page.missed, true);
  view.setUint32(24, page.chars, true);
  view.setUint32(28, pageCrc, true);
  view.setUint32(32, crc32(new Uint8Array(bytes.buffer, 0, 32)), true);
  return bytes;
}

/** Reads the seal into `page` and returns the page CRC it promises; NaN when there is no whole seal. */
export function loadSeal(region: FlashRegion, page: Page): number {
  const bytes = region.flash.read(SEAL_BYTES, page.address + SEAL_AT);
  page.sealed = region.crc32(bytes) === CRC_RESIDUE;
  page.sealable = false;
  if (!page.sealed) {
    page.sealable = isSteadilyBlank(region, SEAL_BYTES, page.address + SEAL_AT);
    return Number.NaN;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  page.total = view.getUint16(0, true);
  page.flags = view.getUint8(2);
  page.lastRawMs = get48(view, 4);
  page.failed = view.getUint16(10, true);
  page.missed = view.getUint32(20, true);
  page.chars = view.getUint32(24, true);
  return view.getUint32(28, true);
}

/**
 * CRC of a page: header, then words in pieces of 32 bytes (the first is shorter), each piece's CRC-32 chained into the last with
 * another CRC-32, because E.CRC32 takes no seed and a whole page would not fit the pool. The byte at `mendedAt` (-1 = none)
 * is taken as `mendedByte`.
 */
export function pageCrc(region: FlashRegion, address: number, mendedAt: number, mendedByte: number): number {
  const chain = new Uint8Array(8);
  const view = new DataView(chain.buffer);
  let crc = region.crc32(region.flash.read(HEADER_BYTES, address));
  for (let at = WORDS_AT; at < region.pageBytes; ) {
    const bytes = PIECE_BYTES - (at % PIECE_BYTES);
    const piece = region.flash.read(bytes, address + at);
    if (mendedAt >= at && mendedAt < at + bytes) piece[mendedAt - at] = mendedByte;
    view.setUint32(0, crc, true);
    view.setUint32(4, region.crc32(piece), true);
    crc = region.crc32(chain);
    at += bytes;
  }
  return crc;
}

/** So many CRCs are tried to mend a page: each reads it once. */
const MEND_TRIES = 40;

/**
 * True when every word of a sealed page is what was written. If its CRC fails, each byte that is no code word is tried as the
 * code words one bit away: the one that makes the CRC right is what it was, and the page is read with it.
 */
export function verifyPage(region: FlashRegion, page: Page): boolean {
  const crc = loadSeal(region, page);
  if (pageCrc(region, page.address, -1, 0) === crc) return true;
  let tries = 0;
  for (let at = WORDS_AT; at < region.pageBytes && tries < MEND_TRIES; at++) {
    const byte = region.flash.read(1, page.address + at)[0];
    if (byte === 255 || INDEX[byte] !== TORN) continue;
    for (let bit = 1; bit < 256 && tries < MEND_TRIES; bit *= 2) {
      const mended = byte ^ bit;
      if (mended !== 255 && INDEX[mended] === TORN) continue;
      tries++;
      if (pageCrc(region, page.address, at, mended) !== crc) continue;
      page.mendedAt = at;
      page.mendedByte = mended;
      return true;
    }
  }
  return false;
}

/** Gaps between words are shorter than this, so a blank stretch of it is the page's blank rest. */
const BLOCK_BYTES = 128;
/** An absolute record stands at least so often: a torn word costs no more. */
export const CHECK_EVERY_BYTES = 256;
/** Bytes of a CHECK_SHORT, CHECK_LONG and REBASE record. */
const RECORD_BYTES = [11, 18, 24];
/** Longest record. */
export const RECORD_MAX = 24;
/**
 * Longest stretch programmed at once that may look blank after a cut: three missed slots and a sample of two words. The first
 * byte of longer records is programmed alone and read back before the rest.
 */
export const GAP_BYTES = 5;

/** Where the record that reaches up to `tail`, or was to reach beyond it, ends. All of it must answer alike before it is believed. */
function recordEnd(region: FlashRegion, page: Page, tail: number): number {
  const start = Math.max(WORDS_AT, tail - RECORD_MAX);
  const bytes = readSteady(region, tail - start, page.address + start);
  let end = tail;
  for (let i = 0; i < bytes.length; i++) {
    const word = INDEX[bytes[i]];
    if (word >= CHECK_SHORT && word <= REBASE) end = Math.max(end, start + i + RECORD_BYTES[word - CHECK_SHORT]);
  }
  return Math.min(end, region.pageBytes);
}

/**
 * Offset behind the last record (at least WORDS_AT), by bisection; unstable cells around it are
 * waited for.
 */
export function findTail(region: FlashRegion, page: Page): number {
  let lastUsed = 0;
  let firstBlank = region.pageBytes / BLOCK_BYTES;
  while (firstBlank - lastUsed > 1) {
    const middle = (lastUsed + firstBlank) >> 1;
    if (isBlank(region, page.address + middle * BLOCK_BYTES, BLOCK_BYTES)) firstBlank = middle;
    else lastUsed = middle;
  }
  let tail = firstBlank * BLOCK_BYTES;
  while (tail > WORDS_AT && isBlank(region, page.address + tail - PIECE_BYTES, PIECE_BYTES)) tail -= PIECE_BYTES;
  let end = Math.min(tail + 2 * RECORD_MAX, region.pageBytes);
  while (end > WORDS_AT) {
    const start = Math.max(WORDS_AT, end - PIECE_BYTES);
    const bytes = readSteady(region, end - start, page.address + start);
    for (let i = end - start - 1; i >= 0; i--) {
      if (bytes[i] === 255) continue;
      return recordEnd(region, page, start + i + 1);
    }
    end = start;
  }
  return WORDS_AT;
}
