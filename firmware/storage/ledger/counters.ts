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

/** Places in `COUNTERS` of those that a SENT entry has. */
export const DELIVERED = 0;
export const THINNED = 3;
export const UNDATABLE = 4;
export const UNREPRESENTABLE = 6;
export const CORRUPT = 7;
