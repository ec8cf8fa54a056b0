import type { FlashRegion } from "../../platform/ports.ts";
import { CHECK_SHORT, INDEX, LONG } from "../format/code-words.ts";
import { CHECK_EVERY_BYTES, gapBytes, loadPage, type Page, RECORD_MAX } from "../format/page.ts";
import { decodeRecord, EPOCH, FORM, REBASE_FORM, VALUE } from "../format/record.ts";
import { createDecoder } from "./decoder.ts";
import type { Samples } from "./plain.ts";
import { findTail } from "./tail.ts";

/** The last absolute record begins and ends within this many bytes, unless words were lost. */
const BACK_BYTES = CHECK_EVERY_BYTES + RECORD_MAX;

/** Offset of the last absolute record before `tail` that the page can be read on from; -1 when there is none. */
function lastRecord(region: FlashRegion, page: Page, tail: number, start: number): number {
  const fields = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let at = tail; at > start; ) {
    const piece = Math.max(start, at - BACK_BYTES);
    // With the end of a record that begins in this piece.
    const bytes = region.flash.read(Math.min(tail, at + RECORD_MAX) - piece, page.address + piece);
    for (let i = at - piece - 1; i >= 0; i--) {
      const word = INDEX[bytes[i]];
      if (word < CHECK_SHORT || word > LONG) continue;
      const record = new Uint8Array(bytes.buffer, bytes.byteOffset + i, Math.min(RECORD_MAX, bytes.length - i));
      // Reading can't start at a record without a value: the steps behind it count from its value.
      if (decodeRecord(page, record, fields) <= 0 || isNaN(fields[VALUE])) continue;
      // Nor at a check behind a rebase, which has the time base. In epoch 0 the header has it.
      if (fields[FORM] >= REBASE_FORM || fields[EPOCH] === 0) return piece + i;
    }
    at = piece;
  }
  return -1;
}

/** Moves a page at its first word on to the last absolute record that is surely before sample `count`, if there is one. */
export function seek(region: FlashRegion, page: Page, end: number, count: number): void {
  "on demand";
  const at = lastRecord(region, page, Math.min(end, page.at + count * page.words), page.at);
  if (at < 0) return;
  page.at = at;
  // Nothing before the record was read. The next word is the record's, and the record says all that is needed.
  page.lost = true;
}

/** Finds the end of a page without a seal and puts the state there, reading back to its last absolute record only. */
export function resume(region: FlashRegion, page: Page): void {
  "on demand";
  const decode = createDecoder(region);
  const tail = findTail(region, page);
  const nothing: Samples = { rawMs: [], values: [], corrupt: 0, folded: false };
  const all = { end: tail, from: Number.POSITIVE_INFINITY, upTo: Number.POSITIVE_INFINITY };
  for (let tries = 0; tries < 2; tries++) {
    seek(region, page, tail, Number.POSITIVE_INFINITY);
    while (page.at < tail) decode(page, all, nothing);
    // What can't be read may have been misread: that is found out before it counts.
    const again = page.lost && tries === 0 ? loadPage(region, page.index) : undefined;
    if (!again) break;
    Object.assign(page, again);
  }
  // A cut leaves fewer data words than this of one program. So these were samples, and what stands before them was one that
  // decayed.
  if (page.lost && page.strays >= gapBytes(page)) page.count += Math.floor(page.strays / page.words) + 1;
  page.total = page.count;
  page.end = tail;
  page.lastRawMs = page.rawMs;
}
