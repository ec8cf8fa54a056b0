import { get48 } from "../format/int48.ts";
import { isAhead, type Position } from "../format/position.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import { chargesMaxOf, fixesMaxOf, fixesRoomOf } from "./capacity.ts";
import { mergeCharges, type PinCharge } from "./charges.ts";
import {
  CORRUPT,
  COUNTERS_COUNT,
  COUNTS_LENGTH,
  DELIVERED,
  DUPLICATED,
  LAST_SESSION,
  MISDATED,
  THINNED,
  UNDATABLE,
  UNREPRESENTABLE,
} from "./counters.ts";
import {
  ACCOUNT,
  ACCOUNT_AT,
  ATTEMPT,
  BOOT,
  BOOT_AT,
  CHARGE,
  CHARGE_AT,
  CORRECT,
  CORRECT_AT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  FIX_AT,
  FIXES,
  FIXES_IN_ENTRY,
  getAttempt,
  getFix,
  KEEP,
  KEEP_AT,
  OPEN_ATTEMPT,
  PIN_AT,
  RETIRE,
  RETIRE_AT,
  SENT,
  SENT_AT,
  STATE,
  STATE_AT,
  UNFIX,
  UNFIX_AT,
} from "./entries.ts";
import { addFixRow, createFixRows, type FixRows, removeFixRow } from "./fix-rows.ts";
import { findSpare, fixId, removeSpare } from "./fixes.ts";
import type { Attempt } from "./ledger-types.ts";

/** What the ledger knows of one pin. */
export interface Account {
  cursor: Position;
  lastTrueMs: TrueMs;
  /** Raw time of the sample that it was sent for; 0 = not known. */
  lastRawMs: RawMs;
  /** In the order of `COUNTERS`, and behind them what counters.ts names. A typed array takes fewer JsVars than numbers do. */
  counts: Uint32Array;
  /** The stretch of time in which misdated points stand on the server. */
  wrong: { fromTrueMs: TrueMs; toTrueMs: TrueMs } | undefined;
  missed: number;
  failed: number;
  attempt: Attempt | undefined;
}

/** What all entries together say. */
export interface LedgerState {
  session: number;
  lastRawMs: RawMs;
  lastFixId: number;
  /** Pending samples need no fix before this raw time, but for the last one. */
  keepFromRawMs: RawMs;
  fixesLost: number;
  fixes: FixRows;
  charges: PinCharge[];
  accounts: { [pin: number]: Account };
  /** The account of a pin, for reading; an empty one for a pin that has none. */
  known(pin: number): Account;
  /** Takes one entry: the only place where the state changes. What a live call does is what mounting reads. */
  apply(kind: number, payload: DataView): void;
  /** See `Ledger`. */
  mapVersion(): number;
  /** True when one fix more would be one too many, if pending samples don't need them. */
  isLong(): boolean;
}

function createAccount(): Account {
  return {
    cursor: 0,
    lastTrueMs: 0,
    lastRawMs: 0,
    counts: new Uint32Array(COUNTS_LENGTH),
    wrong: undefined,
    missed: 0,
    failed: 0,
    attempt: undefined,
  };
}

export function createLedgerState(bankBytes: number): LedgerState {
  const fixesMax = fixesMaxOf(bankBytes);
  const chargesMax = chargesMaxOf(bankBytes);
  const fixes = createFixRows();
  const charges: PinCharge[] = [];
  const accounts: { [pin: number]: Account } = {};
  const nobody = createAccount();

  /** The account of a pin, for changing. */
  function account(pin: number): Account {
    if (!accounts[pin]) accounts[pin] = createAccount();
    return accounts[pin];
  }

  /** The outcome of a pin's request (of every pin's, for -1) is known, or given up on: its charges age from now. */
  function stampCharges(pin: number, rawMs: RawMs): void {
    state.lastRawMs = Math.max(state.lastRawMs, rawMs);
    for (let i = 0; i < charges.length; i++) {
      if (!charges[i].open || (pin >= 0 && charges[i].pin !== pin)) continue;
      charges[i].open = false;
      charges[i].rawMs = Math.max(rawMs, charges[i].rawMs);
    }
  }

  /** Moves the cursor of an account to `to`, and returns whether that is ahead: only then its samples are counted. */
  function advance(a: Account, to: Position): boolean {
    if (!isAhead(to, a.cursor)) return false;
    a.cursor = to;
    return true;
  }

  /**
   * Thins the fixes that neither pending samples need nor an open attempt holds, until the list is within its bound. If more are
   * needed than the bank has room for, needed ones go, and sessions that lose their last one are counted.
   * Returns the version for a new attempt. That is the newest fix as long as attempts hold one fix each at most beyond the
   * bound; then it is theirs. So each pin can hold one fix more at most, whatever the order of attempts and fixes.
   * To be called whenever the list grows, less is needed or an attempt is closed, so that it never changes while something is dated.
   */
  function boundFixes(): number {
    if (fixes.length <= fixesMax) return state.lastFixId;
    let frozenId = 0;
    let open = 0;
    let pins = 0;
    for (const pin in accounts) {
      pins++;
      const attempt = accounts[pin].attempt;
      if (!attempt) continue;
      open++;
      frozenId = Math.max(frozenId, attempt.fixId);
    }
    const room = fixesRoomOf(bankBytes, pins);
    for (;;) {
      const spare = findSpare(fixes, state.keepFromRawMs, frozenId, fixes.length > room);
      if (fixes.length <= fixesMax) return state.lastFixId;
      if (spare.index < 0) {
        return spare.count > fixesMax - 2 + open || fixes.length > room + open ? frozenId : state.lastFixId;
      }
      if (spare.needed) state.fixesLost = Math.min(state.fixesLost + 1, 65535);
      removeSpare(fixes, spare, frozenId);
    }
  }

  /** Takes in the fix at `at`; false where there is none. */
  function applyFix(payload: DataView, at: number): boolean {
    const fix = getFix(payload, at);
    if (fix.id === 0) return false;
    addFixRow(fixes, payload, at);
    state.lastRawMs = Math.max(state.lastRawMs, fix.rawMs);
    state.lastFixId = Math.max(state.lastFixId, fix.id);
    // Should the BOOT entry decay, no session number may come twice.
    if (((fix.session - state.session) | 0) > 0) state.session = fix.session;
    return true;
  }

  function applyCorrection(payload: DataView, a: Account): void {
    const fromTrueMs = get48(payload, CORRECT_AT.fromTrueMs);
    const toTrueMs = get48(payload, CORRECT_AT.toTrueMs);
    a.lastTrueMs = get48(payload, CORRECT_AT.lastTrueMs);
    a.lastRawMs = get48(payload, CORRECT_AT.lastRawMs);
    a.counts[LAST_SESSION] = payload.getUint32(CORRECT_AT.lastSession, true);
    a.counts[MISDATED] += payload.getUint32(CORRECT_AT.points, true);
    if (a.wrong) {
      a.wrong.fromTrueMs = Math.min(a.wrong.fromTrueMs, fromTrueMs);
      a.wrong.toTrueMs = Math.max(a.wrong.toTrueMs, toTrueMs);
    } else a.wrong = { fromTrueMs: fromTrueMs, toTrueMs: toTrueMs };
  }

  function applyAccount(payload: DataView, a: Account): void {
    a.cursor = get48(payload, ACCOUNT_AT.cursor);
    a.lastTrueMs = get48(payload, ACCOUNT_AT.lastTrueMs);
    a.lastRawMs = get48(payload, ACCOUNT_AT.lastRawMs);
    for (let i = 0; i < COUNTERS_COUNT; i++) a.counts[i] = payload.getUint32(ACCOUNT_AT.counts + 4 * i, true);
    a.counts[LAST_SESSION] = payload.getUint32(ACCOUNT_AT.lastSession, true);
    a.counts[MISDATED] = payload.getUint32(ACCOUNT_AT.misdated, true);
    a.counts[DUPLICATED] = payload.getUint32(ACCOUNT_AT.duplicated, true);
    const toTrueMs = get48(payload, ACCOUNT_AT.toTrueMs);
    if (toTrueMs > 0) a.wrong = { fromTrueMs: get48(payload, ACCOUNT_AT.fromTrueMs), toTrueMs: toTrueMs };
    a.missed = payload.getUint32(ACCOUNT_AT.missed, true);
    a.failed = payload.getUint32(ACCOUNT_AT.failed, true);
  }

  function applyAttempt(payload: DataView, isCharged: boolean): void {
    const attempt = getAttempt(payload);
    account(attempt.pin).attempt = attempt;
    if (isCharged) return;
    boundFixes();
    state.lastRawMs = Math.max(state.lastRawMs, attempt.rawMs);
    charges.push({ rawMs: attempt.rawMs, points: attempt.points, requests: 1, open: true, pin: attempt.pin });
    if (charges.length > chargesMax) mergeCharges(charges);
  }

  /** What an answer, or its absence, says of a pin's attempt. */
  function applyOutcome(kind: number, payload: DataView, a: Account): void {
    a.attempt = undefined;
    boundFixes();
    if (kind === FAIL) {
      a.counts[DUPLICATED] += payload.getUint32(FAIL_AT.duplicated, true);
      return;
    }
    const lastTrueMs = get48(payload, SENT_AT.lastTrueMs);
    if (lastTrueMs > a.lastTrueMs) {
      a.lastTrueMs = lastTrueMs;
      a.lastRawMs = get48(payload, SENT_AT.lastRawMs);
      a.counts[LAST_SESSION] = payload.getUint32(SENT_AT.lastSession, true);
    }
    if (!advance(a, get48(payload, SENT_AT.to))) return;
    a.counts[DELIVERED] += payload.getUint32(SENT_AT.delivered, true);
    a.counts[THINNED] += payload.getUint32(SENT_AT.thinned, true);
    a.counts[UNDATABLE] += payload.getUint32(SENT_AT.undatable, true);
    a.counts[UNREPRESENTABLE] += payload.getUint32(SENT_AT.unrepresentable, true);
    a.counts[CORRUPT] += payload.getUint32(SENT_AT.corrupt, true);
  }

  function apply(kind: number, payload: DataView): void {
    const pin = payload.getUint8(PIN_AT);
    if (kind === FIX) {
      if (applyFix(payload, 0)) boundFixes();
    } else if (kind === FIXES) {
      for (let i = 0; i < FIXES_IN_ENTRY && applyFix(payload, i * FIX_AT.bytes); i++);
    } else if (kind === KEEP) {
      state.keepFromRawMs = get48(payload, KEEP_AT.rawMs);
      boundFixes();
      // What was let go lay among more fixes than these.
      if (fixes.length <= fixesMax) state.fixesLost = 0;
    } else if (kind === ATTEMPT || kind === OPEN_ATTEMPT) applyAttempt(payload, kind === OPEN_ATTEMPT);
    else if (kind === SENT) {
      stampCharges(pin, get48(payload, SENT_AT.rawMs));
      applyOutcome(kind, payload, account(pin));
    } else if (kind === FAIL) {
      stampCharges(pin, get48(payload, FAIL_AT.rawMs));
      if (payload.getUint8(FAIL_AT.keep) === 0) applyOutcome(kind, payload, account(pin));
    } else if (kind === DROP) {
      const a = account(pin);
      const to = get48(payload, DROP_AT.to);
      if (advance(a, to)) a.counts[payload.getUint8(DROP_AT.reason)] += payload.getUint32(DROP_AT.count, true);
      if (a.attempt && isAhead(to, a.attempt.from)) a.attempt = undefined;
      boundFixes();
    } else if (kind === UNFIX) {
      const id = payload.getUint32(UNFIX_AT.id, true);
      for (let i = fixes.length - 1; i >= 0; i--) if (fixId(fixes, i) === id) removeFixRow(fixes, i);
    } else if (kind === RETIRE) {
      account(pin).missed = payload.getUint32(RETIRE_AT.missed, true);
      account(pin).failed = payload.getUint32(RETIRE_AT.failed, true);
    } else if (kind === BOOT) {
      state.session = payload.getUint32(BOOT_AT.session, true);
      stampCharges(-1, get48(payload, BOOT_AT.rawMs));
    } else if (kind === STATE) {
      state.session = payload.getUint32(STATE_AT.session, true);
      state.lastRawMs = Math.max(state.lastRawMs, get48(payload, STATE_AT.rawMs));
      state.lastFixId = payload.getUint32(STATE_AT.fixId, true);
      state.keepFromRawMs = get48(payload, STATE_AT.keepFromRawMs);
      state.fixesLost = payload.getUint16(STATE_AT.fixesLost, true);
    } else if (kind === ACCOUNT) applyAccount(payload, account(pin));
    else if (kind === CORRECT) applyCorrection(payload, account(pin));
    else if (kind === CHARGE) {
      charges.push({
        rawMs: get48(payload, CHARGE_AT.rawMs),
        points: payload.getUint32(CHARGE_AT.points, true),
        requests: payload.getUint16(CHARGE_AT.requests, true),
        open: payload.getUint8(CHARGE_AT.open) === 1,
        pin: pin,
      });
    }
  }

  const state: LedgerState = {
    session: 0,
    lastRawMs: 0,
    lastFixId: 0,
    keepFromRawMs: 0,
    fixesLost: 0,
    fixes: fixes,
    charges: charges,
    accounts: accounts,
    known: (pin) => accounts[pin] || nobody,
    apply: apply,
    mapVersion: boundFixes,
    isLong: () => fixes.length >= fixesMax,
  };
  return state;
}
