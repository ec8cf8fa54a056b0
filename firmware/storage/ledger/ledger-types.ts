/** What the ledger remembers, as its callers see it. */
import type { Position } from "../format/position.ts";
import type { RawMs, TrueMs } from "../format/times.ts";

/** One meeting with a clock: at raw time `rawMs` of `session` the true time was `trueMs`, within `boundMs`. */
export interface Fix {
  /** Grows by 1 each time; the newest id is the version of the time map. */
  id: number;
  session: number;
  rawMs: RawMs;
  trueMs: TrueMs;
  boundMs: number;
  /** One of `FIX_KIND` (clock/fix-kind.ts); 0 in a ledger of an older version. */
  kind: number;
}

/** A batch that is about to be sent: everything that is needed to send it again byte for byte. */
export interface Attempt {
  pin: number;
  from: Position;
  to: Position;
  points: number;
  bodyBytes: number;
  /** Raw time when it was charged. */
  rawMs: RawMs;
  /** Version of the time map it was dated with. */
  fixId: number;
  /** One of this many samples is sent; 1 = all. */
  thinEvery: number;
  thinPhase: number;
  /** Last timestamp sent before it, 0 = none. */
  afterTrueMs: TrueMs;
}

/** How the samples of an accepted batch are counted. */
export interface Settlement {
  delivered: number;
  thinned: number;
  undatable: number;
  unrepresentable: number;
  corrupt: number;
  /** Last timestamp sent, 0 = none. */
  lastTrueMs: TrueMs;
  /** Session and raw time of the sample that it was sent for. Left out: not known. */
  lastSession?: number;
  lastRawMs?: RawMs;
}

/** The last timestamp of a datastream that the server has: new ones must be later. */
export interface Mark {
  /** 0 = none. */
  trueMs: TrueMs;
  /** Session and raw time of the sample it was sent for, by which a later time map can disprove it; 0 = not known. */
  session: number;
  rawMs: RawMs;
}

/** What stands on the server and is wrong. No sample is counted here alone: all are among those delivered or pending. */
export interface Mistakes {
  /** Points delivered with a time that was disproved later. */
  misdated: number;
  /** Points that may stand twice on the server, with different times. */
  duplicated: number;
  /** The stretch of time in which the misdated points stand; 0 and 0 when there are none. */
  fromTrueMs: TrueMs;
  toTrueMs: TrueMs;
}

/** Why a request failed, as a FAIL entry says it; 0 in a ledger of an older version. */
export const FAIL_CAUSE = {
  other: 0,
  /** The server refused what is in it. */
  refused: 1,
  /** It left whole, and nobody knows whether the server took it. */
  unknown: 2,
  /** As `unknown`, and it was answered: 5xx, 408 or 429. */
  busy: 4,
  /** Added to any of the others: it did not leave whole, so its points can't have arrived. They are not charged. */
  cut: 8,
} as const;

/** Places in what `troublesOf` gives: how the requests of a datastream failed. */
export const TROUBLES_AT = {
  /** Requests refused since the last one that was accepted, but for replays that are kept; 31 at most. */
  refusals: 0,
  /** Of its open attempt: requests that left whole, with which nobody knows whether the server took the batch; 255 at most. */
  tries: 1,
  /** Those of `tries` that were answered with a 5xx, a 408 or a 429. */
  busy: 2,
  /** Of its open attempt: replays that were refused; 7 at most. */
  replaysRefused: 3,
} as const;

export type DropReason = "expired" | "overwritten" | "undatable" | "refused" | "corrupt";

/** Where the samples of a datastream that are no longer pending went. */
export interface Counters {
  delivered: number;
  expired: number;
  overwritten: number;
  thinned: number;
  undatable: number;
  refused: number;
  unrepresentable: number;
  corrupt: number;
}

/** Part of the server's allowance that is spent. */
export interface Charge {
  rawMs: RawMs;
  points: number;
  requests: number;
  /** The outcome is not known yet: it ages from then, or from the next boot. */
  open: boolean;
}
