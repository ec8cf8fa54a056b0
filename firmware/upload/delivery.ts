/** One sync at a time: Wi-Fi, time, samples, verdict. */
import { LIMITS } from "../limits.ts";
import type { Network } from "../network/wifi.ts";
import type { Chip, Log, Timers } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { VERDICT, verdictText } from "../verdict.ts";
import type { Drain } from "./drain.ts";
import type { Overload } from "./overload.ts";
import type { Planner } from "./planner.ts";
import type { Quota } from "./quota.ts";

export type Trigger = "connect" | "button" | "schedule" | "console";

export interface Delivery {
  /** Syncs now, or, while one is on, once more after it. */
  trigger(why: Trigger): void;
  busy(): boolean;
  /** Of the last sync; 0 before the first. */
  verdict(): number;
  status(): DeliveryStatus;
  /** Something of the sync that is on went on. */
  step(): void;
  /**
   * To be called at every heartbeat. False once what should have come (the next step of a sync, the next sync of its own) is ten
   * minutes late: its timer is lost, and only a restart brings it back.
   */
  beat(): boolean;
  /** Ends the sync that is on with a flash fault: something in it threw, and nobody else would end it. */
  fail(error: unknown): void;
  /** Called with true when a sync starts and with false when its verdict stands. One listener. */
  watch(callback: (busy: boolean) => void): void;
}

export interface DeliveryStatus {
  quota: { pointsLeft: number; requestsLeft: number; pointsMax: number };
  /** Null when the backlog grows. */
  backlogClearsMs: number | null;
  verdict: number;
  verdictText: string;
  /** What only a person can put right, or "". */
  deliveryFault: string;
}

export interface DeliverySettings {
  /** While connected. */
  syncEveryMs: number;
  /** The radio is on only for a sync, this often. Undefined: always on. */
  connectEveryMs: number | undefined;
}

/** What the verdict also tells of. */
export interface Ailments {
  flashFault(): boolean;
  sensorFailing(): boolean;
}

export function createDelivery(
  network: Network,
  fixTaker: { run(done: (known: boolean) => void): void },
  planner: Pick<Planner, "holds">,
  overload: Pick<Overload, "clearsMs">,
  quota: Quota,
  drain: Drain,
  ledger: Pick<Ledger, "pins" | "counters">,
  ailments: Ailments,
  timers: Timers,
  chip: Pick<Chip, "memory" | "random">,
  log: Log,
  settings: DeliverySettings,
): Delivery {
  let busy = false;
  /** Of the sync that is on: what answers a sync that has ended is not heard. */
  let serial = 0;
  let cause: Trigger = "connect";
  let verdict = 0;
  let remembered: Trigger | undefined;
  let timer: number | undefined;
  let failures = 0;
  /** The last sync did not even start. */
  let refused = false;
  let listener: ((busy: boolean) => void) | undefined;
  /** Heartbeats until what is waited for is so late that it won't come. */
  let beatsLeft = 0;

  const expectWithin = (waitMs: number): void => {
    beatsLeft = (waitMs + LIMITS.deliveryStallMs) / LIMITS.heartbeatMs;
  };

  /** Samples that were let go unsent, and those that can't be dated, since the device was new. */
  const losses = (): { lost: number; undatable: number } => {
    const sum = { lost: 0, undatable: 0 };
    const pins = ledger.pins();
    for (let i = 0; i < pins.length; i++) {
      const counters = ledger.counters(pins[i]);
      sum.lost += counters.overwritten + counters.expired;
      sum.undatable += counters.undatable;
    }
    return sum;
  };
  let atPress = losses();

  const everyMs = settings.connectEveryMs || settings.syncEveryMs;

  /** The next sync of its own. */
  const arm = (waitMs: number): void => {
    expectWithin(waitMs);
    timer = timers.setTimeout(() => {
      timer = undefined;
      // The network rejoins by itself and says so; only a radio that was turned off is turned on from here.
      // A sync that was refused may never have turned it on.
      if (network.up() || settings.connectEveryMs !== undefined || refused) trigger("schedule");
      else arm(everyMs);
    }, waitMs);
  };

  const finish = (why: Trigger, found: number, nextTryMs: number): void => {
    serial++;
    const now = losses();
    verdict = found;
    // In the order in which a person should deal with them; the first that applies is shown.
    if (verdict === 0 && ailments.flashFault()) verdict = VERDICT.flashFault;
    if (verdict === 0 && ailments.sensorFailing()) verdict = VERDICT.sensorFailing;
    if (verdict === 0 && now.lost > atPress.lost) verdict = VERDICT.samplesLost;
    if (verdict === 0 && (planner.holds() || now.undatable > atPress.undatable)) verdict = VERDICT.undatedSamples;
    if (why === "button") atPress = now;
    log(verdict === 0 ? "info" : "warn", `sync: ${verdictText(verdict)}`);
    busy = false;
    if (listener) listener(false);
    const again = remembered;
    remembered = undefined;
    if (again) {
      trigger(again);
      return;
    }
    if (settings.connectEveryMs !== undefined) network.disconnect();
    // A backoff may well be longer than the schedule; a wait for allowance leaves the clock to be looked after.
    const backingOff =
      nextTryMs < Infinity &&
      (found === VERDICT.serverNotReached || found === VERDICT.noTime || found === VERDICT.flashFault);
    arm(backingOff ? nextTryMs : Math.min(nextTryMs, everyMs));
  };

  /** A wait that doubles with each failure, with full jitter. */
  const backoffMs = (): number =>
    Math.ceil(
      chip.random() * Math.min(LIMITS.backoffMaxMs, LIMITS.backoffFirstMs * Math.pow(2, Math.min(failures++, 20))),
    );

  const fail = (error: unknown): void => {
    log("error", `sync: ${error}`);
    if (!busy) return;
    drain.stop();
    finish(cause, VERDICT.flashFault, backoffMs());
  };

  const start = (why: Trigger): void => {
    const memory = chip.memory();
    refused = memory.free < LIMITS.deliveryMemoryFreeMin;
    if (refused) {
      log(
        "error",
        `sync refused: ${memory.free} of ${memory.total} JsVars are free, ${LIMITS.deliveryMemoryFreeMin} needed`,
      );
      finish(why, VERDICT.serverNotReached, backoffMs());
      return;
    }
    const mine = serial;
    expectWithin(0);
    network.connect((failure) => {
      if (mine !== serial) return;
      expectWithin(0);
      if (failure !== 0) {
        // It goes on trying by itself.
        finish(why, failure, Infinity);
        return;
      }
      fixTaker.run((known) => {
        if (mine !== serial) return;
        expectWithin(0);
        if (!known) {
          finish(why, VERDICT.noTime, backoffMs());
          return;
        }
        failures = 0;
        // The clock's heartbeat calls this, and would leave an error to the console.
        try {
          drain.drain((found, nextTryMs) => {
            if (mine === serial) finish(why, found, nextTryMs);
          });
        } catch (error) {
          fail(error);
        }
      });
    });
  };

  const trigger = (why: Trigger): void => {
    if (busy) {
      // A press counts as one when it is its turn.
      if (remembered !== "button") remembered = why;
      return;
    }
    if (timer !== undefined) timers.clearTimeout(timer);
    timer = undefined;
    busy = true;
    cause = why;
    if (why === "button" || why === "console") {
      failures = 0;
      drain.forgive();
    }
    if (listener) listener(true);
    start(why);
  };

  network.onDown(() => drain.linkLost());
  arm(everyMs);

  return {
    trigger,
    busy: () => busy,
    verdict: () => verdict,
    status: () => {
      const clearsMs = overload.clearsMs();
      return {
        quota: { pointsLeft: quota.pointsLeft(), requestsLeft: quota.requestsLeft(), pointsMax: quota.pointsMax },
        backlogClearsMs: clearsMs < Infinity ? clearsMs : null,
        verdict,
        verdictText: verdictText(verdict),
        deliveryFault: drain.fault(),
      };
    },
    step: () => {
      if (busy) expectWithin(0);
    },
    beat: () => --beatsLeft > 0,
    fail,
    watch: (callback) => {
      listener = callback;
    },
  };
}
