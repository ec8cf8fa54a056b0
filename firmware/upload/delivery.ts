/** One delivery at a time: join Wi-Fi, take a fix of the clock, drain the samples, say how it went. */
import type { TakeFix } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import type { Network } from "../network/station.ts";
import type { Chip, Log, Timers } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { VERDICT, type Verdict, verdictText } from "../verdict.ts";
import { backoffMs } from "./backoff.ts";
import type { Drain } from "./drain.ts";
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
}

export interface DeliverySettings {
  /** A delivery starts this often while connected. */
  syncEveryMs: number;
  /** The radio is on for deliveries only, this often. Undefined: always on. */
  connectEveryMs: number | undefined;
}

export interface DeliveryParts {
  network: Network;
  takeFix: Pick<TakeFix, "take">;
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

/** Why a delivery does not fit into the memory that is left, or "". */
function shortageOf(chip: Pick<Chip, "memory">): string {
  const memory = chip.memory();
  if (memory.free >= LIMITS.deliveryMemoryFreeMin) return "";
  return `sync refused: ${memory.free} of ${memory.total} JsVars are free, ${LIMITS.deliveryMemoryFreeMin} needed`;
}

function statusOf(parts: Pick<DeliveryParts, "overload" | "quota" | "drain">, verdict: Verdict): DeliveryStatus {
  const clearsMs = parts.overload.clearsMs();
  const quota = parts.quota;
  return {
    quota: { pointsLeft: quota.pointsLeft(), requestsLeft: quota.requestsLeft(), pointsMax: quota.pointsMax },
    backlogClearsMs: clearsMs < Infinity ? clearsMs : null,
    verdict,
    verdictText: verdictText(verdict),
    deliveryFault: parts.drain.fault(),
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
    const backingOff =
      nextTryMs < Infinity &&
      (found === VERDICT.serverNotReached ||
        found === VERDICT.intercepted ||
        found === VERDICT.noTime ||
        found === VERDICT.flashFault);
    arm(backingOff ? nextTryMs : Math.min(nextTryMs, everyMs));
  }

  function fail(error: unknown): void {
    parts.log("error", `sync: ${error}`);
    if (!busy) return;
    parts.drain.stop();
    finish(VERDICT.flashFault, backoffMs(failures++, parts.chip.random));
  }

  function start(): void {
    const shortage = shortageOf(parts.chip);
    refused = shortage !== "";
    if (refused) {
      parts.log("error", shortage);
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
      parts.takeFix.take((found, contact) => {
        if (mine !== serial) return;
        expectWithin(0);
        if (found !== "known") {
          const verdict = found === "unknown" ? VERDICT.noTime : parts.drain.unreached(contact);
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
