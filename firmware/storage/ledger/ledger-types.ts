/** What the ledger remembers, as its callers see it. */
import type { Position } from "../format/position.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import type { LedgerPages } from "./archive.ts";
import type { FixRows } from "./fix-rows.ts";

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

/** Places in `Ledger.troubles`: how the requests of a datastream failed. */
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

export interface Ledger {
  session(): number;
  /** Highest raw time any entry mentions. */
  lastRawMs(): RawMs;
  /**
   * Must be called once after opening, before anything else is recorded, and when a jump begins the next session. Charges whose
   * outcome is unknown age from `rawMs`. Returns how many of the last boots in a row came in the middle of a request, with no
   * outcome of any request between them. A new bank begins to count anew.
   */
  boot(session: number, rawMs: RawMs): number;
  /** Oldest first; a bounded list. The fixes up to the version of an open attempt stay as they are. */
  fixes(): FixRows;
  /**
   * Sets who says, when the list of fixes is long, what the raw time of the oldest pending sample is; and the pages
   * where fixes go that the bank has no room for. Until then all fixes are needed, there are no such pages, and all pins are
   * configured.
   */
  keepFor(pendingFromRawMs: () => RawMs, pages?: LedgerPages): void;
  /**
   * Sessions whose last fix had to be let go, as the list was full of needed ones and the archive had no room either: their
   * samples may never be dated.
   */
  fixesLost(): number;
  /**
   * Id of the fix up to which a new attempt is dated: the newest fix, or that of the newest open attempt when attempts hold
   * too many.
   */
  mapVersion(): number;
  /** Returns the fix as it is on flash, rounded to the ms, with its id. */
  addFix(fix: Omit<Fix, "id">): Fix;
  /** Forgets a fix that was proven false. */
  removeFix(id: number): void;
  /** Every pin that has an account, and `GONE_PIN` if others were folded into one. */
  pins(): number[];
  /**
   * Position of the oldest sample that is not settled; 0 when nothing ever was. Of `GONE_PIN`: how many pins were folded although
   * they had samples, as there was no room for their accounts; some samples may be sent twice.
   */
  cursor(pin: number): Position;
  lastTrueMs(pin: number): TrueMs;
  mark(pin: number): Mark;
  mistakes(pin: number): Mistakes;
  counters(pin: number): Counters;
  /** Sum of the counters: how many samples lie behind the cursor. */
  settled(pin: number): number;
  /** Slots missed and readings failed of a pin, as last noted: when its last page went, or since, on no page. */
  retired(pin: number): { missed: number; failed: number };
  attempt(pin: number): Attempt | undefined;
  troubles(pin: number): ArrayLike<number>;
  /** Oldest first; a bounded list: neighbours are merged to the later time. */
  charges(): Charge[];
  /** Charges its points and one request, too. A replay is the same call and is charged again. */
  recordAttempt(attempt: Attempt): void;
  /** The batch was accepted: the cursor moves to its end, the samples are counted, the attempt is closed. */
  settle(pin: number, rawMs: RawMs, settlement: Settlement): void;
  /** The batch was not accepted (`keep` false: the attempt is closed and nothing moves), or nobody knows (`keep` true). */
  fail(pin: number, rawMs: RawMs, keep: boolean, cause?: number): void;
  /**
   * Gives up an attempt that may have been accepted: it is closed, nothing moves, and `duplicated` of its points count as
   * such.
   */
  abandon(pin: number, rawMs: RawMs, duplicated: number, cause?: number): void;
  /**
   * The newest time map disproves timestamps that were sent: `points` of them, which stand on the server between the two times.
   * The mark is set to `mark`, which may be earlier than it was.
   */
  correct(pin: number, mark: Mark, wrong: { fromTrueMs: TrueMs; toTrueMs: TrueMs; points: number }): void;
  /** Moves the cursor to `to` and counts; does nothing when `to` is not ahead. Closes an attempt that it cuts into. */
  drop(pin: number, reason: DropReason, to: Position, count: number): void;
  /** Keeps the totals of a pin whose last page goes, or whose readings fail where no page can count them. They never fall. */
  retire(pin: number, missed: number, failed: number): void;
}
