/** Which points go next: oldest first over all datastreams, within the server's limits. What can't be sent is let go. */
import { LIMITS } from "../limits.ts";
import { sampleIndexOf } from "../storage/format/position.ts";
import { type Attempt, isAhead } from "../storage/ledger/ledger.ts";
import type { Batch, Run } from "./batch.ts";
import { attemptOf, type Job, measure, newRun, runOf, settlementOf } from "./job.ts";
import { noteSent, reviewMistakes } from "./mistakes.ts";
import type { Judgement } from "./outcome.ts";
import type { Overload } from "./overload.ts";
import type { Fate, Pace, StreamPace } from "./pace.ts";
import type { Quota } from "./quota.ts";
import { chooseTurn } from "./turn.ts";
import type { UploadParts } from "./upload-parts.ts";

export type Planned = (job: Job | undefined) => void;

export type Rests = "" | "refused" | "unknown";

export interface Planner {
  /** Starts a delivery: every datastream gets requests again. */
  begin(): void;
  /** Looks for the next request, in slices. `done` is called once, with nothing when there is none to make now. */
  plan(done: Planned): void;
  /** Takes in a request's outcome, before the ledger does. */
  learn(job: Job, judgement: Judgement): Fate;
}

/** What planning has found so far in a delivery. Plain data, which stays while the functions here come and go. */
export interface PlanMemory {
  /**
   * Time until the allowance lets the next request through, or until it is worth one of the day's; 0 when something else, or
   * nothing, is in the way.
   */
  quotaWaitMs: number;
  /** Samples wait for a better time map. */
  holds: boolean;
  /** Why a datastream rests: its batch was refused, or nobody knows what became of it; "" when none does. */
  rests: Rests;
  /** True time at which this delivery ends: what is sampled while it runs belongs to the next. NaN: not known yet. */
  endMs: number;
}

export function openPlanMemory(): PlanMemory {
  return { quotaWaitMs: 0, holds: false, rests: "", endMs: NaN };
}

/** What a plan is made with. `ageMaxMs`: the server takes no older samples. */
export interface PlanTools {
  pace: Pace;
  quota: Quota;
  overload: Overload;
  ageMaxMs: number;
}

export function createPlanner(
  parts: Omit<UploadParts, "http" | "chip">,
  tools: PlanTools,
  memory: PlanMemory,
): Planner {
  const pace = tools.pace;
  const quota = tools.quota;
  const overload = tools.overload;

  /** Lets go of what a batch without points walked over. Returns false when it has to stay. */
  function settleEmpty(run: Run, batch: Batch): boolean {
    const ledger = parts.ledger;
    if (!isAhead(batch.to, run.from)) return false;
    if (batch.corrupt > 0 && batch.samples === 0) ledger.drop(run.pin, "corrupt", batch.to, batch.corrupt);
    else if (batch.never && batch.corrupt === 0) ledger.drop(run.pin, "undatable", batch.to, batch.samples);
    else if (batch.thinned === batch.samples) return false;
    else {
      // Samples let go for different reasons: settled like a batch. The allowance is charged a request, but none is made.
      ledger.recordAttempt(attemptOf(run, batch, parts.clock.rawMs()));
      ledger.settle(run.pin, parts.clock.rawMs(), settlementOf(batch));
    }
    return true;
  }

  function planReplay(attempt: Attempt, again: () => void, done: Planned): void {
    const run = runOf(parts.ledger, attempt);
    measure(parts, run, (batch) => {
      if (batch.points === attempt.points && batch.bodyBytes === attempt.bodyBytes) {
        done({ attempt, run, settlement: settlementOf(batch), replay: true });
        return;
      }
      // Pages decayed since. Other bytes would be another batch.
      parts.log("warn", `v${attempt.pin}: a batch of ${attempt.points} points can't be repeated as it was`);
      parts.ledger.abandon(attempt.pin, parts.clock.rawMs(), attempt.points);
      again();
    });
  }

  /** A new batch of a datastream, from its cursor or beyond the points refused. */
  function planNew(stream: StreamPace, pointsMax: number, again: () => void, done: Planned): void {
    const ledger = parts.ledger;
    const pin = stream.pin;
    const cursor = ledger.cursor(pin);
    const from = stream.skipping && isAhead(stream.skipTo, cursor) ? stream.skipTo : cursor;
    const run = newRun(ledger, pin, from, Math.min(memory.endMs, overload.horizonMs(pin)));
    run.pointsMax = Math.max(1, pointsMax);
    run.thinEvery = overload.thinEvery();
    run.thinPhase = sampleIndexOf(from) % run.thinEvery;
    measure(parts, run, (batch) => {
      if (batch.held) memory.holds = true;
      if (isAhead(ledger.cursor(pin), from)) {
        // The ring was full and let go of what was being measured.
        again();
      } else if (batch.points > 0) {
        // What ended it is in `to` now.
        run.to = batch.to;
        run.pointsMax = Infinity;
        run.untilTrueMs = Infinity;
        const attempt = attemptOf(run, batch, parts.clock.rawMs());
        done({ attempt, run, settlement: settlementOf(batch), replay: false });
      } else {
        if (stream.skipping || !settleEmpty(run, batch)) {
          if (overload.horizonMs(pin) < memory.endMs) overload.forgetHorizon();
          else stream.stopped = true;
        }
        again();
      }
    });
  }

  function plan(done: Planned): void {
    const now = parts.map.now();
    memory.quotaWaitMs = 0;
    if (!now) {
      done(undefined);
      return;
    }
    const expiredMs = now.trueMs + now.boundMs - (tools.ageMaxMs - LIMITS.ageMarginMs);
    if (isNaN(memory.endMs)) memory.endMs = now.trueMs - now.boundMs - LIMITS.futureMarginMs;
    const turn = chooseTurn(parts, overload, pace, { expiredMs, endMs: memory.endMs, quota });
    memory.holds = turn.held;
    memory.rests = turn.rests;
    const stream = turn.stream;
    if (!stream) {
      if (turn.worthInMs < Infinity) memory.quotaWaitMs = turn.worthInMs;
      done(undefined);
      return;
    }
    // Anew from the timer, so that nothing piles up on the interpreter's small stack.
    function again(): void {
      parts.timers.setTimeout(() => plan(done), 0);
    }
    const ledger = parts.ledger;
    const open = ledger.attempt(stream.pin);
    const datable = turn.headMs > -Infinity;
    if (!open && datable && turn.headMs < expiredMs) {
      const run = newRun(ledger, stream.pin, ledger.cursor(stream.pin), expiredMs);
      measure(parts, run, (batch) => {
        // What decayed among them would have expired too.
        if (isAhead(batch.to, run.from)) ledger.drop(run.pin, "expired", batch.to, batch.samples + batch.corrupt);
        else stream.stopped = true;
        again();
      });
      return;
    }
    const limit = pace.pointsMax(stream);
    // Dribbles of allowance would cost a request each: wait for a twentieth of a day's.
    const portion = Math.ceil(quota.pointsMax / 20);
    const least = open ? open.points : Math.min(limit, portion, Math.ceil(turn.pending / overload.thinEvery()));
    const left = quota.pointsLeft();
    if (datable && (left < least || quota.requestsLeft() < 1)) {
      memory.quotaWaitMs = Math.max(1, quota.waitMs(least));
      done(undefined);
    } else if (open) planReplay(open, again, done);
    else planNew(stream, Math.min(limit, left), again, done);
  }

  return {
    begin() {
      memory.endMs = NaN;
      pace.begin();
      reviewMistakes(parts, pace.of);
      parts.clock.blocked(overload.survey);
    },
    plan,
    learn(job, judgement) {
      if (judgement.attempt === "done") noteSent(parts, pace.of(job.attempt.pin), job);
      return pace.learn(job.attempt, job.replay, judgement);
    },
  };
}
