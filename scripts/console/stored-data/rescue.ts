import { bootSession, createClock } from "../../../firmware/clock/clock.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import type { Http, Log } from "../../../firmware/platform/ports.ts";
import { openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { openRing } from "../../../firmware/storage/ring/ring.ts";
import { createUpload } from "../../../firmware/upload/upload.ts";
import type { Verdict } from "../../../firmware/verdict.ts";
import type { HostTimers } from "../transport/host-ports.ts";
import { bankPagesOf, flashRegionOf, type RegionCopy } from "./data-region.ts";

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
  verdict: Verdict;
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
  const region = flashRegionOf(copy);
  const bankPages = bankPagesOf(region.pageBytes);
  const ledger = openLedger(region, bankPages);
  const ring = openRing(region, ledger, bankPages, []);
  const session = bootSession(ledger.session());
  const rawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
  ledger.boot(session, rawMs);
  const clock = createClock(timers, session, rawMs);
  clock.watch((next) => ledger.boot(next, clock.rawMs()));
  // The time switched off is not known: samples that only this point would date are dated as far as the bound allows.
  ledger.addFix(session, clock.rawMs(), timers.nowMs(), HOST_CLOCK_BOUND_MS);
  const map = createTimeMap(ledger, clock, settings.maxTimeUncertaintyMs ?? LIMITS.maxTimeUncertaintyMs);
  const { drain } = createUpload(
    { ring, ledger, map, clock, http, timers, chip: { random: settings.random ?? Math.random }, log },
    {
      server: settings.server,
      token: settings.token,
      limits: settings,
      intervalsMs: [],
    },
  );
  const before = count();
  const found = await new Promise<{ verdict: Verdict; nextTryMs: number }>((resolve) => {
    drain.run((verdict, nextTryMs) => resolve({ verdict, nextTryMs }));
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
