import { LIMITS } from "../../limits.ts";
import { put48 } from "../format/int48.ts";

import { GONE_PIN } from "./account.ts";
import {
  BUSY,
  COUNTERS_COUNT,
  DUPLICATED,
  LAST_SESSION,
  MISDATED,
  REFUSALS,
  REPLAYS_REFUSED,
  TRIES,
} from "./counters.ts";

import {
  ACCOUNT,
  ACCOUNT_AT,
  ATTEMPT_AT,
  CHARGE,
  CHARGE_AT,
  FIX_AT,
  FIXES,
  FIXES_IN_ENTRY,
  FOLDED,
  OPEN_ATTEMPT,
  PIN_AT,
  putAttempt,
  STATE,
  STATE_AT,
} from "./entries.ts";
import type { LedgerState } from "./state.ts";

/**
 * Appends everything that still matters, as entries. Charges that the quota's window has passed are forgotten here.
 * Each entry is made in `payload`, and `append` takes it from there.
 */
export function writeSnapshot(
  state: LedgerState,
  payload: DataView,
  append: (kind: number, payloadBytes: number) => void,
): void {
  "on demand";
  const accounts = state.accounts;
  const fixes = state.fixes;
  const charges = state.charges;
  payload.setUint32(STATE_AT.session, state.session, true);
  put48(payload, STATE_AT.rawMs, state.lastRawMs);
  payload.setUint32(STATE_AT.fixId, state.lastFixId, true);
  put48(payload, STATE_AT.keepFromRawMs, state.keepFromRawMs);
  payload.setUint16(STATE_AT.fixesLost, state.fixesLost, true);
  append(STATE, STATE_AT.bytes);
  for (const key in accounts) {
    const a = accounts[key];
    payload.setUint8(PIN_AT, Number(key));
    put48(payload, ACCOUNT_AT.cursor, a.cursor);
    put48(payload, ACCOUNT_AT.lastTrueMs, a.lastTrueMs);
    for (let i = 0; i < COUNTERS_COUNT; i++) payload.setUint32(ACCOUNT_AT.counts + 4 * i, a.counts[i], true);
    payload.setUint32(ACCOUNT_AT.lastSession, a.counts[LAST_SESSION], true);
    put48(payload, ACCOUNT_AT.lastRawMs, a.lastRawMs);
    payload.setUint32(ACCOUNT_AT.misdated, a.counts[MISDATED], true);
    payload.setUint32(ACCOUNT_AT.duplicated, a.counts[DUPLICATED], true);
    put48(payload, ACCOUNT_AT.fromTrueMs, a.wrong ? a.wrong.fromTrueMs : 0);
    put48(payload, ACCOUNT_AT.toTrueMs, a.wrong ? a.wrong.toTrueMs : 0);
    payload.setUint32(ACCOUNT_AT.missed, a.missed, true);
    payload.setUint32(ACCOUNT_AT.failed, a.failed, true);
    payload.setUint8(ACCOUNT_AT.refusals, a.counts[REFUSALS] * 8 + a.counts[REPLAYS_REFUSED]);
    payload.setUint8(ACCOUNT_AT.tries, a.counts[TRIES]);
    payload.setUint8(ACCOUNT_AT.busy, a.counts[BUSY]);
    append(Number(key) === GONE_PIN ? FOLDED : ACCOUNT, ACCOUNT_AT.bytes);
    if (!a.attempt) continue;
    putAttempt(payload, a.attempt);
    append(OPEN_ATTEMPT, ATTEMPT_AT.bytes);
  }
  for (let i = 0; i < fixes.length; i += FIXES_IN_ENTRY) {
    const bytes = Math.min(FIXES_IN_ENTRY, fixes.length - i) * FIX_AT.bytes;
    new Uint8Array(payload.buffer, payload.byteOffset).set(new Uint8Array(fixes.view.buffer, i * FIX_AT.bytes, bytes));
    append(FIXES, bytes);
  }
  for (let i = charges.length - 1; i >= 0; i--) {
    if (!charges[i].open && state.lastRawMs - charges[i].rawMs > LIMITS.quotaWindowMs) charges.splice(i, 1);
  }
  for (let i = 0; i < charges.length; i++) {
    payload.setUint8(PIN_AT, charges[i].pin);
    put48(payload, CHARGE_AT.rawMs, charges[i].rawMs);
    payload.setUint32(CHARGE_AT.points, charges[i].points, true);
    payload.setUint16(CHARGE_AT.requests, charges[i].requests, true);
    payload.setUint8(CHARGE_AT.open, charges[i].open ? 1 : 0);
    append(CHARGE, CHARGE_AT.bytes);
  }
}
