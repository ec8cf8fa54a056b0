import { get48 } from "../format/int48.ts";
import { isAhead, type Position } from "../format/position.ts";
import type { RawMs } from "../format/times.ts";
import { type Account, correctAccount, createAccount, GONE_PIN, readAccount } from "./account.ts";
import { LOST } from "./banks.ts";
import { chargesMaxOf, fixesMaxOf } from "./capacity.ts";
import { mergeCharges, type PinCharge } from "./charges.ts";
import {
  BUSY,
  CORRUPT,
  DELIVERED,
  DUPLICATED,
  LAST_SESSION,
  REFUSALS,
  REFUSALS_KEPT_MAX,
  REPLAYS_REFUSED,
  REPLAYS_REFUSED_MAX,
  THINNED,
  TRIES,
  TRIES_MAX,
  UNDATABLE,
  UNREPRESENTABLE,
} from "./counters.ts";
import {
  ACCOUNT,
  ATTEMPT,
  BOOT,
  BOOT_AT,
  CHARGE,
  CHARGE_AT,
  CORRECT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  FIXES,
  FIXES_IN_ENTRY,
  FOLD,
  FOLD_AT,
  FOLDED,
  getAttempt,
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
import { createFixTable, type FixTable, fixAt, removeFixRow } from "./fix-rows.ts";
import { addFixes, boundFixes } from "./fixes.ts";
import { FAIL_CAUSE } from "./ledger-types.ts";

/** More than any plan allows a day. Dozens of them fit the 32 bits of a CHARGE entry. */
const CHARGE_LOST = 100000000;
/** Of a charge that belongs to nobody: no outcome stamps it but a boot. */
const NO_PIN = 255;

/** What all entries together say: plain data, which stays while the functions here come and go. */
export interface LedgerState {
  session: number;
  lastRawMs: RawMs;
  lastFixId: number;
  /** Pending samples need no fix before this raw time, but for the last one. */
  keepFromRawMs: RawMs;
  fixesLost: number;
  /** See `recordBoot` (writing.ts). */
  deaths: number;
  fixes: FixTable;
  charges: PinCharge[];
  accounts: { [pin: number]: Account };
  /** Bound of the list, if pending samples don't need more. */
  fixesMax: number;
}

/** Counts why a request failed; `cause` without `cut`. */
function countFailure(counts: Account["counts"], cause: number, isKept: boolean): void {
  if (cause === FAIL_CAUSE.refused) {
    if (!isKept) counts[REFUSALS] = Math.min(counts[REFUSALS] + 1, REFUSALS_KEPT_MAX);
    counts[REPLAYS_REFUSED] = Math.min(counts[REPLAYS_REFUSED] + 1, REPLAYS_REFUSED_MAX);
  } else if (cause === FAIL_CAUSE.unknown || cause === FAIL_CAUSE.busy) {
    counts[TRIES] = Math.min(counts[TRIES] + 1, TRIES_MAX);
    if (cause === FAIL_CAUSE.busy) counts[BUSY] = Math.min(counts[BUSY] + 1, TRIES_MAX);
  }
}

/** Adds the account of a pin that is gone to the one of all such pins. */
function foldAccount(gone: Account, left: Account, payload: DataView): void {
  for (let i = 0; i < LAST_SESSION; i++) gone.counts[i] += left.counts[i];
  gone.missed += left.missed;
  gone.failed += left.failed;
  gone.cursor += payload.getUint8(FOLD_AT.forgets);
}

function readState(payload: DataView, state: LedgerState): void {
  state.session = payload.getUint32(STATE_AT.session, true);
  state.lastRawMs = Math.max(state.lastRawMs, get48(payload, STATE_AT.rawMs));
  state.lastFixId = payload.getUint32(STATE_AT.fixId, true);
  state.keepFromRawMs = get48(payload, STATE_AT.keepFromRawMs);
  state.fixesLost = payload.getUint16(STATE_AT.fixesLost, true);
}

function readCharge(payload: DataView): PinCharge {
  return {
    rawMs: get48(payload, CHARGE_AT.rawMs),
    points: payload.getUint32(CHARGE_AT.points, true),
    requests: payload.getUint16(CHARGE_AT.requests, true),
    open: payload.getUint8(CHARGE_AT.open) === 1,
    pin: payload.getUint8(PIN_AT),
  };
}

export function createLedgerState(bankBytes: number): LedgerState {
  return {
    session: 0,
    lastRawMs: 0,
    lastFixId: 0,
    keepFromRawMs: 0,
    fixesLost: 0,
    deaths: 0,
    fixes: createFixTable(),
    charges: [],
    accounts: {},
    fixesMax: fixesMaxOf(bankBytes),
  };
}

/** The account of a pin, for reading; an empty one for a pin that has none. */
export function accountOf(ledger: { told: LedgerState }, pin: number): Account {
  return ledger.told.accounts[pin] || createAccount();
}

/**
 * Gives what takes one entry: the only place where the state changes. What a live call does is what mounting reads. Made anew for
 * each use, and let go after it: its functions take JsVars only while it lasts.
 */
export function openApply(state: LedgerState, bankBytes: number): (kind: number, payload: DataView) => void {
  "on demand";
  const chargesMax = chargesMaxOf(bankBytes);
  const fixesMax = state.fixesMax;
  const fixes = state.fixes;
  const charges = state.charges;
  const accounts = state.accounts;

  /** The account of a pin, for changing. */
  function account(pin: number): Account {
    if (!accounts[pin]) accounts[pin] = createAccount();
    return accounts[pin];
  }

  /**
   * The outcome of a pin's request (of every pin's, for -1) is known, or given up on: its charges age from now. The last one
   * takes back `cutPoints`, which can't have arrived. Its request stays charged, as part of that did. `isDeath`: this boot came
   * in the middle of a request, if there was one.
   */
  function stampCharges(pin: number, rawMs: RawMs, isDeath: boolean, cutPoints: number): void {
    state.lastRawMs = Math.max(state.lastRawMs, rawMs);
    if (pin >= 0) state.deaths = 0;
    let deaths = state.deaths;
    for (let i = charges.length - 1, points = cutPoints; i >= 0; i--) {
      if (!charges[i].open || (pin >= 0 && charges[i].pin !== pin)) continue;
      charges[i].points = Math.max(0, charges[i].points - points);
      points = 0;
      charges[i].open = false;
      if (isDeath) deaths = state.deaths + 1;
      charges[i].rawMs = Math.max(rawMs, charges[i].rawMs);
    }
    state.deaths = deaths;
  }

  /** Moves the cursor of an account to `to`, and returns whether that is ahead: only then its samples are counted. */
  function advance(a: Account, to: Position): boolean {
    if (!isAhead(to, a.cursor)) return false;
    a.cursor = to;
    return true;
  }

  function applyAttempt(payload: DataView, isCharged: boolean): void {
    const attempt = getAttempt(payload);
    const a = account(attempt.pin);
    if (!a.attempt && !isCharged) a.counts.fill(0, TRIES);
    a.attempt = attempt;
    if (isCharged) return;
    boundFixes(state, bankBytes);
    state.lastRawMs = Math.max(state.lastRawMs, attempt.rawMs);
    charges.push({ rawMs: attempt.rawMs, points: attempt.points, requests: 1, open: true, pin: attempt.pin });
    if (charges.length > chargesMax) mergeCharges(charges);
  }

  /** What an answer, or its absence, says of a pin's attempt. */
  function applyOutcome(kind: number, payload: DataView, a: Account): void {
    if (kind === FAIL) {
      const isKept = payload.getUint8(FAIL_AT.keep) === 1;
      countFailure(a.counts, payload.getUint8(FAIL_AT.cause) % FAIL_CAUSE.cut, isKept);
      if (isKept) return;
      a.counts[DUPLICATED] += payload.getUint32(FAIL_AT.duplicated, true);
    }
    a.attempt = undefined;
    boundFixes(state, bankBytes);
    if (kind === FAIL) return;
    a.counts[REFUSALS] = a.counts[REPLAYS_REFUSED] = 0;
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
    if (kind === FIX || kind === FIXES) {
      addFixes(state, payload, kind === FIX ? 1 : FIXES_IN_ENTRY);
      // The list of a snapshot was within its bound when it was written.
      if (kind === FIX) boundFixes(state, bankBytes);
    } else if (kind === KEEP) {
      state.keepFromRawMs = get48(payload, KEEP_AT.rawMs);
      boundFixes(state, bankBytes);
      // What was let go lay among more fixes than these.
      if (fixes.length <= fixesMax) state.fixesLost = 0;
    } else if (kind === ATTEMPT || kind === OPEN_ATTEMPT) applyAttempt(payload, kind === OPEN_ATTEMPT);
    else if (kind === SENT) {
      stampCharges(pin, get48(payload, SENT_AT.rawMs), false, 0);
      applyOutcome(kind, payload, account(pin));
    } else if (kind === FAIL) {
      const a = account(pin);
      const isCut = payload.getUint8(FAIL_AT.cause) >= FAIL_CAUSE.cut;
      stampCharges(pin, get48(payload, FAIL_AT.rawMs), false, isCut && a.attempt ? a.attempt.points : 0);
      applyOutcome(kind, payload, a);
    } else if (kind === DROP) {
      const a = account(pin);
      const to = get48(payload, DROP_AT.to);
      if (advance(a, to)) a.counts[payload.getUint8(DROP_AT.reason)] += payload.getUint32(DROP_AT.count, true);
      if (a.attempt && isAhead(to, a.attempt.from)) a.attempt = undefined;
      boundFixes(state, bankBytes);
    } else if (kind === UNFIX) {
      const id = payload.getUint32(UNFIX_AT.id, true);
      for (let i = fixes.length - 1; i >= 0; i--) if (fixAt(fixes, i).id === id) removeFixRow(fixes, i);
    } else if (kind === RETIRE) {
      account(pin).missed = payload.getUint32(RETIRE_AT.missed, true);
      account(pin).failed = payload.getUint32(RETIRE_AT.failed, true);
    } else if (kind === BOOT) {
      const session = payload.getUint32(BOOT_AT.session, true);
      // A jump of the clock adds 1, and ends nothing.
      stampCharges(-1, get48(payload, BOOT_AT.rawMs), session !== state.session + 1, 0);
      state.session = session;
    } else if (kind === STATE) {
      readState(payload, state);
    } else if (kind === FOLDED) readAccount(payload, account(GONE_PIN));
    else if (kind === FOLD) {
      foldAccount(account(GONE_PIN), account(pin), payload);
      delete accounts[pin];
    } else if (kind === LOST) {
      // It may have been a charge: nothing is sent for a day from the next boot on.
      charges.push({ rawMs: state.lastRawMs, points: CHARGE_LOST, requests: 0, open: true, pin: NO_PIN });
      if (charges.length > chargesMax) mergeCharges(charges);
    } else if (kind === ACCOUNT) readAccount(payload, account(pin));
    else if (kind === CORRECT) correctAccount(payload, account(pin));
    else if (kind === CHARGE) charges.push(readCharge(payload));
  }

  return apply;
}
