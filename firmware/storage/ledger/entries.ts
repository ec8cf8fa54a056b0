import { get48, put48 } from "../format/int48.ts";
import type { Attempt, Fix } from "./ledger-types.ts";

/** Kinds of entries; their payloads are drawn in FORMAT.md. */
export const BOOT = 1;
export const FIX = 2;
export const UNFIX = 3;
export const ATTEMPT = 4;
export const SENT = 5;
export const FAIL = 6;
export const DROP = 7;
export const RETIRE = 8;
export const STATE = 9;
export const ACCOUNT = 10;
export const CHARGE = 11;
export const OPEN_ATTEMPT = 12;

export function putFix(payload: DataView, point: Fix): void {
  payload.setUint32(0, point.id, true);
  payload.setUint32(4, point.session, true);
  put48(payload, 8, point.rawMs);
  put48(payload, 14, point.trueMs);
  payload.setUint32(20, point.boundMs, true);
}

export function getFix(payload: DataView): Fix {
  return {
    id: payload.getUint32(0, true),
    session: payload.getUint32(4, true),
    rawMs: get48(payload, 8),
    trueMs: get48(payload, 14),
    boundMs: payload.getUint32(20, true),
  };
}

export function putAttempt(payload: DataView, a: Attempt): void {
  payload.setUint8(0, a.pin);
  put48(payload, 1, a.from);
  put48(payload, 7, a.to);
  payload.setUint16(13, a.points, true);
  payload.setUint32(15, a.bodyBytes, true);
  put48(payload, 19, a.rawMs);
  payload.setUint32(25, a.fixId, true);
  payload.setUint32(29, a.thinEvery, true);
  payload.setUint32(33, a.thinPhase, true);
  put48(payload, 37, a.afterTrueMs);
}

export function getAttempt(payload: DataView): Attempt {
  return {
    pin: payload.getUint8(0),
    from: get48(payload, 1),
    to: get48(payload, 7),
    points: payload.getUint16(13, true),
    bodyBytes: payload.getUint32(15, true),
    rawMs: get48(payload, 19),
    fixId: payload.getUint32(25, true),
    thinEvery: payload.getUint32(29, true),
    thinPhase: payload.getUint32(33, true),
    afterTrueMs: get48(payload, 37),
  };
}
