import { get48 } from "../format/int48.ts";
import { isAhead, type Position } from "../format/position.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import { mergeCharges, type PinCharge } from "./charges.ts";
import { CORRUPT, COUNTERS_COUNT, DELIVERED, THINNED, UNDATABLE, UNREPRESENTABLE } from "./counters.ts";
import {
  ACCOUNT,
  ACCOUNT_AT,
  ATTEMPT,
  BOOT,
  BOOT_AT,
  CHARGE,
  CHARGE_AT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  getAttempt,
  getFix,
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
import { thinFixes } from "./fixes.ts";
import type { Attempt, Fix } from "./ledger-types.ts";

/** Bounds of the lists. A bank of less than 2 kB has shorter ones. Each open attempt may hold one fix more. */
const FIXES_MAX = 16;
const CHARGES_MAX = 24;
const SMALL_MAX = 6;
const SMALL_BANK_BYTES = 2048;

export function fixesMaxOf(bankBytes: number): number {
  return bankBytes < SMALL_BANK_BYTES ? SMALL_MAX : FIXES_MAX;
}

export function chargesMaxOf(bankBytes: number): number {
  return bankBytes < SMALL_BANK_BYTES ? SMALL_MAX : CHARGES_MAX;
}

/** What the ledger knows of one pin. */
export interface Account {
  cursor: Position;
  lastTrueMs: TrueMs;
  /** In the order of `COUNTERS`. A typed array takes fewer JsVars than an array of numbers. */
  counts: Uint32Array;
  missed: number;
  failed: number;
  attempt: Attempt | undefined;
}

/** What all entries together say. */
export interface LedgerState {
  session: number;
  lastRawMs: RawMs;
  lastFixId: number;
  fixes: Fix[];
  charges: PinCharge[];
  accounts: { [pin: number]: Account };
  /** The account of a pin, for reading; an empty one for a pin that has none. */
  known(pin: number): Account;
  /** Takes one entry: the only place where the state changes. What a live call does is what mounting reads. */
  apply(kind: number, payload: DataView): void;
  /** See `Ledger`. */
  mapVersion(): number;
}

function createAccount(): Account {
  return {
    cursor: 0,
    lastTrueMs: 0,
    counts: new Uint32Array(COUNTERS_COUNT),
    missed: 0,
    failed: 0,
    attempt: undefined,
  };
}

export function createLedgerState(bankBytes: number): LedgerState {
  const fixesMax = fixesMaxOf(bankBytes);
  const chargesMax = chargesMaxOf(bankBytes);
  const fixes: Fix[] = [];
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
   * Thins the fixes that no open attempt holds, until the list is within its bound or only the newest of them is left.
   * Returns the version for a new attempt. That is the newest fix as long as the list is longer than its bound by one fix for
   * each open attempt at most; then it is theirs. So each pin can hold one fix more at most, whatever the order of attempts
   * and fixes. To be called whenever the list grows or an attempt is closed, so that it never changes while something is dated.
   */
  function boundFixes(): number {
    if (fixes.length <= fixesMax) return state.lastFixId;
    let frozenId = 0;
    let open = 0;
    for (const pin in accounts) {
      const attempt = accounts[pin].attempt;
      if (!attempt) continue;
      open++;
      frozenId = Math.max(frozenId, attempt.fixId);
    }
    let length = fixes.length + 1;
    while (fixes.length < length && fixes.length > fixesMax) {
      length = fixes.length;
      thinFixes(fixes, frozenId);
    }
    return fixes.length > fixesMax + open ? frozenId : state.lastFixId;
  }

  function applyFix(payload: DataView): void {
    const fix = getFix(payload);
    fixes.push(fix);
    state.lastRawMs = Math.max(state.lastRawMs, fix.rawMs);
    state.lastFixId = Math.max(state.lastFixId, fix.id);
    // Should the BOOT entry decay, no session number may come twice.
    if (((fix.session - state.session) | 0) > 0) state.session = fix.session;
    boundFixes();
  }

  function applyAttempt(payload: DataView, isCharged: boolean): void {
    const attempt = getAttempt(payload);
    account(attempt.pin).attempt = attempt;
    if (isCharged) return;
    state.lastRawMs = Math.max(state.lastRawMs, attempt.rawMs);
    charges.push({ rawMs: attempt.rawMs, points: attempt.points, requests: 1, open: true, pin: attempt.pin });
    if (charges.length > chargesMax) mergeCharges(charges);
  }

  /** What an answer, or its absence, says of a pin's attempt. */
  function applyOutcome(kind: number, payload: DataView, a: Account): void {
    a.attempt = undefined;
    boundFixes();
    if (kind === FAIL) return;
    a.lastTrueMs = Math.max(a.lastTrueMs, get48(payload, SENT_AT.lastTrueMs));
    if (!advance(a, get48(payload, SENT_AT.to))) return;
    a.counts[DELIVERED] += payload.getUint32(SENT_AT.delivered, true);
    a.counts[THINNED] += payload.getUint32(SENT_AT.thinned, true);
    a.counts[UNDATABLE] += payload.getUint32(SENT_AT.undatable, true);
    a.counts[UNREPRESENTABLE] += payload.getUint32(SENT_AT.unrepresentable, true);
    a.counts[CORRUPT] += payload.getUint32(SENT_AT.corrupt, true);
  }

  function apply(kind: number, payload: DataView): void {
    const pin = payload.getUint8(PIN_AT);
    if (kind === FIX) applyFix(payload);
    else if (kind === ATTEMPT || kind === OPEN_ATTEMPT) applyAttempt(payload, kind === OPEN_ATTEMPT);
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
      const at = fixes.findIndex((fix) => fix.id === id);
      if (at >= 0) fixes.splice(at, 1);
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
    } else if (kind === ACCOUNT) {
      const a = account(pin);
      a.cursor = get48(payload, ACCOUNT_AT.cursor);
      a.lastTrueMs = get48(payload, ACCOUNT_AT.lastTrueMs);
      for (let i = 0; i < COUNTERS_COUNT; i++) a.counts[i] = payload.getUint32(ACCOUNT_AT.counts + 4 * i, true);
    } else if (kind === CHARGE) {
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
    fixes: fixes,
    charges: charges,
    accounts: accounts,
    known: (pin) => accounts[pin] || nobody,
    apply: apply,
    mapVersion: boundFixes,
  };
  return state;
}
