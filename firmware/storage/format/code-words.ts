/**
 * The 70 bytes with exactly four ones. Programming flash only clears bits, so a program that the power cut short leaves a
 * byte with more ones than that: every torn word shows. The first 65 are data; the first 64 of those are also the
 * base-64 digits of longer records; the last five say what kind of record starts, and so are never data.
 */
export const DATA_WORDS = 65;
export const CHECK_SHORT = 65;
export const RESTART = 66;
/** Its first digit says which of the longer records it is (format/record.ts). */
export const LONG = 67;
export const MISSED = 68;
export const FAILED = 69;
/** Index of a byte that is not a code word. */
export const TORN = 255;

/** Byte of each code word, in ascending order. */
export const WORDS = new Uint8Array(70);
/** Index of each byte among the code words, or TORN. */
export const INDEX = new Uint8Array(256);

for (let byte = 0, index = 0; byte < 256; byte++) {
  let ones = 0;
  for (let bit = 1; bit < 256; bit *= 2) if (byte & bit) ones++;
  INDEX[byte] = ones === 4 ? index : TORN;
  if (ones === 4) WORDS[index++] = byte;
}

/**
 * Code books, three numbers each: the jitter in ms that the book reaches either way, the steps of the value that it reaches
 * either way, and the words of a sample. A page's header names its book by its place here, so books are only added at the end.
 * One typed array takes 55 JsVars less than an array for each book. It is an Int16Array because the decoder has one too:
 * the constructor of another kind would take 8.
 */
// biome-ignore format: a book a line
export const BOOKS = new Int16Array([
  6, 2, 1,
  2, 6, 1,
  10, 1, 1,
  1, 10, 1,
  0, 32, 1,
  4, 3, 1,
  3, 4, 1,
  32, 0, 1,
  6, 162, 2,
  20, 51, 2,
  60, 16, 2,
  2, 422, 2,
  0, 2112, 2,
]);
export const BOOK_COUNT = 13;

/** Writes `value` (an integer from 0) as base-64 words, highest first, and returns the offset behind them. */
export function putDigits(bytes: Uint8Array, at: number, value: number, digits: number): number {
  for (let i = at + digits - 1; i >= at; i--) {
    bytes[i] = WORDS[value % 64];
    value = Math.floor(value / 64);
  }
  return at + digits;
}
