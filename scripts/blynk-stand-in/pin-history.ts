/** What one datastream has received: its points by time, its bodies, and a batch whose fate the sender cannot know. */
import type { WirePoint } from "./body.ts";

/** The same batch, whole, and answered each time without being taken: a client may take it apart then. */
const ANSWERS_UNTIL_GIVEN_UP = 6;

export class PinHistory {
  /** Sorted by time, in two plain arrays, because a simulated year holds millions. */
  readonly #ts: number[] = [];
  readonly #values: string[] = [];
  /** Digests of all bodies that were taken or left open. The same body again is a replay. */
  readonly #bodies = new Set<string>();
  /** How often the last body that was not taken was answered so, one time after the other. */
  #repeated = { digest: "", answers: 0 };
  /** Points up to here may come in other bodies: theirs was answered often enough without being taken. */
  #givenUpTo = Number.NEGATIVE_INFINITY;
  /** The batch that must come again, byte for byte. */
  openBatch: { digest: string; firstTs: number; lastTs: number } | undefined;
  /** The highest timestamp of any batch, stored or of unknown fate. */
  lastTs = Number.NEGATIVE_INFINITY;
  /** The first timestamp of the batch with `lastTs`. */
  firstTsOfLast = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#ts.length;
  }

  get lastValue(): string | undefined {
    return this.#values[this.#values.length - 1];
  }

  seen(digest: string): boolean {
    return this.#bodies.has(digest);
  }

  valueAt(ts: number): string | undefined {
    const at = this.#find(ts);
    return this.#ts[at] === ts ? this.#values[at] : undefined;
  }

  *points(): Generator<{ ts: number; value: string }> {
    for (let i = 0; i < this.#ts.length; i++) yield { ts: this.#ts[i], value: this.#values[i] };
  }

  /** A batch was not taken, and the sender cannot know that: from now on the same batch must come again. */
  open(digest: string, points: WirePoint[]): void {
    if (points.length === 0) return;
    this.openBatch = { digest, firstTs: points[0].ts, lastTs: points[points.length - 1].ts };
    this.#bodies.add(digest);
    this.#reach(points);
  }

  /**
   * A batch was not taken, and the answer reached the sender. After `ANSWERS_UNTIL_GIVEN_UP` of them, one time after the other,
   * it need not come again, and its points may come in other bodies.
   */
  refuse(digest: string, points: WirePoint[]): void {
    if (this.#repeated.digest !== digest) this.#repeated = { digest, answers: 0 };
    if (++this.#repeated.answers < ANSWERS_UNTIL_GIVEN_UP || points.length === 0) return;
    if (this.openBatch?.digest === digest) this.openBatch = undefined;
    this.#givenUpTo = Math.max(this.#givenUpTo, points[points.length - 1].ts);
  }

  mayComeAnew(ts: number): boolean {
    return ts <= this.#givenUpTo;
  }

  /** A batch was taken. Returns whether the same bytes were taken or left open before. */
  remember(digest: string, points: WirePoint[]): boolean {
    const replay = this.#bodies.has(digest);
    this.#bodies.add(digest);
    // An older batch that comes again says nothing about the open one.
    if (!replay || this.openBatch?.digest === digest) this.openBatch = undefined;
    this.#reach(points);
    return replay;
  }

  /** Stores points. Of equal timestamps the last one wins. Returns how many timestamps were known before. */
  add(points: WirePoint[]): number {
    let duplicates = 0;
    for (const { ts, value } of points) {
      const at = this.#find(ts);
      if (this.#ts[at] === ts) {
        duplicates++;
        this.#values[at] = value;
      } else if (at === this.#ts.length) {
        this.#ts.push(ts);
        this.#values.push(value);
      } else {
        this.#ts.splice(at, 0, ts);
        this.#values.splice(at, 0, value);
      }
    }
    return duplicates;
  }

  #reach(points: WirePoint[]): void {
    const last = points[points.length - 1];
    if (last === undefined || last.ts <= this.lastTs) return;
    this.lastTs = last.ts;
    this.firstTsOfLast = points[0].ts;
  }

  /** Index of the first timestamp at or after `ts`. */
  #find(ts: number): number {
    let low = 0;
    let high = this.#ts.length;
    if (high === 0 || this.#ts[high - 1] < ts) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ts[middle] < ts) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
