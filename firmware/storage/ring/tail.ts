import type { FlashRegion } from "../../platform/ports.ts";
import { CHECK_SHORT, INDEX, LONG } from "../format/code-words.ts";
import { type Page, RECORD_MAX, WORDS_AT } from "../format/page.ts";
import { decodeRecord } from "../format/record.ts";
import { isBlank, PIECE_BYTES, readSteady } from "../proven-flash.ts";

/** Gaps between words are shorter than this, so a blank stretch of it is the page's blank rest. */
const BLOCK_BYTES = 128;

/**
 * Where the record ends that reaches up to `tail`, or was to reach beyond it. All of the record must answer alike before it
 * is believed.
 */
function recordEnd(region: FlashRegion, page: Page, tail: number): number {
  const start = Math.max(WORDS_AT, tail - RECORD_MAX);
  const bytes = readSteady(region, tail - start, page.address + start);
  let end = tail;
  for (let i = 0; i < bytes.length; i++) {
    const word = INDEX[bytes[i]];
    // One that is not whole may be any.
    if (word >= CHECK_SHORT && word <= LONG && decodeRecord(page, bytes.slice(i), []) <= 0) {
      end = Math.max(end, start + i + RECORD_MAX);
    }
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
    const address = page.address + middle * BLOCK_BYTES;
    // Asked twice: what is misread as blank would be written over.
    if (isBlank(region, address, BLOCK_BYTES) && isBlank(region, address, BLOCK_BYTES)) firstBlank = middle;
    else lastUsed = middle;
  }
  let tail = firstBlank * BLOCK_BYTES;
  while (tail > WORDS_AT) {
    const address = page.address + tail - PIECE_BYTES;
    if (!isBlank(region, address, PIECE_BYTES) || !isBlank(region, address, PIECE_BYTES)) break;
    tail -= PIECE_BYTES;
  }
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
