import type { Clock } from "./clock/clock.ts";
import { presentTime, type TimeMap } from "./clock/time-map.ts";
import type { Network } from "./network/station.ts";
import type { Chip } from "./platform/ports.ts";
import type { SampledStream, Sampler } from "./sensors/sampler.ts";
import type { DeviceStatus, StreamStatus } from "./status-types.ts";
import { GONE_PIN } from "./storage/ledger/ledger.ts";
import { accountPins, countersOf, mistakesOf } from "./storage/ledger/reading.ts";
import { accountOf } from "./storage/ledger/state.ts";
import { totalsOf } from "./storage/ring/extent.ts";
import { fillOf } from "./storage/ring/fill.ts";
import { pinsOf } from "./storage/ring/page-table.ts";
import type { Storage } from "./storage/ring/ring.ts";
import { type Backlog, clearsMs } from "./upload/overload.ts";
import { pointsLeft, requestsLeft } from "./upload/quota.ts";
import { VERDICT, type Verdict, verdictText } from "./verdict.ts";

/** package.json's. */
export const VERSION = "0.1.0";

/** The parts of a unit that logs, as far as its status needs them. */
export interface Logger {
  storage: Storage;
  clock: Pick<Clock, "session" | "rawMs">;
  map: TimeMap;
  backlog: Pick<Backlog, "quota" | "memory" | "intervalsMs">;
  sampler: Pick<Sampler, "flashFailed" | "crowded">;
  network: Pick<Network, "up">;
  verdict: Verdict;
  server: string;
  /** Of the time and of the last delivery: what only a person can put right, or "". */
  timeFault: string;
  deliveryFault: string;
  streams: Pick<SampledStream, "pin" | "name">[];
  /** As `planName` says it. */
  plan: string;
}

/** What the logger's parts say; the rest of the status is the chip's and the program's. */
type Logged = Omit<DeviceStatus, "version" | "memory" | "faults">;

function streamStatus(logger: Logger, pin: number): StreamStatus {
  const totals = totalsOf(logger.storage, pin);
  const counters = countersOf(logger.storage.ledger, pin);
  const mistakes = mistakesOf(logger.storage.ledger, pin);
  const configured = logger.streams.find((stream) => stream.pin === pin);
  return {
    "pin": pin === GONE_PIN ? "gone" : `v${pin}`,
    // A pin that was taken out of the device file still drains.
    "name": configured === undefined ? "" : configured.name,
    "sampled": totals.sampled,
    "delivered": counters.delivered,
    "pending": totals.pending,
    "dropped": {
      "expired": counters.expired,
      "overwritten": counters.overwritten,
      "thinned": counters.thinned,
      "undatable": counters.undatable,
      "refused": counters.refused,
      "unrepresentable": counters.unrepresentable,
      "corrupt": counters.corrupt,
    },
    "misdated": mistakes.misdated,
    "duplicated": mistakes.duplicated,
    "missed": totals.missed,
    "failed": totals.failed,
  };
}

function withoutLogger(): Logged {
  return {
    "session": 0,
    "rawMs": 0,
    "time": null,
    "streams": [],
    "ring": { "pages": 0, "usedPages": 0, "keptPages": 0, "badPages": 0, "mendedPages": 0, "decayedPages": 0 },
    "quota": null,
    "backlogClearsMs": null,
    "verdict": VERDICT.flashFault,
    "verdictText": verdictText(VERDICT.flashFault),
    "wifi": false,
    "server": "",
  };
}

/** Adds what only a person can put right to `faults`. */
function ofLogger(logger: Logger, faults: string[]): Logged {
  const pins = logger.streams.map((stream) => stream.pin);
  const storage = logger.storage;
  const ledger = storage.ledger;
  pinsOf(storage)
    .concat(accountPins(ledger))
    .forEach((pin) => {
      if (pins.indexOf(pin) < 0) pins.push(pin);
    });
  // Read before the session: it may find a jump, which begins the next.
  const rawMs = logger.clock.rawMs();
  const now = presentTime(logger.map);
  const fill = fillOf(storage);
  const quota = logger.backlog.quota;
  if (logger.timeFault !== "") faults.push(logger.timeFault);
  const lost = ledger.told.fixesLost;
  if (lost > 0) faults.push(`time: no room for the fixes of ${lost} sessions; their samples may stay undated`);
  const forgotten = accountOf(ledger, GONE_PIN).cursor;
  if (forgotten > 0) faults.push(`ledger: no room for ${forgotten} old pins; some of their samples may be sent twice`);
  if (logger.deliveryFault !== "") faults.push(logger.deliveryFault);
  if (logger.sampler.flashFailed()) faults.push("flash: the last sample could not be written");
  if (logger.sampler.crowded()) faults.push("sensors: they take longer than the intervals allow, so slots are missed");
  const streams = pins.map((pin) => streamStatus(logger, pin));
  let pending = 0;
  for (let i = 0; i < streams.length; i++) pending += streams[i].pending;
  const backlogMs = clearsMs(logger.backlog, pending);
  return {
    "session": logger.clock.session(),
    "rawMs": rawMs,
    "time": now === undefined ? null : { "trueMs": now.trueMs, "boundMs": now.boundMs },
    "streams": streams,
    "ring": {
      "pages": fill.pages,
      "usedPages": fill.usedPages,
      "keptPages": fill.keptPages,
      "badPages": fill.badPages,
      "mendedPages": fill.mendedPages,
      "decayedPages": fill.decayedPages,
    },
    "quota": {
      "pointsLeft": pointsLeft(quota),
      "requestsLeft": requestsLeft(quota),
      "pointsMax": quota.pointsMax,
      "plan": logger.plan,
    },
    "backlogClearsMs": backlogMs < Infinity ? backlogMs : null,
    "verdict": logger.verdict,
    "verdictText": verdictText(logger.verdict),
    "wifi": logger.network.up(),
    "server": logger.server,
  };
}

/**
 * What `backfill.status()` answers: plain JSON without secrets. `faults` are sentences for people. Without a logger (the
 * region can't be had) there is no session and there are no streams.
 * The names are in quotes because others read them: the build shortens the names that are not (scripts/build/passes/mangle.ts).
 */
export function composeStatus(chip: Pick<Chip, "memory">, faults: string[], logger: Logger | undefined): DeviceStatus {
  const memory = chip.memory();
  const all = faults.slice();
  const logged: Logged = logger === undefined ? withoutLogger() : ofLogger(logger, all);
  const status = Object.assign({ "version": VERSION }, logged);
  return Object.assign(status, {
    "memory": { "used": memory.total - memory.free, "total": memory.total },
    "faults": all,
  });
}
