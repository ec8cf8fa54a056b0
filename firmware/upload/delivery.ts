/** One delivery at a time: join Wi-Fi, take a fix of the clock, drain the samples, say how it went. */
import type { TakeFix } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import type { Network } from "../network/wifi.ts";
import type { Chip, Log, Timers } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { VERDICT, type Verdict, verdictText } from "../verdict.ts";
import type { Drain } from "./drain.ts";
import type { Overload } from "./overload.ts";
import type { Planner } from "./planner.ts";
import type { Quota } from "./quota.ts";

export type Trigger = "connect" | "button" | "schedule" | "console";

export interface Delivery {
  /** Starts a delivery now, or, while one is running, another one after it. */
  trigger(why: Trigger): void;
  busy(): boolean;
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
}

export interface DeliverySettings {
  /** A delivery starts this often while connected. */
  syncEveryMs: number;
  /** The radio is on for deliveries only, this often. Undefined: always on. */
  connectEveryMs: number | undefined;
}

/** What else the verdict tells of; the sampler knows it. */
export interface Ailments {
  /** The last sample of some datastream could not be written. */
  flashFailed(): boolean;
  /** The last reading of some datastream failed. */
  failing(): boolean;
}

export interface DeliveryParts {
  network: Network;
  takeFix: TakeFix;
  planner: Pick<Planner, "holds">;
  overload: Pick<Overload, "clearsMs">;
  quota: Quota;
  drain: Drain;
  ledger: Pick<Ledger, "pins" | "counters">;
  ailments: Ailments;
  timers: Timers;
  chip: Pick<Chip, "memory" | "random">;
  log: Log;
}

export function createDelivery(parts: DeliveryParts, settings: DeliverySettings): Delivery {
  const everyMs = settings.connectEveryMs || settings.syncEveryMs;
  let busy = false;
  /** Number of the running delivery. What belongs to an earlier one is not heard any more. */
  let serial = 0;
  let cause: Trigger = "connect";
  let verdict: Verdict = VERDICT.allSent;
  let remembered: Trigger | undefined;
  let timer: number | undefined;
  let failures = 0;
  /** The last delivery did not even start. */
  let refused = false;
  let listener: ((busy: boolean) => void) | undefined;
  /** Heartbeats until the awaited step is so late that it will not come. */
  let beatsLeft = 0;

  function expectWithin(waitMs: number): void {
    beatsLeft = (waitMs + LIMITS.deliveryStallMs) / LIMITS.heartbeatMs;
  }

  /** Samples let go unsent and samples that can't be dated, since the device was new. */
  function losses(): { lost: number; undatable: number } {
    const sum = { lost: 0, undatable: 0 };
    const pins = parts.ledger.pins();
    for (let i = 0; i < pins.length; i++) {
      const counters = parts.ledger.counters(pins[i]);
      sum.lost += counters.overwritten + counters.expired;
      sum.undatable += counters.undatable;
    }
    return sum;
  }
  let atPress = losses();

  /** Sets the timer for the next delivery. */
  function arm(waitMs: number): void {
    expectWithin(waitMs);
    timer = parts.timers.setTimeout(() => {
      timer = undefined;
      // The network rejoins by itself and says so. Only a radio that was turned off is turned on from here, and one that a
      // refused delivery may never have turned on.
      if (parts.network.up() || settings.connectEveryMs !== undefined || refused) trigger("schedule");
      else arm(everyMs);
    }, waitMs);
  }

  /** What to show: the order is that in which a person should deal with things. */
  function toShow(found: Verdict, now: { lost: number; undatable: number }): Verdict {
    if (found !== VERDICT.allSent) return found;
    if (parts.ailments.flashFailed()) return VERDICT.flashFault;
    if (parts.ailments.failing()) return VERDICT.sensorFailing;
    if (now.lost > atPress.lost) return VERDICT.samplesLost;
    if (parts.planner.holds() || now.undatable > atPress.undatable) return VERDICT.undatedSamples;
    return VERDICT.allSent;
  }

  function finish(why: Trigger, found: Verdict, nextTryMs: number): void {
    serial++;
    const now = losses();
    verdict = toShow(found, now);
    if (why === "button") atPress = now;
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
    const backingOff =
      nextTryMs < Infinity &&
      (found === VERDICT.serverNotReached || found === VERDICT.noTime || found === VERDICT.flashFault);
    arm(backingOff ? nextTryMs : Math.min(nextTryMs, everyMs));
  }

  /** A wait whose limit doubles with each failure, with full jitter. */
  function backoffMs(): number {
    const limitMs = Math.min(LIMITS.backoffMaxMs, LIMITS.backoffFirstMs * Math.pow(2, Math.min(failures++, 20)));
    return Math.ceil(parts.chip.random() * limitMs);
  }

  function fail(error: unknown): void {
    parts.log("error", `sync: ${error}`);
    if (!busy) return;
    parts.drain.stop();
    finish(cause, VERDICT.flashFault, backoffMs());
  }

  function start(why: Trigger): void {
    const memory = parts.chip.memory();
    refused = memory.free < LIMITS.deliveryMemoryFreeMin;
    if (refused) {
      parts.log(
        "error",
        `sync refused: ${memory.free} of ${memory.total} JsVars are free, ${LIMITS.deliveryMemoryFreeMin} needed`,
      );
      finish(why, VERDICT.serverNotReached, backoffMs());
      return;
    }
    const mine = serial;
    expectWithin(0);
    parts.network.connect((failure) => {
      if (mine !== serial) return;
      expectWithin(0);
      if (failure !== VERDICT.allSent) {
        // The network goes on trying by itself.
        finish(why, failure, Infinity);
        return;
      }
      parts.takeFix((known) => {
        if (mine !== serial) return;
        expectWithin(0);
        if (!known) {
          finish(why, VERDICT.noTime, backoffMs());
          return;
        }
        failures = 0;
        // The clock's heartbeat calls this, and would leave an error to the console.
        try {
          parts.drain.run((found, nextTryMs) => {
            if (mine === serial) finish(why, found, nextTryMs);
          });
        } catch (error) {
          fail(error);
        }
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
    if (why === "button" || why === "console") {
      failures = 0;
      parts.drain.forgive();
    }
    if (listener) listener(true);
    start(why);
  }

  parts.network.onDown(() => parts.drain.linkLost());
  arm(everyMs);

  return {
    trigger,
    busy() {
      return busy;
    },
    verdict() {
      return verdict;
    },
    status() {
      const clearsMs = parts.overload.clearsMs();
      const quota = parts.quota;
      return {
        quota: { pointsLeft: quota.pointsLeft(), requestsLeft: quota.requestsLeft(), pointsMax: quota.pointsMax },
        backlogClearsMs: clearsMs < Infinity ? clearsMs : null,
        verdict,
        verdictText: verdictText(verdict),
        deliveryFault: parts.drain.fault(),
      };
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
