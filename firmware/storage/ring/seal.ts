import type { FlashRegion } from "../../platform/ports.ts";
import { INDEX, TORN } from "../format/code-words.ts";
import { CRC_RESIDUE } from "../format/crc.ts";
import { get48, put48 } from "../format/int48.ts";
import { mendOneBit } from "../format/mend.ts";
import { type Page, SEAL_AT, WORDS_AT } from "../format/page.ts";
import { isSteadilyBlank, LARGE_PIECE_BYTES, readSteady } from "../proven-flash.ts";
import { DECAYED, MENDED, WHOLE } from "./page-table.ts";

const SEAL_BYTES = 24;
/** Offsets in the seal (FORMAT.md, "seal"). */
export const IN_SEAL = { samples: 0, failed: 2, lastRawMs: 4, missed: 12, pageCrc: 16, crc: 20 };

/** The seal of a full page: it tells where the page ends, and whether it is whole, without decoding. */
export function encodeSeal(crc32: (bytes: Uint8Array) => number, page: Page, pageCrc: number): Uint8Array {
  const bytes = new Uint8Array(SEAL_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(IN_SEAL.samples, page.count, true);
  view.setUint16(IN_SEAL.failed, page.failed, true);
  put48(view, IN_SEAL.lastRawMs, page.rawMs);
  view.setUint32(IN_SEAL.missed, page.missed, true);
  view.setUint32(IN_SEAL.pageCrc, pageCrc, true);
  view.setUint32(IN_SEAL.crc, crc32(new Uint8Array(bytes.buffer, 0, IN_SEAL.crc)), true);
  return bytes;
}

/**
 * Reads the seal into `page`, with the one bit mended that turned over, and returns the page CRC it promises; NaN when there is
 * no whole seal.
 */
export function loadSeal(region: FlashRegion, page: Page): number {
  "on demand";
  const address = page.address + SEAL_AT;
  let bytes = region.flash.read(SEAL_BYTES, address);
  page.sealed = region.crc32(bytes) === CRC_RESIDUE;
  page.sealable = false;
  if (!page.sealed) {
    page.sealable = isSteadilyBlank(region, SEAL_BYTES, address);
    if (page.sealable) return Number.NaN;
    bytes = readSteady(region, SEAL_BYTES, address);
    const mendedAt = mendOneBit(region.crc32, bytes);
    if (mendedAt >= 0) page.mendedAt = SEAL_AT + mendedAt;
    page.sealed = region.crc32(bytes) === CRC_RESIDUE;
    if (!page.sealed) return Number.NaN;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  page.total = view.getUint16(IN_SEAL.samples, true);
  page.failed = view.getUint16(IN_SEAL.failed, true);
  page.lastRawMs = get48(view, IN_SEAL.lastRawMs);
  page.missed = view.getUint32(IN_SEAL.missed, true);
  return view.getUint32(IN_SEAL.pageCrc, true);
}

/** One transaction on the SPI bus takes longer than the bytes do. */
const READ_BYTES = 256;

/**
 * CRC of a page: header, then words in pieces of 128 bytes (the first is shorter), each piece's CRC-32 chained into the last with
 * another CRC-32, because E.CRC32 takes no seed and a whole page would not fit the pool. The byte at `mendedAt` (-1 = none)
 * is taken as `mendedByte`.
 */
export function pageCrc(region: FlashRegion, address: number, mendedAt: number, mendedByte: number): number {
  const crc32 = region.crc32;
  const flash = region.flash;
  const chain = new Uint32Array(2);
  // Of a header that is whole: its last bytes are its own CRC.
  let crc = CRC_RESIDUE;
  for (let at = WORDS_AT; at < region.pageBytes; ) {
    const start = at;
    let end = at - (at % READ_BYTES) + READ_BYTES;
    if (end > region.pageBytes) end = region.pageBytes;
    const read = flash.read(end - start, address + start);
    if (mendedAt >= start && mendedAt < end) read[mendedAt - start] = mendedByte;
    while (at < end) {
      const bytes = LARGE_PIECE_BYTES - (at % LARGE_PIECE_BYTES);
      chain[0] = crc;
      chain[1] = crc32(new Uint8Array(read.buffer, read.byteOffset + at - start, bytes));
      crc = crc32(new Uint8Array(chain.buffer));
      at += bytes;
    }
  }
  return crc;
}

/** CRCs that are tried to mend a page. Each reads the page once. */
const MEND_TRIES = 40;
/** A CRC that is right once is right. One that is wrong may have been misread. */
const CRC_TRIES = 3;

/**
 * Whether the words of a sealed page are what was written, or could be mended: then the page is read so. Notes in `checks`, by
 * page, which it is. If the CRC fails, one byte may have decayed. So each byte that is not a code word is replaced by the code
 * words one bit away, one after the other: few, as one flipped bit always leaves a byte that is no word. If one of them makes
 * the CRC right, that is what the byte was.
 */
export function verifyPage(region: FlashRegion, page: Page, checks: Uint8Array): boolean {
  "on demand";
  const crc = loadSeal(region, page);
  // What was beyond mending is not tried again, which takes seconds.
  let tries = checks[page.index] === DECAYED ? MEND_TRIES : 0;
  checks[page.index] = page.mendedAt < 0 ? WHOLE : MENDED;
  for (let reads = 0; reads < CRC_TRIES; reads++) if (pageCrc(region, page.address, -1, 0) === crc) return true;
  for (let at = WORDS_AT; at < region.pageBytes && tries < MEND_TRIES; ) {
    const piece = region.flash.read(LARGE_PIECE_BYTES - (at % LARGE_PIECE_BYTES), page.address + at);
    for (let i = 0; i < piece.length; i++) {
      if (piece[i] === 255 || INDEX[piece[i]] !== TORN) continue;
      for (let bit = 1; bit < 256 && tries < MEND_TRIES; bit *= 2) {
        const mended = piece[i] ^ bit;
        if (mended !== 255 && INDEX[mended] === TORN) continue;
        tries++;
        if (pageCrc(region, page.address, at + i, mended) !== crc) continue;
        page.mendedAt = at + i;
        page.mendedByte = mended;
        checks[page.index] = MENDED;
        return true;
      }
    }
    at += piece.length;
  }
  checks[page.index] = DECAYED;
  return false;
}
