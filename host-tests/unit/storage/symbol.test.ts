import { expect, test } from "vitest";
import { BOOK_COUNT, BOOKS, DATA_WORDS, WORDS } from "../../../firmware/storage/format/code-words.ts";
import { createPage, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { jitterOf, symbolOf } from "../../../firmware/storage/format/symbol.ts";
import { createPlainDecoder, type Samples } from "../../../firmware/storage/ring/plain.ts";

const books = Array.from({ length: BOOK_COUNT }, (_, book) => ({ book, page: createPage(1, 1, book, 60000, 4096) }));

test.each(books)("numbers what book $book reaches from 0 on, without a gap", ({ book, page }) => {
  expect([page.jitterSpan, page.stepSpan, page.words]).toEqual([...BOOKS.slice(3 * book, 3 * book + 3)]);
  let next = 0;
  for (let jitterMs = 0 - page.jitterSpan; jitterMs <= page.jitterSpan; jitterMs++) {
    for (let step = 0 - page.stepSpan; step <= page.stepSpan; step++) {
      const symbol = symbolOf(page, jitterMs, step);
      expect(symbol).toBe(next++);
      expect(jitterOf(page, symbol)).toBe(jitterMs);
      expect(symbol - symbolOf(page, jitterMs, 0)).toBe(step);
    }
  }
  expect(page.symbols).toBe(next);
  expect(next).toBeLessThanOrEqual(DATA_WORDS ** page.words);
});

/** Two samples of each jitter and step, as a piece of the page. */
function piece(page: (typeof books)[number]["page"], jitterMs: number, step: number): Uint8Array {
  const symbol = symbolOf(page, jitterMs, step);
  const sample = page.words === 1 ? [symbol] : [Math.floor(symbol / DATA_WORDS), symbol % DATA_WORDS];
  return Uint8Array.from([...sample, ...sample].map((word) => WORDS[word]));
}

test.each(books)("passes over words of book $book to the value and time that they stand for", ({ page }) => {
  const decode = createPlainDecoder({ book: -1, steps: new Int16Array(256), jitters: new Int8Array(256) });
  const out: Samples = { rawMs: [], values: [], corrupt: 0, folded: false };
  for (const jitterMs of [-page.jitterSpan, 0, page.jitterSpan]) {
    for (const step of [-page.stepSpan, 0, page.stepSpan]) {
      Object.assign(page, { at: WORDS_AT, count: 0, value: 500, nextMs: 1000, rawMs: 0 });
      expect(decode(page, piece(page, jitterMs, step), out, false, undefined)).toBe(true);
      expect([page.value, page.rawMs, page.count]).toEqual([500 + 2 * step, 61000 + jitterMs, 2]);
      expect([page.nextMs, page.at]).toEqual([121000, WORDS_AT + 2 * page.words]);
    }
  }
});
