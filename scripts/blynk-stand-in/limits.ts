/** What Blynk documents (upload-set-of-data-with-timestamps-api, limits, message-usage; July 2026), as the stand-in judges it. */

export interface StandInLimits {
  pointsPerRequest: number;
  /** Per device, over all its pins, within any 24 hours. */
  pointsPerDay: number;
  /** A month in the past: the shortest one, so that a device that passes here passes in every month. */
  ageMaxMs: number;
  /** Request line, headers and body together: 2 MB, read as the smaller of its two meanings. */
  bodyBytes: number;
  /** Per device. */
  requestsPerSecond: number;
  /** Of the whole account, on the free plan, within any 31 days. */
  messagesPerMonth: number;
}

export const BLYNK_LIMITS: StandInLimits = {
  pointsPerRequest: 10_000,
  pointsPerDay: 10_000,
  ageMaxMs: 28 * 86_400_000,
  bodyBytes: 2_000_000,
  requestsPerSecond: 50,
  messagesPerMonth: 100_000,
};

/**
 * A sum over a sliding stretch of time. Two arrivals exactly `lengthMs` apart share no window: a day is half-open.
 * Arrivals must not go back in time; one that does is taken as arriving with the one before it.
 */
export class SlidingWindow {
  readonly #lengthMs: number;
  readonly #arrivals: { atMs: number; amount: number }[] = [];
  #first = 0;
  #sum = 0;
  /** The largest sum seen so far. */
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
