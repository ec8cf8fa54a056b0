/** What may still be sent today. A rolling window over the ledger's charges satisfies any definition of a day. */
import type { Clock } from "../clock/clock.ts";
import { LIMITS } from "../limits.ts";
import type { Charge, Ledger } from "../storage/ledger/ledger.ts";

export interface Quota {
  pointsMax: number;
  requestsMax: number;
  pointsLeft(): number;
  requestsLeft(): number;
  /** Points that can be sent between now and `afterMs` from now, if each is sent as soon as the allowance lets it. */
  pointsWithin(afterMs: number): number;
  /** Time until `points` points and one request are free; 0 when they are free now. */
  waitMs(points: number): number;
}

/**
 * Charges age by raw time, a proven lower bound of the time that has passed: a clock that is set by days changes nothing.
 * A charge whose outcome is open does not age, as its request may still arrive.
 */
export function createQuota(
  ledger: Pick<Ledger, "charges">,
  clock: Pick<Clock, "rawMs">,
  pointsMax: number,
  requestsMax: number,
): Quota {
  "on demand";
  /** Time until a charge stops counting; 0 when it has stopped. */
  function restMs(charge: Charge, nowRawMs: number): number {
    return Math.max(0, LIMITS.quotaWindowMs - (charge.open ? 0 : Math.max(0, nowRawMs - charge.rawMs)));
  }

  function left(max: number, of: "points" | "requests", afterMs: number): number {
    const nowRawMs = clock.rawMs();
    const charges = ledger.charges();
    let rest = max;
    for (let i = 0; i < charges.length; i++) if (restMs(charges[i], nowRawMs) > afterMs) rest -= charges[i][of];
    return Math.max(0, rest);
  }

  return {
    pointsMax,
    requestsMax,
    pointsLeft() {
      return left(pointsMax, "points", 0);
    },
    requestsLeft() {
      return left(requestsMax, "requests", 0);
    },
    pointsWithin(afterMs) {
      // What is free now, or becomes free, is free again one window later.
      const windows = Math.floor(afterMs / LIMITS.quotaWindowMs);
      return windows * pointsMax + left(pointsMax, "points", afterMs - windows * LIMITS.quotaWindowMs);
    },
    waitMs(points) {
      const nowRawMs = clock.rawMs();
      const waits = ledger.charges().map((charge) => restMs(charge, nowRawMs));
      waits.push(0);
      waits.sort((a, b) => a - b);
      for (let i = 0; i < waits.length; i++) {
        if (left(pointsMax, "points", waits[i]) >= points && left(requestsMax, "requests", waits[i]) > 0)
          return waits[i];
      }
      return LIMITS.quotaWindowMs;
    },
  };
}
