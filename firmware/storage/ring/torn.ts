import { CHECK_SHORT, INDEX, LONG, TORN, WORDS } from "../format/code-words.ts";
import { FIRST_VERSION, type Page } from "../format/page.ts";
import { COUNT, decodeRecord, FORM, SHIFT_BYTES, SHIFT_FORM } from "../format/record.ts";

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
 * The length of a record whose second word, its form, decayed by one bit, or of a shift with its sample; 0 when nothing tells it.
 * What a cut left of a form may look like that, so the longest that fits is taken.
 */
function lengthWithoutForm(page: Page, bytes: Uint8Array, fields: number[]): number {
  const decayed = bytes[1];
  let longest = 0;
  let shift = false;
  for (let word = 0; word < 64; word++) {
    const off = decayed ^ WORDS[word];
    if ((off & (off - 1)) !== 0) continue;
    bytes[1] = WORDS[word];
    const length = decodeRecord(page, bytes, fields);
    if (fields[FORM] === SHIFT_FORM) shift = true;
    else if (fields[COUNT] === page.count) longest = Math.max(longest, length);
  }
  if (longest > 0 || !shift) return longest;
  // More whole words, and blank bytes behind them, are not what a cut leaves of one program: they are samples behind a shift.
  let words = SHIFT_BYTES;
  while (words < bytes.length && INDEX[bytes[words]] !== TORN) words++;
  let blank = words;
  while (blank < bytes.length && bytes[blank] === 255) blank++;
  return blank === bytes.length && words > SHIFT_BYTES + page.words ? SHIFT_BYTES + page.words : 0;
}

/**
 * How many bytes are passed of a record at the start of `bytes` that does not count: its `length`, or up to a word that is no
 * digit. There the next record begins, if this one was shorter than it seems.
 */
export function passedBytes(page: Page, bytes: Uint8Array, length: number, fields: number[]): number {
  const hasForm = page.version > FIRST_VERSION && INDEX[bytes[0]] === LONG && bytes.length > 1;
  if (hasForm && INDEX[bytes[1]] > 63) length = lengthWithoutForm(page, bytes, fields) || length;
  const most = Math.min(length, bytes.length);
  let passed = 1;
  while (passed < most && (INDEX[bytes[passed]] < CHECK_SHORT || INDEX[bytes[passed]] === TORN)) passed++;
  return passed;
}
