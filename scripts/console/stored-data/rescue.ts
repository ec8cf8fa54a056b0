import { createClock } from "../../../firmware/clock/clock.ts";
import { startSession } from "../../../firmware/clock/start-session.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import type { Http, Log } from "../../../firmware/platform/ports.ts";
import { openStorage } from "../../../firmware/storage/storage.ts";
import { createDrain } from "../../../firmware/upload/drain.ts";
import { createOverload } from "../../../firmware/upload/overload.ts";
import { createPlanner } from "../../../firmware/upload/planner.ts";
import { createQuota } from "../../../firmware/upload/quota.ts";
import type { HostTimers } from "../transport/host-ports.ts";
import { flashRegionOf, type RegionCopy } from "./data-region.ts";

export interface RescueSettings {
  server: string;
  token: string;
  pointsPerRequestMax?: number;
  pointsPerDayMax?: number;
  requestsPerDayMax?: number;
  maxTimeUncertaintyMs?: number;
  /** Uniform in [0, 1), for the waits between tries. */
  random?: () => number;
}

export interface RescueOutcome {
  /** As the firmware's. */
  verdict: number;
  /** When another try is worth it; Infinity: not before something changes. */
  nextTryMs: number;
  fault: string;
  delivered: number;
  pending: number;
  dropped: number;
}

/** How far this computer's clock is trusted: it is kept by NTP on most, and nobody checks it here. */
const HOST_CLOCK_BOUND_MS = 2000;

/**
 * Sends what a copy of a region still holds, by the firmware's own planner, quota and drain: this computer takes the
 * place of the device, as if it had booted again now. What became of each batch goes into the copy's ledger.
 */
export async function rescue(
  copy: RegionCopy,
  settings: RescueSettings,
  http: Http,
  timers: HostTimers,
  log: Log,
): Promise<RescueOutcome> {
  const { ledger, ring } = openStorage(flashRegionOf(copy), []);
  const { session, rawMs } = startSession(ledger, ring);
  const clock = createClock(timers, session, rawMs);
  clock.watch((next) => ledger.boot(next, clock.rawMs()));
  // The time switched off is not known: samples that only this point would date are dated as far as the bound allows.
  ledger.addFix(session, clock.rawMs(), timers.nowMs(), HOST_CLOCK_BOUND_MS);
  const map = createTimeMap(ledger, clock, settings.maxTimeUncertaintyMs ?? LIMITS.maxTimeUncertaintyMs);
  const quota = createQuota(
    ledger,
    clock,
    settings.pointsPerDayMax ?? LIMITS.pointsPerDayMax,
    settings.requestsPerDayMax ?? LIMITS.requestsPerDayMax,
  );
  const ageMaxMs = LIMITS.ageMaxMs;
  const overload = createOverload(ring, ledger, map, quota, { overload: "oldest-first", ageMaxMs, intervalsMs: [] });
  const planner = createPlanner(ring, ledger, map, clock, quota, overload, timers, log, {
    pointsPerRequestMax: settings.pointsPerRequestMax ?? LIMITS.pointsPerRequestMax,
    bodyBytesMax: LIMITS.bodyBytesMax,
    ageMaxMs,
  });
  const before = count();
  const drain = createDrain(
    ring,
    ledger,
    map,
    clock,
    planner,
    http,
    timers,
    { random: settings.random ?? Math.random },
    log,
    {
      server: settings.server,
      token: settings.token,
    },
  );
  const found = await new Promise<{ verdict: number; nextTryMs: number }>((resolve) => {
    drain.drain((verdict, nextTryMs) => resolve({ verdict, nextTryMs }));
  });
  const after = count();
  timers.stop();
  return {
    ...found,
    fault: drain.fault(),
    delivered: after.delivered - before.delivered,
    pending: after.pending,
    dropped: after.dropped - before.dropped,
  };

  function count() {
    const sum = { delivered: 0, pending: 0, dropped: 0 };
    for (const pin of new Set([...ring.pins(), ...ledger.pins()])) {
      const { delivered, ...dropped } = ledger.counters(pin);
      sum.delivered += delivered;
      sum.dropped += Object.values(dropped).reduce((n, one) => n + one, 0);
      sum.pending += ring.totals(pin).pending;
    }
    return sum;
  }
}
