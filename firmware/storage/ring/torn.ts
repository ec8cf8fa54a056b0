import { CHECK_SHORT, INDEX, LONG, TORN, WORDS } from "../format/code-words.ts";
import type { Page } from "../format/page.ts";
import { COUNT, decodeRecord, FORM, SHIFT_FORM } from "../format/record.ts";

/**
 * How many bytes are passed where `bytes` begin with one that is no word: all of an absolute record whose kind may have decayed
 * there, as it goes on where the page is. Its digits must not be taken for samples.
 */
export function tornBytes(page: Page, bytes: Uint8Array, fields: number[]): number {
  const first = bytes[0];
  let length = 1;
  for (let kind = CHECK_SHORT; kind <= LONG; kind++) {
    const off = first ^ WORDS[kind];
    if ((off & (off - 1)) !== 0) continue;
    bytes[0] = WORDS[kind];
    const recordBytes = decodeRecord(page, bytes, fields);
    // A shift says too little to be told from a sample.
    if (recordBytes > 0 && fields[FORM] !== SHIFT_FORM && fields[COUNT] === page.count) length = recordBytes;
  }
  return length;
}

/**
 * How many bytes are passed of a record at the start of `bytes` that does not count: its `length`, or up to a word that is no
 * digit. There the next record begins, if this one was shorter than it seems.
 */
export function passedBytes(bytes: Uint8Array, length: number): number {
  const most = Math.min(length, bytes.length);
  let passed = 1;
  while (passed < most && (INDEX[bytes[passed]] < CHECK_SHORT || INDEX[bytes[passed]] === TORN)) passed++;
  return passed;
}
