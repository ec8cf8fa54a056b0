import { createClock } from "../../../firmware/clock/clock.ts";
import { FIX_KIND } from "../../../firmware/clock/fix-kind.ts";
import { startSession } from "../../../firmware/clock/start-session.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import type { Http, Log } from "../../../firmware/platform/ports.ts";
import type { DropReason } from "../../../firmware/storage/ledger/ledger-types.ts";
import { openStorage, type Storage } from "../../../firmware/storage/storage.ts";
import { openEndpoint } from "../../../firmware/upload/endpoint.ts";
import { createServerDate } from "../../../firmware/upload/server-date.ts";
import { createUpload, forgive, openUploadMemory } from "../../../firmware/upload/upload.ts";
import type { Verdict } from "../../../firmware/verdict.ts";
import { HOST_CLOCK_BOUND_MS } from "../unit/tell-time.ts";
import { flashRegionOf, type RegionCopy } from "./data-region.ts";
import type { HostTimers } from "./host-ports.ts";

/** The account, and the limits of its plan. A limit that is left out is the firmware's default. */
export interface DumpDeliverySettings {
  server: string;
  token: string;
  pointsPerRequestMax?: number;
  pointsPerDayMax?: number;
  requestsPerDayMax?: number;
  maxTimeUncertaintyMs?: number;
  /** Uniform in [0, 1): for the waits between tries. */
  random?: () => number;
}

export interface DumpDeliveryOutcome {
  /** As in firmware/verdict.ts. */
  verdict: Verdict;
  /** Time until another try can succeed; Infinity when something has to change first. */
  nextTryMs: number;
  /** What went wrong, in words; "" when nothing did. */
  fault: string;
  delivered: number;
  pending: number;
}

/** How many samples of all datastreams were let go, by the reason. */
export type Fates = { [reason in DropReason]: number };

/**
 * Sends the pending samples of a copied region, with the firmware's own planner, quota and drain: this computer takes the
 * place of the device, as if the device had booted now. The outcome of each batch goes into the copy's ledger.
 */
export async function deliverDump(
  copy: RegionCopy,
  settings: DumpDeliverySettings,
  http: Http,
  timers: HostTimers,
  log: Log,
): Promise<DumpDeliveryOutcome> {
  const { ledger, ring } = openStorage(flashRegionOf(copy), []);
  const { session, rawMs } = startSession(ledger, ring);
  const clock = createClock(timers, session, rawMs);
  clock.watch((next) => ledger.boot(next, clock.rawMs()));
  // How long the device was off is not known. A sample that only this fix could date is sent if its bound is small enough.
  ledger.addFix({
    session,
    rawMs: clock.rawMs(),
    trueMs: timers.nowMs(),
    boundMs: HOST_CLOCK_BOUND_MS,
    kind: FIX_KIND.cable,
  });
  const map = createTimeMap(ledger, clock, settings.maxTimeUncertaintyMs ?? LIMITS.maxTimeUncertaintyMs);
  // A region that Blynk names is followed, and found anew in each run.
  const store = { readJson: () => undefined, writeJson() {} };
  const endpoint = openEndpoint(store, settings.server, settings.token);
  const askServer = createServerDate(http, timers, clock, endpoint);
  const chip = { random: settings.random ?? Math.random };
  const memory = openUploadMemory(0);
  const drain = createUpload(
    { ring, ledger, map, clock, http, store, askServer, timers, chip, log },
    endpoint,
    { limits: settings, intervalsMs: [] },
    memory,
  );
  // Somebody asks: a batch that was refused or had no answer does not rest.
  forgive(memory, endpoint, clock.rawMs());
  const before = countSamples({ ledger, ring });
  const found = await new Promise<{ verdict: Verdict; nextTryMs: number }>((resolve) => {
    drain.run((verdict, nextTryMs) => resolve({ verdict, nextTryMs }));
  });
  const after = countSamples({ ledger, ring });
  timers.stop();
  return {
    ...found,
    fault: memory.fault,
    delivered: after.delivered - before.delivered,
    pending: after.pending,
  };
}

const pinsIn = ({ ledger, ring }: Storage) => new Set([...ring.pins(), ...ledger.pins()]);

/** Sums over all datastreams. */
function countSamples(storage: Storage) {
  const sum = { delivered: 0, pending: 0 };
  for (const pin of pinsIn(storage)) {
    sum.delivered += storage.ledger.counters(pin).delivered;
    sum.pending += storage.ring.totals(pin).pending;
  }
  return sum;
}

/** What a mounted copy says of samples that were let go, by its device or by `deliverDump`. */
export function countFates(storage: Storage): Fates {
  const sum: Fates = { expired: 0, overwritten: 0, undatable: 0, refused: 0, corrupt: 0 };
  for (const pin of pinsIn(storage)) {
    const counters = storage.ledger.counters(pin);
    for (const reason of Object.keys(sum) as DropReason[]) sum[reason] += counters[reason];
  }
  return sum;
}
