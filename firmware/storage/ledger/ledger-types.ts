/** What the ledger remembers, as its callers see it. Times are ms; positions are the ring's (page sequence × 4096 + index). */

/** One meeting with a clock: at raw time `rawMs` of `session` the true time was `trueMs`, give or take `boundMs`. */
export interface Fix {
  /** Grows by 1 a sync; the newest id is the version of the time map. */
  id: number;
  session: number;
  rawMs: number;
  trueMs: number;
  boundMs: number;
}

/** A batch that was or will be sent: all that is needed to send it again byte for byte. */
export interface Attempt {
  pin: number;
  from: number;
  to: number;
  points: number;
  bodyBytes: number;
  /** Raw time when it was charged. */
  rawMs: number;
  /** Version of the time map it was dated with. */
  fixId: number;
  /** Every how many samples one is sent; 1 = all. */
  thinEvery: number;
  thinPhase: number;
  /** Last timestamp sent before it, 0 = none. */
  afterTrueMs: number;
}

/** How the samples of an accepted batch are counted. */
export interface Settlement {
  delivered: number;
  thinned: number;
  undatable: number;
  unrepresentable: number;
  corrupt: number;
  /** Last timestamp sent, 0 = none. */
  lastTrueMs: number;
}

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
  rawMs: number;
  points: number;
  requests: number;
  /** The outcome is not known yet: it ages from then, or from the next boot. */
  open: boolean;
}

export interface Ledger {
  session(): number;
  /** Highest raw time any entry mentions. */
  lastRawMs(): number;
  /** Must be called once after opening, before anything else is recorded. Charges whose outcome is unknown age from `rawMs`. */
  boot(session: number, rawMs: number): void;
  /** Oldest first; a bounded list. What lies up to the version of an open attempt stays as it is. */
  fixes(): Fix[];
  /** Id of the sync point up to which a new attempt is dated: the newest, or that of the newest open attempt when these hold too many. */
  mapVersion(): number;
  /** Returns the point as it is on flash, rounded to the ms. */
  addFix(session: number, rawMs: number, trueMs: number, boundMs: number): Fix;
  /** Forgets a point proven false. */
  removeFix(id: number): void;
  /** Every pin that has an account. */
  pins(): number[];
  /** Position of the oldest sample that is not settled; 0 when nothing ever was. */
  cursor(pin: number): number;
  lastTrueMs(pin: number): number;
  counters(pin: number): Counters;
  /** Sum of the counters: how many samples lie behind the cursor. */
  settled(pin: number): number;
  /** Slots missed and readings failed on pages of a pin that are all gone. */
  retired(pin: number): { missed: number; failed: number };
  attempt(pin: number): Attempt | undefined;
  /** Oldest first; a bounded list: neighbours are merged to the later time. */
  charges(): Charge[];
  /** Also charges its points and one request. A replay is the same call again and is charged again. */
  recordAttempt(attempt: Attempt): void;
  /** The batch was accepted: the cursor moves to its end, the samples are counted, the attempt is closed. */
  settle(pin: number, rawMs: number, settlement: Settlement): void;
  /** The batch was not accepted (`keep` false: the attempt is closed and nothing moves), or nobody knows (`keep` true). */
  fail(pin: number, rawMs: number, keep: boolean): void;
  /** Moves the cursor to `to` and counts; does nothing when `to` is not ahead. Closes an attempt that it cuts into. */
  drop(pin: number, reason: DropReason, to: number, count: number): void;
  /** Keeps the totals of a pin whose last page goes. */
  retire(pin: number, missed: number, failed: number): void;
}
