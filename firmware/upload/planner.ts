/** Which points go next: oldest first over all datastreams, within the server's limits, and what can't be sent let go. */
import type { Clock } from "../clock/clock.ts";
import type { TimeMap } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import type { Log, Timers } from "../platform/ports.ts";
import { sampleIndexOf } from "../storage/format/position.ts";
import { type Attempt, isAhead, type Ledger, type Settlement } from "../storage/ledger/ledger.ts";
import type { Ring } from "../storage/ring/ring.ts";
import { type Batch, openBatch, type Run } from "./batch.ts";
import type { Outcome } from "./blynk.ts";
import type { Overload } from "./overload.ts";
import { createPace, type StreamPace } from "./pace.ts";
import type { Quota } from "./quota.ts";

/** One request to make. */
export interface Job {
  /** `rawMs` is set when it is charged. */
  attempt: Attempt;
  run: Run;
  /** What to settle when it is accepted. */
  settlement: Settlement;
  /** Sent before, with an unknown fate. */
  replay: boolean;
}

export interface Planner {
  /** Starts a sync: what was set aside for the last one is looked at again. */
  begin(): void;
  /** Looks for the next request, in slices; `done(undefined)` when there is none to make now. */
  next(done: (job: Job | undefined) => void): void;
  /** What became of it. Returns whether its fate is unknown still, so that it has to be replayed. */
  learn(job: Job, outcome: Outcome): boolean;
  /** Time until the allowance lets the next request through; 0 when something else, or nothing, is in the way. */
  quotaWaitMs(): number;
  /** Whether samples wait for a better time map. */
  holds(): boolean;
  /** Whether a datastream rests because its batch was refused. */
  rests(): boolean;
  /** Ends those rests. */
  forgive(): void;
}

export interface PlannerSettings {
  pointsPerRequestMax: number;
  bodyBytesMax: number;
  ageMaxMs: number;
}

/** Longest point: `[` 13 digits `,` sign, 11 digits, point and zero `]` and a comma. */
const POINT_BYTES_MAX = 30;
/** Planning gives way to the sampler after so long. */
const SLICE_MS = 10;
/** The ledger keeps a batch's points in 16 bits. */
const LEDGER_POINTS_MAX = 65535;
export function createPlanner(
  ring: Ring,
  ledger: Ledger,
  map: TimeMap,
  clock: Clock,
  quota: Quota,
  overload: Overload,
  timers: Timers,
  log: Log,
  settings: PlannerSettings,
): Planner {
  const pace = createPace(
    clock,
    Math.min(
      settings.pointsPerRequestMax,
      quota.pointsMax,
      LEDGER_POINTS_MAX,
      Math.floor((settings.bodyBytesMax - 2) / POINT_BYTES_MAX),
    ),
  );
  let waitMs = 0;
  let held = false;
  let resting = false;
  // Of the datastream chosen last: true time of what it would send first, and samples waiting in all that may be sent.
  let headMs = 0;
  let pending = 0;

  const runOf = (pin: number, from: number, untilTrueMs: number): Run => {
    return {
      pin,
      from,
      to: Infinity,
      fixId: ledger.mapVersion(),
      thinEvery: 1,
      thinPhase: 0,
      afterTrueMs: ledger.lastTrueMs(pin),
      pointsMax: Infinity,
      untilTrueMs,
    };
  };

  /** Walks a run to its end, in slices. */
  const measure = (run: Run, done: (batch: Batch) => void): void => {
    const batch = openBatch(ring, map, run);
    const walk = (): void => {
      const untilMs = timers.nowMs() + SLICE_MS;
      let more = true;
      while (more && timers.nowMs() < untilMs) more = batch.step();
      if (more) timers.setTimeout(walk, 0);
      else done(batch);
    };
    walk();
  };

  /** Lets go of what a batch without points walked over. False when it has to stay. */
  const settleEmpty = (run: Run, batch: Batch): boolean => {
    if (!isAhead(batch.to, run.from)) return false;
    if (batch.corrupt > 0 && batch.samples === 0) ledger.drop(run.pin, "corrupt", batch.to, batch.corrupt);
    else if (batch.never && batch.corrupt === 0) ledger.drop(run.pin, "undatable", batch.to, batch.samples);
    else if (batch.thinned === batch.samples) return false;
    else {
      // Samples let go for different reasons: settled like a batch, which costs a request of the allowance but none is made.
      ledger.recordAttempt(attemptOf(run, batch));
      ledger.settle(run.pin, clock.rawMs(), settlementOf(batch));
    }
    return true;
  };

  const attemptOf = (run: Run, batch: Batch): Attempt => ({
    pin: run.pin,
    from: run.from,
    to: batch.to,
    points: batch.points,
    bodyBytes: batch.bodyBytes,
    rawMs: clock.rawMs(),
    fixId: run.fixId,
    thinEvery: run.thinEvery,
    thinPhase: run.thinPhase,
    afterTrueMs: run.afterTrueMs,
  });

  const settlementOf = (batch: Batch): Settlement => ({
    delivered: batch.points,
    thinned: batch.thinned,
    undatable: batch.undatable,
    unrepresentable: batch.unrepresentable,
    corrupt: batch.corrupt,
    lastTrueMs: batch.lastTrueMs,
  });

  const replay = (attempt: Attempt, next: () => void, done: (job: Job | undefined) => void): void => {
    const run: Run = {
      pin: attempt.pin,
      from: attempt.from,
      to: attempt.to,
      fixId: attempt.fixId,
      thinEvery: attempt.thinEvery,
      thinPhase: attempt.thinPhase,
      afterTrueMs: attempt.afterTrueMs,
      pointsMax: Infinity,
      untilTrueMs: Infinity,
    };
    measure(run, (batch) => {
      if (batch.points === attempt.points && batch.bodyBytes === attempt.bodyBytes) {
        done({ attempt, run, settlement: settlementOf(batch), replay: true });
        return;
      }
      // Pages decayed since. Other bytes would be another batch.
      log("warn", `v${attempt.pin}: a batch of ${attempt.points} points can't be repeated as it was`);
      ledger.fail(attempt.pin, clock.rawMs(), false);
      next();
    });
  };

  /** The datastream whose turn it is. */
  const choose = (expiredMs: number): StreamPace | undefined => {
    const pins = ring.pins();
    let best: StreamPace | undefined;
    let bestTurn = 0;
    held = false;
    resting = false;
    pending = 0;
    for (let i = 0; i < pins.length; i++) {
      const pin = pins[i];
      const stream = pace.of(pin);
      const waiting = ring.totals(pin).pending;
      if (waiting === 0) continue;
      const open = ledger.attempt(pin);
      let trueMs = overload.trueMsAt(pin, open ? open.from : ledger.cursor(pin), open ? open.fixId : Infinity);
      // It can't be repeated whole any more; or the plan has shrunk since, and it never can.
      if (open && (trueMs < expiredMs || open.points > quota.pointsMax)) {
        ledger.fail(pin, clock.rawMs(), false);
        trueMs = overload.trueMsAt(pin, ledger.cursor(pin), Infinity);
      }
      if (isNaN(trueMs)) held = true;
      if (stream.stopped || !(trueMs < Infinity)) continue;
      const replays = ledger.attempt(pin) !== undefined;
      if (replays && stream.restsUntilRawMs > clock.rawMs()) {
        resting = true;
        continue;
      }
      pending += waiting;
      // Who failed twice lets the others go first; a batch of unknown fate comes before new ones.
      const turn = (stream.failures >> 1) * 2 + (replays ? 0 : 1);
      if (!best || turn < bestTurn || (turn === bestTurn && trueMs < headMs)) {
        best = stream;
        bestTurn = turn;
        headMs = trueMs;
      }
    }
    return best;
  };

  /** A new batch of a datastream, from its cursor or beyond the points refused, up to `untilMs`. */
  const plan = (
    stream: StreamPace,
    pointsMax: number,
    untilMs: number,
    again: () => void,
    done: (job: Job | undefined) => void,
  ): void => {
    const pin = stream.pin;
    const cursor = ledger.cursor(pin);
    const run = runOf(
      pin,
      stream.skipping && isAhead(stream.skipTo, cursor) ? stream.skipTo : cursor,
      Math.min(untilMs, overload.horizonMs()),
    );
    run.pointsMax = Math.max(1, pointsMax);
    run.thinEvery = overload.thinEvery();
    run.thinPhase = sampleIndexOf(run.from) % run.thinEvery;
    measure(run, (batch) => {
      if (batch.held) held = true;
      if (isAhead(ledger.cursor(pin), run.from)) {
        // The ring was full and let go of what was being measured.
        again();
      } else if (batch.points > 0) {
        // What ended it is in `to` now.
        run.to = batch.to;
        run.pointsMax = Infinity;
        run.untilTrueMs = Infinity;
        done({ attempt: attemptOf(run, batch), run, settlement: settlementOf(batch), replay: false });
      } else {
        if (stream.skipping || !settleEmpty(run, batch)) {
          if (overload.horizonMs() < untilMs) overload.forgetHorizon();
          else stream.stopped = true;
        }
        again();
      }
    });
  };

  const next = (done: (job: Job | undefined) => void): void => {
    const now = map.now();
    waitMs = 0;
    // Anew from the timer, so that nothing is piled on the interpreter's small stack.
    const again = (): void => {
      timers.setTimeout(() => next(done), 0);
    };
    const expiredMs = now ? now.trueMs + now.boundMs - (settings.ageMaxMs - LIMITS.ageMarginMs) : 0;
    const stream = now ? choose(expiredMs) : undefined;
    if (!now || !stream) {
      done(undefined);
      return;
    }
    const pin = stream.pin;
    const open = ledger.attempt(pin);
    const datable = headMs > -Infinity;
    if (!open && datable && headMs < expiredMs) {
      const run = runOf(pin, ledger.cursor(pin), expiredMs);
      measure(run, (batch) => {
        // What decayed among them would have expired too.
        if (isAhead(batch.to, run.from)) ledger.drop(pin, "expired", batch.to, batch.samples + batch.corrupt);
        else stream.stopped = true;
        again();
      });
      return;
    }
    const limit = pace.pointsMax(stream);
    // Dribbles of allowance would cost a request each: wait for a tenth of a day's.
    const portion = Math.max(LIMITS.batchPointsMin, Math.ceil(quota.pointsMax / 10));
    const least = open ? open.points : Math.min(limit, portion, Math.ceil(pending / overload.thinEvery()));
    const left = quota.pointsLeft();
    if (datable && (left < least || quota.requestsLeft() < 1)) {
      waitMs = Math.max(1, quota.waitMs(least));
      done(undefined);
    } else if (open) replay(open, again, done);
    else plan(stream, Math.min(limit, left), now.trueMs - now.boundMs - LIMITS.futureMarginMs, again, done);
  };

  return {
    begin: () => {
      pace.begin();
      clock.blocked(overload.survey);
    },
    next,
    learn: (job, outcome) => pace.learn(job.attempt, job.replay, outcome),
    quotaWaitMs: () => waitMs,
    holds: () => held,
    rests: () => resting,
    forgive: pace.forgive,
  };
}
