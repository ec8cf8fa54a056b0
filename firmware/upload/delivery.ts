/** One delivery at a time: join Wi-Fi, take a fix of the clock, drain the samples, say how it went. */
import { ANSWERED, FOREIGN, type TakeFix } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import type { Network } from "../network/station.ts";
import type { Chip, Log, Timers } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { VERDICT, type Verdict, verdictText } from "../verdict.ts";
import { backoffMs } from "./backoff.ts";
import type { Drain } from "./drain.ts";
import { type Endpoint, MET } from "./endpoint.ts";
import { type Ailments, finalVerdict, lossesOf } from "./final-verdict.ts";
import type { Overload } from "./overload.ts";
import type { Planner } from "./planner.ts";
import type { Quota } from "./quota.ts";

export type Trigger = "connect" | "button" | "schedule" | "console";

export interface Delivery {
  /** Starts a delivery now, or, while one is running, another one after it. */
  trigger(why: Trigger): void;
  /** Of the last delivery; `allSent` before the first. */
  verdict(): Verdict;
  status(): DeliveryStatus;
  /** Called on any progress of the running delivery. */
  noteProgress(): void;
  /**
   * Called at every heartbeat. Returns false once an awaited step, of the running delivery or the start of the next, is ten
   * minutes late: its timer is lost, and only a restart brings it back.
   */
  beat(): boolean;
  /** Ends the running delivery with a flash fault: something in it threw, and nothing else would end it. */
  fail(error: unknown): void;
  /** Called with true when a delivery starts, and with false when its verdict stands. One listener. */
  watch(callback: (busy: boolean) => void): void;
}

export interface DeliveryStatus {
  quota: { pointsLeft: number; requestsLeft: number; pointsMax: number };
  /** Null when the backlog grows. */
  backlogClearsMs: number | null;
  verdict: Verdict;
  verdictText: string;
  /** What only a person can put right, or "". */
  deliveryFault: string;
  /** Origin that requests go to. */
  server: string;
}

export interface DeliverySettings {
  /** A delivery starts this often while connected. */
  syncEveryMs: number;
  /** The radio is on for deliveries only, this often. Undefined: always on. */
  connectEveryMs: number | undefined;
  /** Number of the networks that the unit knows. */
  networks: number;
}

export interface DeliveryParts {
  network: Network;
  takeFix: Pick<TakeFix, "take">;
  planner: Pick<Planner, "holds">;
  overload: Pick<Overload, "clearsMs">;
  quota: Quota;
  drain: Drain;
  endpoint: Endpoint;
  ledger: Pick<Ledger, "pins" | "counters">;
  ailments: Ailments;
  timers: Timers;
  chip: Pick<Chip, "memory" | "random">;
  log: Log;
}

/** A link over which somebody answers, but not Blynk, is left after this many deliveries, if there is another network. */
const MISSES_OF_LINK = 2;
/** After this many the other server is asked: the one that the unit was provisioned with, or the region that it was sent to. */
const MISSES_OF_SERVER = 6;

function statusOf(
  parts: Pick<DeliveryParts, "overload" | "quota" | "drain" | "endpoint">,
  verdict: Verdict,
): DeliveryStatus {
  const clearsMs = parts.overload.clearsMs();
  const quota = parts.quota;
  return {
    quota: { pointsLeft: quota.pointsLeft(), requestsLeft: quota.requestsLeft(), pointsMax: quota.pointsMax },
    backlogClearsMs: clearsMs < Infinity ? clearsMs : null,
    verdict,
    verdictText: verdictText(verdict),
    deliveryFault: parts.drain.fault(),
    server: parts.endpoint.server,
  };
}

export function createDelivery(parts: DeliveryParts, settings: DeliverySettings): Delivery {
  const everyMs = settings.connectEveryMs || settings.syncEveryMs;
  let busy = false;
  /** Number of the running delivery. What belongs to an earlier one is not heard any more. */
  let serial = 0;
  /** Of the running delivery. */
  let cause: Trigger = "connect";
  let verdict: Verdict = VERDICT.allSent;
  let remembered: Trigger | undefined;
  let timer: number | undefined;
  let failures = 0;
  /** Deliveries in a row that joined a network, and in which Blynk did not answer. */
  let misses = 0;
  /** Links of the running delivery that were left because nothing answered. */
  let rejoins = 0;
  /** The last delivery did not even start. */
  let refused = false;
  let listener: ((busy: boolean) => void) | undefined;
  /** Heartbeats until the awaited step is so late that it will not come. */
  let beatsLeft = 0;
  /** Losses that somebody has seen at a press. */
  let seen = lossesOf(parts.ledger);

  function expectWithin(waitMs: number): void {
    beatsLeft = (waitMs + LIMITS.deliveryStallMs) / LIMITS.heartbeatMs;
  }

  /** Sets the timer for the next delivery. */
  function arm(waitMs: number): void {
    expectWithin(waitMs);
    timer = parts.timers.setTimeout(() => {
      timer = undefined;
      // The network rejoins by itself. Only a radio that was turned off, or perhaps never was on, is turned on from here.
      if (parts.network.up() || settings.connectEveryMs !== undefined || refused) trigger("schedule");
      else arm(everyMs);
    }, waitMs);
  }

  function finish(found: Verdict, nextTryMs: number): void {
    serial++;
    const endpoint = parts.endpoint;
    const met = endpoint.met;
    // Without a link, or without memory, nobody was asked.
    const asked = !refused && parts.network.up();
    if (asked && met === MET.blynk) {
      misses = 0;
      parts.network.rate(met);
    } else if (
      asked &&
      nextTryMs < Infinity &&
      (found === VERDICT.serverNotReached || found === VERDICT.intercepted || found === VERDICT.noTime)
    ) {
      misses++;
      // A server that is down looks like a network without Internet: only another network can tell.
      if (met === MET.nobody || misses % MISSES_OF_LINK === 0) parts.network.rate(met);
      // The region may be closed, or was never this unit's.
      if (misses % MISSES_OF_SERVER === 0) {
        endpoint.server = endpoint.server === endpoint.home ? endpoint.saved : endpoint.home;
      }
      // Somebody is waiting, or the next delivery is far away: over the next link at once.
      const urgent = cause === "button" || cause === "console" || settings.connectEveryMs !== undefined;
      if (met === MET.nobody && urgent && rejoins++ < settings.networks) {
        start();
        return;
      }
    }
    const losses = lossesOf(parts.ledger);
    verdict = finalVerdict(found, parts.ailments, parts.planner, losses, seen);
    if (cause === "button") seen = losses;
    parts.log(verdict === VERDICT.allSent ? "info" : "warn", `sync: ${verdictText(verdict)}`);
    busy = false;
    if (listener) listener(false);
    const again = remembered;
    remembered = undefined;
    if (again) {
      trigger(again);
      return;
    }
    if (settings.connectEveryMs !== undefined) parts.network.disconnect();
    // A backoff may well be longer than the schedule. A wait for allowance keeps to the schedule, for the clock's sake.
    const keepsSchedule =
      nextTryMs === Infinity || found === VERDICT.dailyLimit || found === VERDICT.pinOrPointsRefused;
    arm(keepsSchedule ? Math.min(nextTryMs, everyMs) : nextTryMs);
  }

  function fail(error: unknown): void {
    parts.log("error", `sync: ${error}`);
    if (!busy) return;
    parts.drain.stop();
    finish(VERDICT.flashFault, backoffMs(failures++, parts.chip.random));
  }

  function start(): void {
    const memory = parts.chip.memory();
    refused = memory.free < LIMITS.deliveryMemoryFreeMin;
    if (refused) {
      parts.log(
        "error",
        `sync refused: ${memory.free} of ${memory.total} JsVars are free, ${LIMITS.deliveryMemoryFreeMin} needed`,
      );
      finish(VERDICT.serverNotReached, backoffMs(failures++, parts.chip.random));
      return;
    }
    const mine = serial;
    expectWithin(0);
    parts.network.connect((failure) => {
      if (mine !== serial) return;
      expectWithin(0);
      if (failure !== VERDICT.allSent) {
        // The network goes on trying by itself.
        finish(failure, Infinity);
        return;
      }
      parts.takeFix.take((found, contact, told) => {
        if (mine !== serial) return;
        expectWithin(0);
        const foreign = contact.substr(0, FOREIGN.length) === FOREIGN;
        if (told || foreign || contact === ANSWERED) parts.endpoint.met = Math.max(parts.endpoint.met, MET.somebody);
        if (found !== "known") {
          const verdict = found === "unknown" && !foreign ? VERDICT.noTime : parts.drain.unreached(contact);
          finish(verdict, backoffMs(failures++, parts.chip.random));
          return;
        }
        failures = 0;
        // From a timer: by then what took the fix has let go of its memory.
        parts.timers.setTimeout(() => {
          if (mine !== serial) return;
          // The error would be left to the console.
          try {
            parts.drain.run((verdict, nextTryMs) => {
              if (mine === serial) finish(verdict, nextTryMs);
            });
          } catch (error) {
            fail(error);
          }
        }, 0);
      });
    });
  }

  function trigger(why: Trigger): void {
    if (busy) {
      // A press counts as one when it is its turn.
      if (remembered !== "button") remembered = why;
      return;
    }
    if (timer !== undefined) parts.timers.clearTimeout(timer);
    timer = undefined;
    busy = true;
    cause = why;
    rejoins = 0;
    parts.endpoint.met = MET.nobody;
    parts.endpoint.moves = 0;
    if (why === "button" || why === "console") {
      failures = 0;
      parts.drain.forgive();
    }
    if (listener) listener(true);
    start();
  }

  parts.network.onDown(() => parts.drain.linkLost());
  arm(everyMs);

  return {
    trigger,
    verdict() {
      return verdict;
    },
    status() {
      return statusOf(parts, verdict);
    },
    noteProgress() {
      if (busy) expectWithin(0);
    },
    beat() {
      return --beatsLeft > 0;
    },
    fail,
    watch(callback) {
      listener = callback;
    },
  };
}
