/**
 * The number of a regular sample: which jitter against its slot and which step against the last value it stands for
 * (FORMAT.md, "Words"). The loops of ring/plain.ts and ring/text-fold.ts over books of two words write it out backwards, as a
 * call a sample shows on the interpreter; symbol.test.ts and fold.test.ts hold them against this.
 */

/** How far a book reaches: up to `jitterSpan` ms and `stepSpan` steps either way. */
export interface Reach {
  jitterSpan: number;
  stepSpan: number;
}

/** From 0 for the lowest jitter and step in the book's reach to `page.symbols` - 1 for the highest. */
export function symbolOf(book: Reach, jitterMs: number, step: number): number {
  return (jitterMs + book.jitterSpan) * (2 * book.stepSpan + 1) + step + book.stepSpan;
}

/** The jitter that a symbol stands for. Its step is what the symbol is above that of the same jitter and step 0. */
export function jitterOf(book: Reach, symbol: number): number {
  return Math.floor(symbol / (2 * book.stepSpan + 1)) - book.jitterSpan;
}
