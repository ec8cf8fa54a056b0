/**
 * Where a sample lies in the ring: the sequence number of its page, and its index there, in one number that grows along a
 * datastream. A cursor or an end stands before the sample at that index; 0 is before everything, Infinity behind it.
 */

/** A number of this kind only: neither a time nor a count fits where one is asked for. No cost at run time. */
export type Position = number & { readonly unit?: "position" };

/** Positions from one page to the next: more than a page has samples. */
export const POSITION_STRIDE = 4096;

export function positionOf(sequence: number, sampleIndex: number): Position {
  return sequence * POSITION_STRIDE + sampleIndex;
}

/** Sequence number of the page that `position` lies in. */
export function sequenceOf(position: Position): number {
  return Math.floor(position / POSITION_STRIDE);
}

/** Index of a sample in its page. */
export function sampleIndexOf(position: Position): number {
  return position % POSITION_STRIDE;
}

/** True when position `a` lies ahead of `b`. Page sequences are 32 bits and may wrap; 0 is behind everything. */
export function isAhead(a: Position, b: Position): boolean {
  if (b === 0 || a === Number.POSITIVE_INFINITY) return a > b;
  const pages = (sequenceOf(a) - sequenceOf(b)) | 0;
  return pages > 0 || (pages === 0 && sampleIndexOf(a) > sampleIndexOf(b));
}
