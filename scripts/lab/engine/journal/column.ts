/** Numbers that only ever get more, in a typed array that grows: a month has hundreds of thousands of them. */

type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array;

export interface Column<T extends Numbers = Float64Array> {
  readonly length: number;
  push(value: number): void;
  /** Appends a copy of these. */
  append(values: ArrayLike<number>): void;
  at(index: number): number;
  set(index: number, value: number): void;
  /** Forgets all from `length` on. */
  cut(length: number): void;
  /** Forgets the first ones. */
  drop(count: number): void;
  /** A copy. */
  slice(from: number, to: number): T;
  /** Not a copy: it is void once the column grows. */
  part(from: number, to: number): T;
  /** How many of them, which must not decrease, are at most `value`. */
  countUpTo(value: number): number;
}

const FIRST_LENGTH = 256;

export function createColumn<T extends Numbers = Float64Array>(
  make: (length: number) => T = (length) => new Float64Array(length) as T,
): Column<T> {
  let cells = make(FIRST_LENGTH);
  let length = 0;

  function room(wanted: number): void {
    if (wanted <= cells.length) return;
    const more = make(Math.max(wanted, 2 * cells.length));
    more.set(cells.subarray(0, length));
    cells = more;
  }

  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === cells.length) room(length + 1);
      cells[length++] = value;
    },
    append(values) {
      room(length + values.length);
      cells.set(values, length);
      length += values.length;
    },
    at: (index) => cells[index],
    set(index, value) {
      cells[index] = value;
    },
    cut(to) {
      length = Math.min(length, to);
    },
    drop(count) {
      cells.copyWithin(0, count, length);
      length -= count;
    },
    slice: (from, to) => cells.slice(from, Math.min(to, length)) as T,
    part: (from, to) => cells.subarray(from, Math.min(to, length)) as T,
    countUpTo(value) {
      let low = 0;
      let high = length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (cells[middle] <= value) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** How many of a list in the order of its times lie at or before a moment. */
export function countAt(list: readonly { atMs: number }[], atMs: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].atMs <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
