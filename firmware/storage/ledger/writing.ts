/** What is put into the ledger: an entry each, on flash and read back. All of it throws when the flash fails. */
import { put48 } from "../format/int48.ts";
import { isAhead, type Position } from "../format/position.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import { COUNTERS } from "./counters.ts";
import {
  ATTEMPT,
  ATTEMPT_AT,
  BOOT,
  BOOT_AT,
  CORRECT,
  CORRECT_AT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  FIX_AT,
  KEEP,
  KEEP_AT,
  PIN_AT,
  putAttempt,
  putFix,
  putSettlement,
  RETIRE,
  RETIRE_AT,
  SENT,
  SENT_AT,
  UNFIX,
  UNFIX_AT,
} from "./entries.ts";
import { type Ledger, payloadOf, record } from "./ledger.ts";
import type { Attempt, DropReason, Fix, Mark, Settlement } from "./ledger-types.ts";
import { foldPins, moveFixes } from "./room.ts";
import { accountOf } from "./state.ts";

const UINT32_MAX = 4294967295;

/**
 * Begins a session: once after opening, before anything else is recorded, and when a jump begins the next one. Charges whose
 * outcome is unknown age from `rawMs`. Returns how many of the last boots in a row came in the middle of a request, with no
 * outcome of any request between them. A new bank begins to count anew.
 */
export function recordBoot(ledger: Ledger, session: number, rawMs: RawMs): number {
  const payload = payloadOf(ledger);
  payload.setUint32(BOOT_AT.session, session, true);
  put48(payload, BOOT_AT.rawMs, rawMs);
  record(ledger, BOOT, BOOT_AT.bytes);
  return ledger.told.deaths;
}

/** Notes, while the list of fixes is long, which of them pending samples need: mounting thins it alike. */
function noteNeeded(ledger: Ledger): void {
  "on demand";
  const state = ledger.told;
  if (!ledger.openPages || state.fixes.length < state.fixesMax) return;
  const rawMs = ledger.openPages().pendingFromRawMs();
  if (rawMs <= state.keepFromRawMs) return;
  put48(payloadOf(ledger), KEEP_AT.rawMs, Math.min(rawMs, state.lastRawMs));
  record(ledger, KEEP, KEEP_AT.bytes);
}

/** Returns the fix as it is on flash, rounded to the ms, with its id. */
export function addFix(ledger: Ledger, taken: Omit<Fix, "id">): Fix {
  noteNeeded(ledger);
  moveFixes(ledger, taken.session);
  const fix = {
    id: ledger.told.lastFixId + 1,
    session: taken.session,
    rawMs: Math.round(taken.rawMs),
    trueMs: Math.round(taken.trueMs),
    boundMs: Math.min(Math.ceil(taken.boundMs), UINT32_MAX),
    kind: taken.kind,
  };
  putFix(payloadOf(ledger), fix);
  record(ledger, FIX, FIX_AT.bytes);
  return fix;
}

/** Forgets a fix that was proven false. */
export function removeFix(ledger: Ledger, id: number): void {
  payloadOf(ledger).setUint32(UNFIX_AT.id, id, true);
  record(ledger, UNFIX, UNFIX_AT.bytes);
}

/** Charges its points and one request, too. A replay is the same call and is charged again. */
export function recordAttempt(ledger: Ledger, attempt: Attempt): void {
  "on demand";
  foldPins(ledger, attempt.pin);
  putAttempt(payloadOf(ledger), attempt);
  record(ledger, ATTEMPT, ATTEMPT_AT.bytes);
}

/** The batch was accepted: the cursor moves to its end, the samples are counted, the attempt is closed. */
export function settleAttempt(ledger: Ledger, pin: number, rawMs: RawMs, settlement: Settlement): void {
  "on demand";
  const open = accountOf(ledger, pin).attempt;
  if (!open) return;
  putSettlement(payloadOf(ledger), open, rawMs, settlement);
  record(ledger, SENT, SENT_AT.bytes);
}

function recordFailure(
  ledger: Ledger,
  pin: number,
  rawMs: RawMs,
  what: { keep: number; duplicated: number; cause: number },
): void {
  "on demand";
  const payload = payloadOf(ledger);
  payload.setUint8(FAIL_AT.keep, what.keep);
  put48(payload, FAIL_AT.rawMs, rawMs);
  payload.setUint32(FAIL_AT.duplicated, what.duplicated, true);
  payload.setUint8(FAIL_AT.cause, what.cause);
  payload.setUint8(PIN_AT, pin);
  record(ledger, FAIL, FAIL_AT.bytes);
}

/** The batch was not accepted (`keep` false: the attempt is closed and nothing moves), or nobody knows (`keep` true). */
export function failAttempt(ledger: Ledger, pin: number, rawMs: RawMs, keep: boolean, cause?: number): void {
  recordFailure(ledger, pin, rawMs, { keep: keep ? 1 : 0, duplicated: 0, cause: cause || 0 });
}

/** Gives up an attempt that may have been accepted: it is closed, nothing moves, and `duplicated` of its points count as such. */
export function abandonAttempt(ledger: Ledger, pin: number, rawMs: RawMs, duplicated: number, cause?: number): void {
  recordFailure(ledger, pin, rawMs, { keep: 0, duplicated: duplicated, cause: cause || 0 });
}

/**
 * The newest time map disproves timestamps that were sent: `points` of them, which stand on the server between the two times.
 * The mark is set to `mark`, which may be earlier than it was.
 */
export function correctMark(
  ledger: Ledger,
  pin: number,
  mark: Mark,
  wrong: { fromTrueMs: TrueMs; toTrueMs: TrueMs; points: number },
): void {
  const payload = payloadOf(ledger);
  payload.setUint8(PIN_AT, pin);
  put48(payload, CORRECT_AT.lastTrueMs, mark.trueMs);
  payload.setUint32(CORRECT_AT.lastSession, mark.session, true);
  put48(payload, CORRECT_AT.lastRawMs, mark.rawMs);
  put48(payload, CORRECT_AT.fromTrueMs, wrong.fromTrueMs);
  put48(payload, CORRECT_AT.toTrueMs, wrong.toTrueMs);
  payload.setUint32(CORRECT_AT.points, wrong.points, true);
  record(ledger, CORRECT, CORRECT_AT.bytes);
}

/** Moves the cursor to `to` and counts; does nothing when `to` is not ahead. Closes an attempt that it cuts into. */
export function dropSamples(ledger: Ledger, pin: number, reason: DropReason, to: Position, count: number): void {
  "on demand";
  if (!isAhead(to, accountOf(ledger, pin).cursor)) return;
  foldPins(ledger, pin);
  const payload = payloadOf(ledger);
  payload.setUint8(PIN_AT, pin);
  payload.setUint8(DROP_AT.reason, COUNTERS.indexOf(reason));
  put48(payload, DROP_AT.to, to);
  payload.setUint32(DROP_AT.count, count, true);
  record(ledger, DROP, DROP_AT.bytes);
}

/** Keeps the totals of a pin whose last page goes, or whose readings fail where no page can count them. They never fall. */
export function retireReadings(ledger: Ledger, pin: number, missed: number, failed: number): void {
  foldPins(ledger, pin);
  const account = accountOf(ledger, pin);
  const payload = payloadOf(ledger);
  payload.setUint8(PIN_AT, pin);
  payload.setUint32(RETIRE_AT.missed, Math.max(missed, account.missed), true);
  payload.setUint32(RETIRE_AT.failed, Math.max(failed, account.failed), true);
  record(ledger, RETIRE, RETIRE_AT.bytes);
}
