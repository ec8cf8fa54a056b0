/** Numbers that only ever get more, in a typed array that grows: a month has hundreds of thousands of them. */

type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array;

const FIRST_LENGTH = 256;

export class Column<T extends Numbers = Float64Array> {
  length = 0;
  #cells: T;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#cells = make(FIRST_LENGTH);
  }

  push(value: number): void {
    if (this.length === this.#cells.length) this.#room(this.length + 1);
    this.#cells[this.length++] = value;
  }

  /** Appends a copy of these. */
  append(values: ArrayLike<number>): void {
    this.#room(this.length + values.length);
    this.#cells.set(values, this.length);
    this.length += values.length;
  }

  at(index: number): number {
    return this.#cells[index];
  }

  set(index: number, value: number): void {
    this.#cells[index] = value;
  }

  /** Forgets the first ones. */
  drop(count: number): void {
    this.#cells.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** A copy. */
  slice(from: number, to: number): T {
    return this.#cells.slice(from, Math.min(to, this.length)) as T;
  }

  /** Not a copy: it is void once the column grows. */
  part(from: number, to: number): T {
    return this.#cells.subarray(from, Math.min(to, this.length)) as T;
  }

  /** How many of them, which must not decrease, are at most `value`. */
  countUpTo(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cells[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #room(wanted: number): void {
    if (wanted <= this.#cells.length) return;
    const more = this.#make(Math.max(wanted, 2 * this.#cells.length));
    more.set(this.#cells.subarray(0, this.length));
    this.#cells = more;
  }
}

export function createColumn<T extends Numbers = Float64Array>(
  make: (length: number) => T = (length) => new Float64Array(length) as T,
): Column<T> {
  return new Column(make);
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
