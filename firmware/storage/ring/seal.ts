import type { FlashRegion } from "../../platform/ports.ts";
import { INDEX, TORN } from "../format/code-words.ts";
import { CRC_RESIDUE } from "../format/crc.ts";
import { get48, put48 } from "../format/int48.ts";
import { HEADER_BYTES, type Page, SEAL_AT, WORDS_AT } from "../format/page.ts";
import { isSteadilyBlank, LARGE_PIECE_BYTES } from "../proven-flash.ts";

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
  page.total = view.getUint16(IN_SEAL.samples, true);
  page.failed = view.getUint16(IN_SEAL.failed, true);
  page.lastRawMs = get48(view, IN_SEAL.lastRawMs);
  page.missed = view.getUint32(IN_SEAL.missed, true);
  return view.getUint32(IN_SEAL.pageCrc, true);
}

/**
 * CRC of a page: header, then words in pieces of 128 bytes (the first is shorter), each piece's CRC-32 chained into the last with
 * another CRC-32, because E.CRC32 takes no seed and a whole page would not fit the pool. The byte at `mendedAt` (-1 = none)
 * is taken as `mendedByte`.
 */
export function pageCrc(region: FlashRegion, address: number, mendedAt: number, mendedByte: number): number {
  const crc32 = region.crc32;
  const flash = region.flash;
  const chain = new Uint32Array(2);
  let crc = crc32(flash.read(HEADER_BYTES, address));
  for (let at = WORDS_AT; at < region.pageBytes; ) {
    const bytes = LARGE_PIECE_BYTES - (at % LARGE_PIECE_BYTES);
    const piece = flash.read(bytes, address + at);
    if (mendedAt >= at && mendedAt < at + bytes) piece[mendedAt - at] = mendedByte;
    chain[0] = crc;
    chain[1] = crc32(piece);
    crc = crc32(new Uint8Array(chain.buffer));
    at += bytes;
  }
  return crc;
}

/** CRCs that are tried to mend a page. Each reads the page once. */
const MEND_TRIES = 40;

/**
 * True when every word of a sealed page is what was written. If the CRC fails, one byte may have decayed. So each byte that
 * is not a code word is replaced by the code words one bit away, one after the other. If one of them makes the CRC right,
 * that is what the byte was, and the page is read with it.
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
