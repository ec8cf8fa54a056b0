import { get48 } from "../format/int48.ts";
import type { Position } from "../format/position.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import {
  BUSY,
  COUNTERS_COUNT,
  COUNTS_LENGTH,
  DUPLICATED,
  LAST_SESSION,
  MISDATED,
  REFUSALS,
  REPLAYS_REFUSED,
  REPLAYS_REFUSED_MAX,
  TRIES,
} from "./counters.ts";
import { ACCOUNT_AT, CORRECT_AT } from "./entries.ts";
import type { Attempt } from "./ledger-types.ts";

/** The number under which pins that are gone are accounted for together. No datastream has it. */
export const GONE_PIN = 257;

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

export function createAccount(): Account {
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

/** Takes in an ACCOUNT entry. */
export function readAccount(payload: DataView, a: Account): void {
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
  const refusals = payload.getUint8(ACCOUNT_AT.refusals);
  a.counts[REFUSALS] = refusals >> 3;
  a.counts[REPLAYS_REFUSED] = refusals & REPLAYS_REFUSED_MAX;
  a.counts[TRIES] = payload.getUint8(ACCOUNT_AT.tries);
  a.counts[BUSY] = payload.getUint8(ACCOUNT_AT.busy);
}

/** Takes in a CORRECT entry. */
export function correctAccount(payload: DataView, a: Account): void {
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
