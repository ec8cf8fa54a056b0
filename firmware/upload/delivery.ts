/** One delivery at a time: join Wi-Fi, take a fix of the clock, drain the samples, say how it went. */
import type { Clock } from "../clock/clock.ts";
import type { Contact, FixTaken, TimeFound } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import type { Network } from "../network/station.ts";
import type { Chip, Log, Timers } from "../platform/ports.ts";
import { VERDICT, type Verdict, verdictText } from "../verdict.ts";
import { backoffMs } from "./backoff.ts";
import type { Drain } from "./drain.ts";
import { type Endpoint, MET, resetEndpoint } from "./endpoint.ts";
import { type Ailments, finalVerdict, type Losses } from "./final-verdict.ts";
import { forgive } from "./upload.ts";
import type { UploadMemory } from "./upload-parts.ts";

export type Trigger = "connect" | "button" | "schedule" | "console";

export interface Delivery {
  /** Starts a delivery now, or, while one is running, another one after it. */
  trigger(why: Trigger): void;
  /** Of the last delivery; `allSent` before the first. */
  verdict(): Verdict;
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
  /** Takes a fix of the clock. What that needs is made for it, and let go after it. */
  takeFix(done: FixTaken): void;
  /**
   * Makes what sends samples; the delivery lets it go at its end. Its timers call `onStep` at each step, and `onError` with what
   * a callback throws.
   */
  openUpload(onStep: () => void, onError: (error: unknown) => void): Drain;
  /** Says why nothing can be sent when no time was found, or the server was needed to confirm it; returns the verdict. */
  unreached(found: TimeFound, contact: Contact): Verdict;
  endpoint: Endpoint;
  memory: UploadMemory;
  /** What was lost so far, of all datastreams. */
  losses(): Losses;
  clock: Pick<Clock, "rawMs">;
  ailments: Ailments;
  timers: Timers;
  chip: Pick<Chip, "memory" | "random">;
  log: Log;
}

/** A link over which somebody answers, but not Blynk, is left after this many deliveries, if there is another network. */
const MISSES_OF_LINK = 2;
/** After this many the other server is asked: the one that the unit was provisioned with, or the region that it was sent to. */
const MISSES_OF_SERVER = 6;

/** Why a delivery does not fit into the memory that is left, or "". */
function shortageOf(chip: Pick<Chip, "memory">): string {
  const memory = chip.memory();
  if (memory.free >= LIMITS.deliveryMemoryFreeMin) return "";
  return `sync refused: ${memory.free} of ${memory.total} JsVars are free, ${LIMITS.deliveryMemoryFreeMin} needed`;
}

/**
 * Draws the consequences of how Blynk was met. `missed`: it did not answer, and time may mend that. Returns whether nobody
 * answered: then another link is worth a try at once.
 */
function reviewLink(parts: Pick<DeliveryParts, "network" | "endpoint">, missed: boolean): boolean {
  const endpoint = parts.endpoint;
  if (endpoint.met === MET.blynk) endpoint.misses = 0;
  // Without a link nobody was asked.
  if (endpoint.met === MET.blynk || !missed || !parts.network.up()) return false;
  const misses = ++endpoint.misses;
  const dead = endpoint.met === MET.nobody;
  // A server that is down looks like a network without Internet: only another network can tell.
  if (dead || misses % MISSES_OF_LINK === 0) parts.network.distrust(dead);
  // The region may be closed, or was never this unit's.
  if (misses % MISSES_OF_SERVER === 0) {
    endpoint.server = endpoint.server === endpoint.home ? endpoint.saved : endpoint.home;
  }
  return dead;
}

/** Over the next link somebody else may answer. */
function forgetBlynk(endpoint: Endpoint): void {
  endpoint.met = Math.min(endpoint.met, MET.somebody);
}

/** Blynk did not answer, or not to what was asked. */
function isMissed(found: Verdict): boolean {
  return found === VERDICT.serverNotReached || found === VERDICT.intercepted || found === VERDICT.noTime;
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
  /** Only while samples are sent. */
  let drain: Drain | undefined;
  let failures = 0;
  /** The last delivery did not even start. */
  let refused = false;
  let listener: ((busy: boolean) => void) | undefined;
  /** Heartbeats until the awaited step is so late that it will not come. */
  let beatsLeft = 0;
  /** Losses that somebody has seen at a press. */
  let seen = parts.losses();

  function expectWithin(waitMs: number): void {
    beatsLeft = (waitMs + LIMITS.deliveryStallMs) / LIMITS.heartbeatMs;
  }

  function armNext(waitMs: number): void {
    expectWithin(waitMs);
    timer = parts.timers.setTimeout(() => {
      timer = undefined;
      // The network rejoins by itself. Only a radio that was turned off, or perhaps never was on, is turned on from here.
      if (parts.network.up() || settings.connectEveryMs !== undefined || refused) trigger("schedule");
      else armNext(everyMs);
    }, waitMs);
  }

  function finish(found: Verdict, nextTryMs: number): void {
    serial++;
    drain = undefined;
    const missed = nextTryMs < Infinity && isMissed(found);
    // Somebody is waiting, or the next delivery is far away.
    const urgent = cause === "button" || cause === "console" || settings.connectEveryMs !== undefined;
    if (!refused && reviewLink(parts, missed) && urgent && parts.endpoint.rejoins++ < settings.networks) {
      start();
      return;
    }
    const losses = parts.losses();
    verdict = finalVerdict(found, parts.ailments, parts.memory.holds, losses, seen);
    if (cause === "button") seen = losses;
    parts.log(verdict === VERDICT.allSent ? "info" : "warn", `sync: ${verdictText(verdict)}`);
    busy = false;
    if (listener) listener(false);
    if (remembered) {
      trigger(remembered);
      return;
    }
    if (settings.connectEveryMs !== undefined) parts.network.disconnect();
    // A backoff may well be longer than the schedule. A wait for allowance keeps to the schedule, for the clock's sake.
    const waitMs = missed || found === VERDICT.flashFault ? nextTryMs : Math.min(nextTryMs, everyMs);
    armNext(Math.max(waitMs, parts.endpoint.silentUntilRawMs - parts.clock.rawMs()));
  }

  function fail(error: unknown): void {
    parts.log("error", `sync: ${error}`);
    if (!busy) return;
    if (drain) drain.stop();
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
      // The network goes on trying by itself.
      if (failure !== VERDICT.allSent) return finish(failure, Infinity);
      parts.takeFix((found, contact, told) => {
        if (mine !== serial) return;
        expectWithin(0);
        if (told) parts.endpoint.met = Math.max(parts.endpoint.met, MET.somebody);
        if (found !== "known") {
          finish(parts.unreached(found, contact), backoffMs(failures++, parts.chip.random));
          return;
        }
        failures = 0;
        // From a timer: by then what took the fix has let go of its memory.
        parts.timers.setTimeout(() => {
          if (mine === serial) send(mine);
        }, 0);
      });
    });
  }

  function send(mine: number): void {
    try {
      drain = parts.openUpload(() => {
        if (busy) expectWithin(0);
      }, fail);
      drain.run((verdict, nextTryMs) => {
        if (mine === serial) finish(verdict, nextTryMs);
      });
    } catch (error) {
      fail(error);
    }
  }

  function trigger(why: Trigger): void {
    if (busy) {
      // A press counts as one when it is its turn.
      if (remembered !== "button") remembered = why;
      return;
    }
    if (timer !== undefined) parts.timers.clearTimeout(timer);
    timer = remembered = undefined;
    busy = true;
    cause = why;
    resetEndpoint(parts.endpoint);
    if (why === "button" || why === "console") {
      failures = 0;
      forgive(parts.memory, parts.endpoint, parts.clock.rawMs());
    }
    if (listener) listener(true);
    start();
  }

  parts.network.onDown(() => {
    forgetBlynk(parts.endpoint);
    if (drain) drain.linkLost();
  });
  armNext(everyMs);

  return {
    trigger,
    verdict() {
      return verdict;
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
