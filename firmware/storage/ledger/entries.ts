/**
 * The entries of the ledger (FORMAT.md, "Entry"): what kinds there are, and how each payload is laid out. `…_AT` holds the
 * offset of each field in the payload, under FORMAT.md's name, and the payload's length as `bytes`. Whoever reads or writes an
 * entry goes by this table. Most do so in place: the build puts these numbers where the names stand, at no cost, and a
 * function for each entry would take seven JsVars.
 */
import { get48, put48 } from "../format/int48.ts";
import type { RawMs } from "../format/times.ts";
import type { Attempt, Fix, Settlement } from "./ledger-types.ts";

/** Every payload that belongs to a pin begins with it, one byte. */
export const PIN_AT = 0;

export const BOOT = 1;
export const BOOT_AT = { session: 0, rawMs: 4, bytes: 10 };

export const FIX = 2;
/** The rows of fixes in memory are laid out alike (fix-rows.ts). */
export const FIX_AT = { id: 0, session: 4, rawMs: 8, trueMs: 14, boundMs: 20, kind: 24, bytes: 25 };
/** In a snapshot: up to this many fixes in one entry, one behind the other. */
export const FIXES = 13;
export const FIXES_IN_ENTRY = 4;

export function putFix(payload: DataView, fix: Fix): void {
  payload.setUint32(FIX_AT.id, fix.id, true);
  payload.setUint32(FIX_AT.session, fix.session, true);
  put48(payload, FIX_AT.rawMs, fix.rawMs);
  put48(payload, FIX_AT.trueMs, fix.trueMs);
  payload.setUint32(FIX_AT.boundMs, fix.boundMs, true);
  payload.setUint8(FIX_AT.kind, fix.kind);
}

/** The fix that begins at offset `at`. */
export function getFix(payload: DataView, at: number): Fix {
  return {
    id: payload.getUint32(at + FIX_AT.id, true),
    session: payload.getUint32(at + FIX_AT.session, true),
    rawMs: get48(payload, at + FIX_AT.rawMs),
    trueMs: get48(payload, at + FIX_AT.trueMs),
    boundMs: payload.getUint32(at + FIX_AT.boundMs, true),
    kind: payload.getUint8(at + FIX_AT.kind),
  };
}

export const UNFIX = 3;
export const UNFIX_AT = { id: 0, bytes: 4 };

export const KEEP = 14;
export const KEEP_AT = { rawMs: 0, bytes: 6 };

export const ATTEMPT = 4;
/** The same payload, in a snapshot: what it charges is charged already. */
export const OPEN_ATTEMPT = 12;
// biome-ignore format: as in FORMAT.md
export const ATTEMPT_AT = {
  pin: 0, from: 1, to: 7, points: 13, bodyBytes: 15, rawMs: 19, fixId: 25, thinEvery: 29, thinPhase: 33, afterTrueMs: 37,
  bytes: 43,
};

export function putAttempt(payload: DataView, attempt: Attempt): void {
  payload.setUint8(ATTEMPT_AT.pin, attempt.pin);
  put48(payload, ATTEMPT_AT.from, attempt.from);
  put48(payload, ATTEMPT_AT.to, attempt.to);
  payload.setUint16(ATTEMPT_AT.points, attempt.points, true);
  payload.setUint32(ATTEMPT_AT.bodyBytes, attempt.bodyBytes, true);
  put48(payload, ATTEMPT_AT.rawMs, attempt.rawMs);
  payload.setUint32(ATTEMPT_AT.fixId, attempt.fixId, true);
  payload.setUint32(ATTEMPT_AT.thinEvery, attempt.thinEvery, true);
  payload.setUint32(ATTEMPT_AT.thinPhase, attempt.thinPhase, true);
  put48(payload, ATTEMPT_AT.afterTrueMs, attempt.afterTrueMs);
}

export function getAttempt(payload: DataView): Attempt {
  return {
    pin: payload.getUint8(ATTEMPT_AT.pin),
    from: get48(payload, ATTEMPT_AT.from),
    to: get48(payload, ATTEMPT_AT.to),
    points: payload.getUint16(ATTEMPT_AT.points, true),
    bodyBytes: payload.getUint32(ATTEMPT_AT.bodyBytes, true),
    rawMs: get48(payload, ATTEMPT_AT.rawMs),
    fixId: payload.getUint32(ATTEMPT_AT.fixId, true),
    thinEvery: payload.getUint32(ATTEMPT_AT.thinEvery, true),
    thinPhase: payload.getUint32(ATTEMPT_AT.thinPhase, true),
    afterTrueMs: get48(payload, ATTEMPT_AT.afterTrueMs),
  };
}

export const SENT = 5;
// biome-ignore format: as in FORMAT.md
export const SENT_AT = {
  pin: 0, zero: 1, rawMs: 2, delivered: 8, thinned: 12, undatable: 16, unrepresentable: 20, corrupt: 24, to: 28,
  lastTrueMs: 34, lastSession: 40, lastRawMs: 44, bytes: 50,
};

/** What became of `attempt`, whose outcome came at `rawMs`. */
export function putSettlement(payload: DataView, attempt: Attempt, rawMs: RawMs, settlement: Settlement): void {
  payload.setUint8(SENT_AT.pin, attempt.pin);
  payload.setUint8(SENT_AT.zero, 0);
  put48(payload, SENT_AT.rawMs, rawMs);
  payload.setUint32(SENT_AT.delivered, settlement.delivered, true);
  payload.setUint32(SENT_AT.thinned, settlement.thinned, true);
  payload.setUint32(SENT_AT.undatable, settlement.undatable, true);
  payload.setUint32(SENT_AT.unrepresentable, settlement.unrepresentable, true);
  payload.setUint32(SENT_AT.corrupt, settlement.corrupt, true);
  put48(payload, SENT_AT.to, attempt.to);
  put48(payload, SENT_AT.lastTrueMs, settlement.lastTrueMs);
  payload.setUint32(SENT_AT.lastSession, settlement.lastSession || 0, true);
  put48(payload, SENT_AT.lastRawMs, settlement.lastRawMs || 0);
}

export const FAIL = 6;
/** `keep` is 1 when nobody knows whether the server took the batch: the attempt stays open. `cause` is one of `FAIL_CAUSE`. */
export const FAIL_AT = { pin: 0, keep: 1, rawMs: 2, duplicated: 8, cause: 12, bytes: 13 };

export const DROP = 7;
/** `reason` is a place in `COUNTERS`. */
export const DROP_AT = { pin: 0, reason: 1, to: 2, count: 8, bytes: 12 };

export const CORRECT = 15;
// biome-ignore format: as in FORMAT.md
export const CORRECT_AT = {
  pin: 0, lastTrueMs: 1, lastSession: 7, lastRawMs: 11, fromTrueMs: 17, toTrueMs: 23, points: 29, bytes: 33,
};

export const RETIRE = 8;
export const RETIRE_AT = { pin: 0, missed: 1, failed: 5, bytes: 9 };

export const STATE = 9;
export const STATE_AT = { session: 0, rawMs: 4, fixId: 10, keepFromRawMs: 14, fixesLost: 20, bytes: 22 };

export const ACCOUNT = 10;
/** `counts` are those of `COUNTERS`, 32 bits each. `refusals` has the replays refused in its three lowest bits. */
// biome-ignore format: as in FORMAT.md
export const ACCOUNT_AT = {
  pin: 0, cursor: 1, lastTrueMs: 7, counts: 13, lastSession: 45, lastRawMs: 49, misdated: 55, duplicated: 59,
  fromTrueMs: 63, toTrueMs: 69, missed: 75, failed: 79, refusals: 83, tries: 84, busy: 85, bytes: 86,
};

export const FOLD = 16;
/** `forgets`: 1 when the pin still has samples. */
export const FOLD_AT = { pin: 0, forgets: 1, bytes: 2 };
/** In a snapshot: the account of all pins that were folded. Laid out as ACCOUNT; `cursor` says how many of them had samples. */
export const FOLDED = 17;

export const CHARGE = 11;
export const CHARGE_AT = { pin: 0, rawMs: 1, points: 7, requests: 11, open: 13, bytes: 14 };
