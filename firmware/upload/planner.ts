/** Which points go next: oldest first over all datastreams, within the server's limits, and what can't be sent let go. */
import type { Clock } from "../clock/clock.ts";
import type { TimeMap } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import type { Log, Timers } from "../platform/ports.ts";
import { type Attempt, isAhead, type Ledger, type Settlement } from "../storage/ledger.ts";
import type { Ring } from "../storage/ring.ts";
import { type Batch, openBatch, type Run } from "./batch.ts";
import type { Outcome } from "./blynk.ts";
import type { Overload } from "./overload.ts";
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
/**
 * A refused batch that may have been accepted before is asked for again after an hour, two, four and so on, and given up
 * for other bytes at the sixth refusal, after 31 hours: a server gone wrong for a day makes no duplicates, a bad point blocks no longer.
 */
const REPLAY_REFUSALS_MAX = 6;
const REPLAY_WAIT_FIRST_MS = 3600000;

interface Stream {
  pin: number;
  /** Nothing more of it in this sync. */
  stopped: boolean;
  /** Failures since its last success; who fails gives way to the others every other time. */
  failures: number;
  /** Own limit after a refusal, else Infinity. */
  pointsMax: number;
  /** Points refused one by one in this sync. */
  refused: number;
  /** Where to go on beyond the points refused; 0: at the cursor. */
  skipTo: number;
  /** The next request goes there. */
  skipping: boolean;
  /** Refusals of its batch of unknown fate, and until when that one rests. */
  replaysRefused: number;
  restsUntilRawMs: number;
}

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
  const streams: Stream[] = [];
  const requestPointsMax = Math.min(
    settings.pointsPerRequestMax,
    quota.pointsMax,
    LEDGER_POINTS_MAX,
    Math.floor((settings.bodyBytesMax - 2) / POINT_BYTES_MAX),
  );
  /** The server may say that it takes less than documented. */
  let serverPointsMax = requestPointsMax;
  let size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);
  let waitMs = 0;
  let held = false;
  let resting = false;

  const streamOf = (pin: number): Stream => {
    for (let i = 0; i < streams.length; i++) if (streams[i].pin === pin) return streams[i];
    const stream = {
      pin,
      stopped: false,
      failures: 0,
      pointsMax: Infinity,
      refused: 0,
      skipTo: 0,
      skipping: false,
      replaysRefused: 0,
      restsUntilRawMs: 0,
    };
    streams.push(stream);
    return stream;
  };

  const runOf = (pin: number, from: number, untilTrueMs: number): Run => {
    const syncs = ledger.syncs();
    return {
      pin,
      from,
      to: Infinity,
      syncId: syncs[syncs.length - 1].id,
      thinEvery: 1,
      thinPhase: 0,
      afterTrueMs: ledger.lastTrueMs(pin),
      pointsMax: Infinity,
      untilTrueMs,
    };
  };

  /** Walks a run to its end, in slices. */
  const measure = (run: Run, done: (batch: Batch) => void): void => {
    const batch = openBatch(ring, map, run, true);
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
    syncId: run.syncId,
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
      syncId: attempt.syncId,
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

  const next = (done: (job: Job | undefined) => void): void => {
    const now = map.now();
    waitMs = 0;
    held = false;
    resting = false;
    if (!now) {
      done(undefined);
      return;
    }
    // Anew from the timer, so that nothing is piled on the interpreter's small stack.
    const again = (): void => {
      timers.setTimeout(() => next(done), 0);
    };
    const expiredMs = now.trueMs + now.boundMs - (settings.ageMaxMs - LIMITS.ageMarginMs);
    const pins = ring.pins();
    let best: Stream | undefined;
    let bestMs = 0;
    let bestTurn = 0;
    let pending = 0;
    for (let i = 0; i < pins.length; i++) {
      const pin = pins[i];
      const stream = streamOf(pin);
      const open = ledger.attempt(pin);
      const waiting = ring.totals(pin).pending;
      if (waiting === 0) continue;
      let headMs = overload.trueMsAt(pin, open ? open.from : ledger.cursor(pin), open ? open.syncId : Infinity);
      if (open && headMs < expiredMs) {
        ledger.fail(pin, clock.rawMs(), false);
        headMs = overload.trueMsAt(pin, ledger.cursor(pin), Infinity);
      }
      if (isNaN(headMs)) held = true;
      if (stream.stopped || !(headMs < Infinity)) continue;
      if (ledger.attempt(pin) && stream.restsUntilRawMs > clock.rawMs()) {
        resting = true;
        continue;
      }
      pending += waiting;
      // Who failed twice lets the others go first; a batch of unknown fate comes before new ones.
      const turn = (stream.failures >> 1) * 2 + (ledger.attempt(pin) ? 0 : 1);
      if (!best || turn < bestTurn || (turn === bestTurn && headMs < bestMs)) {
        best = stream;
        bestMs = headMs;
        bestTurn = turn;
      }
    }
    if (!best) {
      done(undefined);
      return;
    }

    const pin = best.pin;
    const stream = best;
    const open = ledger.attempt(pin);
    if (!open && bestMs < expiredMs && bestMs > -Infinity) {
      const run = runOf(pin, ledger.cursor(pin), expiredMs);
      measure(run, (batch) => {
        // What decayed among them would have expired too.
        if (isAhead(batch.to, run.from)) ledger.drop(pin, "expired", batch.to, batch.samples + batch.corrupt);
        else stream.stopped = true;
        again();
      });
      return;
    }
    const limit = Math.min(size, stream.pointsMax, serverPointsMax);
    // Dribbles of allowance would cost a request each: wait for a tenth of a day's.
    const portion = Math.max(LIMITS.batchPointsMin, Math.ceil(quota.pointsMax / 10));
    const least = open ? open.points : Math.min(limit, portion, Math.ceil(pending / overload.thinEvery()));
    const left = quota.pointsLeft();
    if (open && open.points > quota.pointsMax) {
      // The plan has shrunk since: it can never be sent whole again.
      ledger.fail(pin, clock.rawMs(), false);
      again();
      return;
    }
    if (bestMs > -Infinity && (left < least || quota.requestsLeft() < 1)) {
      waitMs = Math.max(1, quota.waitMs(least));
      done(undefined);
      return;
    }
    if (open) {
      replay(open, again, done);
      return;
    }
    const cursor = ledger.cursor(pin);
    const untilMs = now.trueMs - now.boundMs - LIMITS.futureMarginMs;
    const run = runOf(
      pin,
      stream.skipping && isAhead(stream.skipTo, cursor) ? stream.skipTo : cursor,
      Math.min(untilMs, overload.horizonMs()),
    );
    run.pointsMax = Math.max(1, Math.min(limit, left));
    run.thinEvery = overload.thinEvery();
    run.thinPhase = (run.from % 4096) % run.thinEvery;
    measure(run, (batch) => {
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
          if (batch.held) held = true;
        }
        again();
      }
    });
  };

  const learn = (job: Job, outcome: Outcome): boolean => {
    const stream = streamOf(job.attempt.pin);
    const points = job.attempt.points;
    if (outcome === "sent") {
      stream.failures = 0;
      stream.replaysRefused = 0;
      stream.skipping = false;
      stream.skipTo = 0;
      // Only a batch that filled the size says that a larger one may pass.
      if (points >= size) size = Math.min(size * 2, requestPointsMax);
      stream.pointsMax = stream.pointsMax * 2 > LIMITS.batchPointsFirst ? Infinity : stream.pointsMax * 2;
      return false;
    }
    if (outcome === "unknown" || outcome === "cut" || outcome === "unreached") {
      stream.failures++;
      size = Math.max(Math.min(LIMITS.batchPointsMin, requestPointsMax), size >> 1);
      return outcome === "unknown" || job.replay;
    }
    if (outcome === "portal" || outcome === "stop") {
      // Until somebody has dealt with it, every try costs allowance: as little as can be.
      size = Math.min(LIMITS.batchPointsMin, requestPointsMax);
      // A proxy may have passed the batch on before it answered.
      if (outcome === "portal") stream.failures++;
      return outcome === "portal" || job.replay;
    }
    // What is left are refusals of this very batch, which says nothing of an earlier try.
    if (job.replay && ++stream.replaysRefused < REPLAY_REFUSALS_MAX) {
      stream.restsUntilRawMs = clock.rawMs() + REPLAY_WAIT_FIRST_MS * Math.pow(2, stream.replaysRefused - 1);
      return true;
    }
    stream.replaysRefused = 0;
    if (outcome === "pin") {
      stream.stopped = true;
      stream.pointsMax = 1;
      return false;
    }
    if (outcome === "smaller") {
      if (points > 1) serverPointsMax = points >> 1;
      else stream.stopped = true;
      return false;
    }
    if (points > 1) {
      stream.pointsMax = points > LIMITS.refusedBatchPoints ? LIMITS.refusedBatchPoints : points >> 1;
      return false;
    }
    // A single point. Whether it or the server is at fault shows when a later point of its datastream is taken.
    if (++stream.refused >= LIMITS.refusedPointsPerSyncMax) stream.stopped = true;
    if (stream.skipping || isAhead(job.attempt.to, stream.skipTo)) stream.skipTo = job.attempt.to;
    stream.skipping = true;
    return false;
  };

  return {
    begin: () => {
      for (let i = 0; i < streams.length; i++) {
        streams[i].stopped = false;
        streams[i].refused = 0;
        streams[i].skipping = false;
        // Points refused in the last sync are asked for again, the first of them at least: the server may have come to its senses.
        if (streams[i].skipTo > 0) streams[i].pointsMax = 1;
      }
      size = Math.min(size, LIMITS.batchPointsFirst);
      clock.blocked(() => overload.survey());
    },
    next,
    learn,
    quotaWaitMs: () => waitMs,
    holds: () => held,
    rests: () => resting,
    forgive: () => {
      for (let i = 0; i < streams.length; i++) streams[i].restsUntilRawMs = 0;
    },
  };
}
