import type { Counters } from "./ledger-types.ts";

/** Where the samples of a datastream went: the order of the counters in an ACCOUNT entry, and of the reasons in a DROP. */
export const COUNTERS: (keyof Counters)[] = [
  "delivered",
  "expired",
  "overwritten",
  "thinned",
  "undatable",
  "refused",
  "unrepresentable",
  "corrupt",
];
export const COUNTERS_COUNT = 8;

/** Places behind the counters in an account's array, of what is kept beside them. */
export const MISDATED = 8;
export const DUPLICATED = 9;
export const LAST_SESSION = 10;
/** In the order of `TROUBLES_AT`. From `TRIES` on they are of the open attempt. */
export const REFUSALS = 11;
export const TRIES = 12;
export const BUSY = 13;
export const REPLAYS_REFUSED = 14;
export const COUNTS_LENGTH = 15;
/** The most that is kept of each: `REFUSALS` and `REPLAYS_REFUSED` share a byte. */
export const TRIES_MAX = 255;
export const REFUSALS_KEPT_MAX = 31;
export const REPLAYS_REFUSED_MAX = 7;

/** Places in `COUNTERS` of those that a SENT entry has. */
export const DELIVERED = 0;
export const THINNED = 3;
export const UNDATABLE = 4;
export const UNREPRESENTABLE = 6;
export const CORRUPT = 7;
