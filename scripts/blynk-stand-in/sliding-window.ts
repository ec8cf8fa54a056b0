/**
 * A sum over the last `lengthMs` of arrivals. Two arrivals exactly `lengthMs` apart share no window: a day is half-open.
 * Arrivals come in order of time; one that is earlier than the last counts as simultaneous with it.
 */
export class SlidingWindow {
  readonly #lengthMs: number;
  readonly #arrivals: { atMs: number; amount: number }[] = [];
  #first = 0;
  #sum = 0;
  /** The largest sum until now. */
  max = 0;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Adds an amount and returns the sum of the window that ends now. */
  add(atMs: number, amount: number): number {
    const last = this.#arrivals[this.#arrivals.length - 1];
    if (last && atMs < last.atMs) return this.add(last.atMs, amount);
    this.#arrivals.push({ atMs, amount });
    this.#sum += amount;
    while (this.#arrivals[this.#first].atMs <= atMs - this.#lengthMs) {
      this.#sum -= this.#arrivals[this.#first].amount;
      this.#first++;
    }
    if (this.#first > 1000) {
      this.#arrivals.splice(0, this.#first);
      this.#first = 0;
    }
    this.max = Math.max(this.max, this.#sum);
    return this.#sum;
  }
}
