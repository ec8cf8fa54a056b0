import type { FlashRegion } from "../../platform/ports.ts";
import { INDEX, TORN } from "../format/code-words.ts";
import { CRC_RESIDUE } from "../format/crc.ts";
import { get48, put48 } from "../format/int48.ts";
import { mendOneBit } from "../format/mend.ts";
import { type Page, SEAL_AT, WORDS_AT } from "../format/page.ts";
import { isSteadilyBlank, readSteady } from "../proven-flash.ts";

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

/** Words that one CRC covers, and that one transaction reads. */
export const CRC_PIECE_BYTES = 128;
const READ_BYTES = 512;

/** The page CRC of a header: CRC-32 of 48 bytes that end with their own. */
export const PAGE_CRC_START = CRC_RESIDUE;

/** The page CRC behind another piece of words. */
export function chainCrc(crc32: (bytes: Uint8Array) => number, crc: number, piece: Uint8Array): number {
  const chain = new Uint32Array(2);
  chain[0] = crc;
  chain[1] = crc32(piece);
  return crc32(new Uint8Array(chain.buffer));
}

/**
 * CRC of a page: header, then words in pieces of 128 bytes (the first is shorter), each piece's CRC-32 chained into the last with
 * another CRC-32, because E.CRC32 takes no seed. The byte at `mendedAt` (-1 = none) is taken as `mendedByte`.
 */
export function pageCrc(region: FlashRegion, address: number, mendedAt: number, mendedByte: number): number {
  const crc32 = region.crc32;
  let crc = PAGE_CRC_START;
  for (let at = WORDS_AT; at < region.pageBytes; ) {
    const end = Math.min(region.pageBytes, at - (at % READ_BYTES) + READ_BYTES);
    const read = region.flash.read(end - at, address + at);
    if (mendedAt >= at && mendedAt < end) read[mendedAt - at] = mendedByte;
    for (let from = at; at < end; ) {
      const bytes = CRC_PIECE_BYTES - (at % CRC_PIECE_BYTES);
      crc = chainCrc(crc32, crc, new Uint8Array(read.buffer, read.byteOffset + at - from, bytes));
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
 * True when every word of a sealed page is what was written. If the CRC fails, one byte may have decayed. So each byte that
 * is not a code word is replaced by the code words one bit away, one after the other: few, as one flipped bit always leaves a
 * byte that is no word. If one of them makes the CRC right, that is what the byte was, and the page is read with it.
 */
export function verifyPage(region: FlashRegion, page: Page): boolean {
  const crc = loadSeal(region, page);
  for (let tries = 0; tries < CRC_TRIES; tries++) if (pageCrc(region, page.address, -1, 0) === crc) return true;
  let tries = 0;
  for (let at = WORDS_AT; at < region.pageBytes && tries < MEND_TRIES; ) {
    const piece = region.flash.read(CRC_PIECE_BYTES - (at % CRC_PIECE_BYTES), page.address + at);
    for (let i = 0; i < piece.length; i++) {
      if (piece[i] === 255 || INDEX[piece[i]] !== TORN) continue;
      for (let bit = 1; bit < 256 && tries < MEND_TRIES; bit *= 2) {
        const mended = piece[i] ^ bit;
        if (mended !== 255 && INDEX[mended] === TORN) continue;
        tries++;
        if (pageCrc(region, page.address, at + i, mended) !== crc) continue;
        page.mendedAt = at + i;
        page.mendedByte = mended;
        return true;
      }
    }
    at += piece.length;
  }
  return false;
}
