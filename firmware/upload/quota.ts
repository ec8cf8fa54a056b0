/** What may still be sent today. A rolling window over the ledger's charges satisfies any definition of a day. */
import type { Clock } from "../clock/clock.ts";
import { LIMITS } from "../limits.ts";
import type { Charge, Ledger } from "../storage/ledger/ledger.ts";

/**
 * The plan's day, and what it is counted by: plain data. Charges age by raw time, a proven lower bound of the time that has
 * passed: a clock that is set by days changes nothing. A charge whose outcome is open does not age, as its request may still
 * arrive.
 */
export interface Quota {
  ledger: Ledger;
  clock: Pick<Clock, "rawMs">;
  pointsMax: number;
  requestsMax: number;
}

/** Time until a charge stops counting; 0 when it has stopped. */
function restMs(charge: Charge, nowRawMs: number): number {
  return Math.max(0, LIMITS.quotaWindowMs - (charge.open ? 0 : Math.max(0, nowRawMs - charge.rawMs)));
}

function leftOf(quota: Quota, of: "points" | "requests", afterMs: number): number {
  const nowRawMs = quota.clock.rawMs();
  const charges = quota.ledger.told.charges;
  let rest = of === "points" ? quota.pointsMax : quota.requestsMax;
  for (let i = 0; i < charges.length; i++) if (restMs(charges[i], nowRawMs) > afterMs) rest -= charges[i][of];
  return Math.max(0, rest);
}

export function pointsLeft(quota: Quota): number {
  return leftOf(quota, "points", 0);
}

export function requestsLeft(quota: Quota): number {
  return leftOf(quota, "requests", 0);
}

/** Points that can be sent between now and `afterMs` from now, if each is sent as soon as the allowance lets it. */
export function pointsWithin(quota: Quota, afterMs: number): number {
  // What is free now, or becomes free, is free again one window later.
  const windows = Math.floor(afterMs / LIMITS.quotaWindowMs);
  return windows * quota.pointsMax + leftOf(quota, "points", afterMs - windows * LIMITS.quotaWindowMs);
}

/** Time until `points` points and one request are free; 0 when they are free now. */
export function quotaWaitMs(quota: Quota, points: number): number {
  "on demand";
  const nowRawMs = quota.clock.rawMs();
  const waits = quota.ledger.told.charges.map((charge) => restMs(charge, nowRawMs));
  waits.push(0);
  waits.sort((a, b) => a - b);
  for (let i = 0; i < waits.length; i++) {
    if (leftOf(quota, "points", waits[i]) >= points && leftOf(quota, "requests", waits[i]) > 0) return waits[i];
  }
  return LIMITS.quotaWindowMs;
}
