/** Which points go next: oldest first over all datastreams, within the server's limits. What can't be sent is let go. */
import { LIMITS } from "../limits.ts";
import { sampleIndexOf } from "../storage/format/position.ts";
import { isAhead } from "../storage/ledger/ledger.ts";
import { accountOf } from "../storage/ledger/state.ts";
import { abandonAttempt, dropSamples, recordAttempt, settleAttempt } from "../storage/ledger/writing.ts";
import type { Batch, Run } from "./batch.ts";
import { attemptOf, type Job, measure, newRun, runOf, settlementOf } from "./job.ts";
import { noteSent, reviewMistakes } from "./mistakes.ts";
import type { Judgement } from "./outcome.ts";
import { horizonMsOf, thinEveryOf } from "./overload.ts";
import { batchPointsMax, beginPace, type Fate, learnPace, type StreamPace, streamPace } from "./pace.ts";
import { openBacklog, openPace } from "./planning.ts";
import { pointsLeft, quotaWaitMs, requestsLeft } from "./quota.ts";
import { chooseTurn } from "./turn.ts";
import type { Upload, UploadParts } from "./upload-parts.ts";

export type Planned = (job: Job | undefined) => void;

export type Rests = "" | "refused" | "unknown";

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

/** What a run of samples is walked for. */
const NEW = 0;
const REPLAY = 1;
const EXPIRED = 2;

/** The run to be walked next. */
interface Intent {
  why: typeof NEW | typeof REPLAY | typeof EXPIRED;
  run: Run;
  stream: StreamPace;
}

/** Starts a delivery: every datastream gets requests again. */
export function beginPlanning(upload: Upload): void {
  "on demand";
  const parts = upload.parts;
  const memory = upload.memory;
  memory.endMs = NaN;
  beginPace(openPace(parts, upload.settings, memory));
  reviewMistakes(parts, memory);
  memory.surveyDue = true;
}

/** Takes in a request's outcome, before the ledger does. */
export function learnOutcome(upload: Upload, job: Job, judgement: Judgement): Fate {
  "on demand";
  const memory = upload.memory;
  if (judgement.attempt === "done") noteSent(upload.parts, streamPace(memory, job.attempt.pin), job);
  return learnPace(openPace(upload.parts, upload.settings, memory), job.attempt, job.replay, judgement);
}

/** Decides what to walk next. Undefined when there is nothing to do now, and why is in the memory. */
function chooseIntent(upload: Upload): Intent | undefined {
  "on demand";
  const parts = upload.parts;
  const ledger = parts.storage.ledger;
  const memory = upload.memory;
  const now = parts.source.now(parts.map);
  memory.quotaWaitMs = 0;
  if (!now) return undefined;
  const backlog = openBacklog(parts, upload.settings, memory);
  const quota = backlog.quota;
  const pace = openPace(parts, upload.settings, memory);
  const expiredMs = now.trueMs + now.boundMs - (backlog.ageMaxMs - LIMITS.ageMarginMs);
  if (isNaN(memory.endMs)) memory.endMs = now.trueMs - now.boundMs - LIMITS.futureMarginMs;
  const turn = chooseTurn(parts, backlog, pace, { expiredMs, endMs: memory.endMs, requestsLeft: requestsLeft(quota) });
  memory.holds = turn.held;
  memory.rests = turn.rests;
  const stream = turn.stream;
  if (!stream) {
    if (turn.worthInMs < Infinity) memory.quotaWaitMs = turn.worthInMs;
    return undefined;
  }
  const pin = stream.pin;
  const account = accountOf(ledger, pin);
  const open = account.attempt;
  const datable = turn.headMs > -Infinity;
  if (!open && datable && turn.headMs < expiredMs) {
    return { why: EXPIRED, run: newRun(ledger, pin, account.cursor, expiredMs), stream };
  }
  const limit = batchPointsMax(pace, stream);
  // Dribbles of allowance would cost a request each: wait for a twentieth of a day's.
  const portion = Math.ceil(quota.pointsMax / 20);
  const least = open ? open.points : Math.min(limit, portion, Math.ceil(turn.pending / thinEveryOf(backlog)));
  const left = pointsLeft(quota);
  if (datable && (left < least || requestsLeft(quota) < 1)) {
    memory.quotaWaitMs = Math.max(1, quotaWaitMs(quota, least));
    return undefined;
  }
  if (open) return { why: REPLAY, run: runOf(ledger, open), stream };
  // From the cursor, or beyond the points refused.
  const from = stream.skipping && isAhead(stream.skipTo, account.cursor) ? stream.skipTo : account.cursor;
  const run = newRun(ledger, pin, from, Math.min(memory.endMs, horizonMsOf(backlog, pin)));
  run.pointsMax = Math.max(1, Math.min(limit, left));
  run.thinEvery = thinEveryOf(backlog);
  run.thinPhase = sampleIndexOf(from) % run.thinEvery;
  return { why: NEW, run, stream };
}

/** Lets go of what a batch without points walked over. Returns false when it has to stay. */
function settleEmpty(parts: UploadParts, run: Run, batch: Batch): boolean {
  const ledger = parts.storage.ledger;
  if (!isAhead(batch.to, run.from)) return false;
  if (batch.corrupt > 0 && batch.samples === 0) dropSamples(ledger, run.pin, "corrupt", batch.to, batch.corrupt);
  else if (batch.never && batch.corrupt === 0) dropSamples(ledger, run.pin, "undatable", batch.to, batch.samples);
  else if (batch.thinned === batch.samples) return false;
  else {
    // Samples let go for different reasons: settled like a batch. The allowance is charged a request, but none is made.
    recordAttempt(ledger, attemptOf(run, batch, parts.clock.rawMs()));
    settleAttempt(ledger, run.pin, parts.clock.rawMs(), settlementOf(batch));
  }
  return true;
}

function concludeReplay(parts: UploadParts, run: Run, batch: Batch): Job | undefined {
  const attempt = accountOf(parts.storage.ledger, run.pin).attempt;
  // The ring was full, and let go of what was being measured.
  if (!attempt) return undefined;
  if (batch.points === attempt.points && batch.bodyBytes === attempt.bodyBytes) {
    return { attempt, run, settlement: settlementOf(batch), replay: true };
  }
  // Pages decayed since. Other bytes would be another batch.
  parts.log("warn", `v${attempt.pin}: a batch of ${attempt.points} points can't be repeated as it was`);
  abandonAttempt(parts.storage.ledger, attempt.pin, parts.clock.rawMs(), attempt.points);
  return undefined;
}

/** What follows from a run that was walked: a request, or nothing when what it was walked for is done. */
function concludeIntent(upload: Upload, intent: Intent, batch: Batch): Job | undefined {
  "on demand";
  const parts = upload.parts;
  const memory = upload.memory;
  const ledger = parts.storage.ledger;
  const run = intent.run;
  const stream = intent.stream;
  if (intent.why === REPLAY) return concludeReplay(parts, run, batch);
  if (intent.why === EXPIRED) {
    // What decayed among them would have expired too.
    if (isAhead(batch.to, run.from)) dropSamples(ledger, run.pin, "expired", batch.to, batch.samples + batch.corrupt);
    else stream.stopped = true;
    return undefined;
  }
  if (batch.held) memory.holds = true;
  // The ring was full and let go of what was being measured.
  if (isAhead(accountOf(ledger, run.pin).cursor, run.from)) return undefined;
  if (batch.points > 0) {
    // What ended it is in `to` now.
    run.to = batch.to;
    run.pointsMax = Infinity;
    run.untilTrueMs = Infinity;
    const attempt = attemptOf(run, batch, parts.clock.rawMs());
    return { attempt, run, settlement: settlementOf(batch), replay: false };
  }
  if (stream.skipping || !settleEmpty(parts, run, batch)) {
    const backlog = openBacklog(parts, upload.settings, memory);
    if (horizonMsOf(backlog, run.pin) < memory.endMs) memory.horizonMs = Infinity;
    else stream.stopped = true;
  }
  return undefined;
}

/**
 * Looks for the next request, in slices. `done` is called once, with nothing when there is none to make now; or `again`, if it
 * has to look once more. While a run is walked, what chose it is gone.
 */
export function planRequest(upload: Upload, done: Planned, again: () => void): void {
  "on demand";
  const intent = chooseIntent(upload);
  if (!intent) {
    done(undefined);
    return;
  }
  measure(upload.parts, intent.run, (batch) => {
    const job = concludeIntent(upload, intent, batch);
    if (job) done(job);
    else again();
  });
}
