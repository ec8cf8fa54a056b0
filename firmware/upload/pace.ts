/** How many points the next request takes, how soon it may be made, and what each outcome teaches about its datastream. */
import type { Clock } from "../clock/clock.ts";
import { LIMITS } from "../limits.ts";
import { type Attempt, isAhead, type Ledger, TROUBLES_AT } from "../storage/ledger/ledger.ts";
import { troublesOf } from "../storage/ledger/reading.ts";
import { accountOf } from "../storage/ledger/state.ts";
import type { Judgement } from "./outcome.ts";
import { createServerLimit, lowerLimit, raiseLimit, type ServerLimit } from "./server-limit.ts";

const HOUR_MS = 3600000;

/**
 * A batch that may have been accepted before, and is refused now, is sent again after one hour, two, four and so on. At the
 * sixth refusal, after 31 hours, other bytes are sent instead. So a server that fails for a day causes no duplicates, and a
 * bad point does not block its datastream for longer. The ledger counts: a power cut changes nothing.
 */
const REPLAY_REFUSALS_MAX = 6;
/** A batch of unknown fate is tried this often in a row. Then it rests. */
const TRIES_IN_A_ROW = 2;
/** Up to this number of tries, an accepted batch of another datastream ends the rest: the server is well again. */
const TRIES_LIFTED = 4;
/** Batches of unknown fate that rest take 1/2 of the day's points at most, all datastreams together. */
const REPLAYS_SHARE = 2;
/**
 * Answers of 5xx, 408 or 429 to one batch until a smaller one may be sent instead: six, if size is at fault, as other
 * datastreams' batches were accepted in between four times.
 */
const BUSY_SIZE = 6;
const PASSED = 4;
/**
 * Such answers to the smallest open batch until it gives way to a small one, as no others pass any more: a proxy that takes no
 * large ones may say 502. If the small one is accepted, the server is well again, or size is at fault: at six answers to a
 * larger one within a day, it is size.
 */
const BUSY_ALONE = 8;

/** Refusals in a row until a datastream is only probed: one of which nothing was ever accepted, and any other. */
const REFUSALS_NEW_MAX = 3;
const REFUSALS_MAX = 24;
/** The first probe is made in the next delivery, others after one hour, two, four, and then every eight. */
const PROBE_DOUBLINGS_MAX = 3;
/** Refused requests take 1/5 of the day's points. With more, a datastream waits for the next delivery after each. */
const SEARCH_SHARE = 5;

/** Requests that hourly ones of a datastream take until the first counts no more: charges are merged to the later time. */
const HOURLY_REQUESTS = 27;
/** Somebody pressed the button this short a time ago: requests are not saved. */
const URGENT_MS = 600000;

/** What the outcomes of a datastream's requests have taught. */
export interface StreamPace {
  pin: number;
  /** It gets no more requests in this delivery. */
  stopped: boolean;
  /** Failures since its last success. After every second one it goes behind the others (turn.ts). */
  failures: number;
  /** Its own limit after a refusal, else Infinity. */
  pointsMax: number;
  /** Points refused one by one in this delivery. */
  refused: number;
  /** Position after the points that were refused one by one; 0 when there are none. */
  skipTo: number;
  /** The next request starts at `skipTo`, not at the cursor. */
  skipping: boolean;
  /** When its last request ended; 0 = not in this boot. */
  askedRawMs: number;
  /** Since its last failure another datastream's batch was accepted. */
  passed: boolean;
  /** Failures with such a success since the one before: the server is well, and this batch does not pass. */
  jams: number;
  /** Points sent in this boot whose times go together (mistakes.ts): their number, the first timestamp, the bound of the last. */
  sentPoints: number;
  sentFromMs: number;
  sentBoundMs: number;
}

/**
 * What becomes of the attempt of a request that was not accepted: it is kept and replayed; it is closed; or it is closed
 * although the server may have accepted it.
 */
export type Fate = "keep" | "close" | "abandon";

/** What a boot's deliveries have taught. Plain data, which stays while the functions here come and go. */
export interface PaceMemory {
  streams: StreamPace[];
  /** Undefined before the first delivery. */
  serverLimit: ServerLimit | undefined;
  /** Points of the next batch; 0 before the first delivery. */
  size: number;
  /** When a batch was accepted last. */
  acceptedRawMs: number;
  /** When somebody asked for a delivery last. */
  forgivenRawMs: number;
  /** When the last delivery began. */
  beganRawMs: number;
  /** Points of refused requests. The number goes down evenly, by `SEARCH_SHARE` of the day's points a day. */
  searched: number;
  /** Points of the last batch that gave way to a small one, and when; 0 once as many were accepted. */
  probedPoints: number;
  probedRawMs: number;
}

export function openPaceMemory(): PaceMemory {
  return {
    streams: [],
    serverLimit: undefined,
    size: 0,
    acceptedRawMs: 0,
    forgivenRawMs: -URGENT_MS,
    beganRawMs: 0,
    searched: 0,
    probedPoints: 0,
    probedRawMs: 0,
  };
}

/** The memory, and what it is read and written by: plain data. */
export interface Pace {
  clock: Pick<Clock, "rawMs">;
  ledger: Ledger;
  /** The plan's day. */
  pointsMax: number;
  requestsMax: number;
  /** What the plan, the body size and the ledger allow. */
  requestPointsMax: number;
  memory: PaceMemory;
}

/** A batch was accepted, so the server is well: what failed while it was not goes by its age again. */
function pass(streams: StreamPace[]): void {
  for (let i = 0; i < streams.length; i++) {
    const stream = streams[i];
    if (stream.failures === 0) continue;
    stream.passed = true;
    stream.failures = 2 * stream.jams;
  }
}

/** Every datastream gets requests again. */
function renew(streams: StreamPace[]): void {
  for (let i = 0; i < streams.length; i++) {
    const stream = streams[i];
    stream.stopped = false;
    stream.refused = 0;
    stream.skipping = false;
    // Points refused in the last delivery are asked for again, the first of them at least: the server may take them now.
    if (stream.skipTo > 0) stream.pointsMax = 1;
  }
}

/** A batch was refused for what is in it, and is given up as it is. `isNew`: nothing of its datastream was ever accepted. */
function refuse(stream: StreamPace, attempt: Attempt, isNew: boolean, isProbed: boolean): void {
  const points = attempt.points;
  if (points > 1) {
    const half = points > LIMITS.refusedBatchPoints ? LIMITS.refusedBatchPoints : points >> 1;
    stream.pointsMax = isNew || isProbed ? 1 : half;
    return;
  }
  // A single point. Whether it or the server is at fault shows when a later point of its datastream is taken.
  if (++stream.refused >= (isProbed ? 2 : LIMITS.refusedPointsPerDeliveryMax)) stream.stopped = true;
  if (stream.skipping || isAhead(attempt.to, stream.skipTo)) stream.skipTo = attempt.to;
  stream.skipping = true;
}

/** Whether no open batch has fewer points than `points`. */
function isSmallest(ledger: Ledger, streams: StreamPace[], points: number): boolean {
  let least = points;
  for (let i = 0; i < streams.length; i++) {
    const open = accountOf(ledger, streams[i].pin).attempt;
    if (open) least = Math.min(least, open.points);
  }
  return least === points;
}

/** How long an open batch rests. `isLifted`: another datastream's was accepted since its last try. */
function replayRestMs(
  ledger: Ledger,
  streams: StreamPace[],
  open: Attempt,
  isLifted: boolean,
  dayPointsMax: number,
): number {
  const troubles = troublesOf(ledger, open.pin);
  const refused = troubles[TROUBLES_AT.replaysRefused];
  const tries = troubles[TROUBLES_AT.tries];
  const restMs = refused > 0 ? HOUR_MS * Math.pow(2, refused - 1) : 0;
  if (tries < TRIES_IN_A_ROW || (tries <= TRIES_LIFTED && isLifted)) return restMs;
  let attempts = 0;
  for (let i = 0; i < streams.length; i++) if (accountOf(ledger, streams[i].pin).attempt) attempts++;
  const share = (open.points * attempts * REPLAYS_SHARE) / dayPointsMax;
  return Math.max(restMs, LIMITS.quotaWindowMs * Math.min(1, share));
}

/** Of a server of which nothing is known yet. */
function limitOf(pace: Pace): ServerLimit {
  const memory = pace.memory;
  if (memory.serverLimit === undefined) memory.serverLimit = createServerLimit(pace.requestPointsMax);
  if (memory.size === 0) memory.size = Math.min(LIMITS.batchPointsFirst, pace.requestPointsMax);
  return memory.serverLimit;
}

/** What is known of a datastream. */
export function streamPace(memory: PaceMemory, pin: number): StreamPace {
  const streams = memory.streams;
  for (let i = 0; i < streams.length; i++) if (streams[i].pin === pin) return streams[i];
  // biome-ignore format: a record
  const stream: StreamPace = {
    pin, stopped: false, failures: 0, pointsMax: Infinity, refused: 0, skipTo: 0, skipping: false,
    askedRawMs: 0, passed: false, jams: 0, sentPoints: 0, sentFromMs: 0, sentBoundMs: 0,
  };
  streams.push(stream);
  return stream;
}

/** Refusals beyond those after which it is only probed; below 0 when it is not. */
function probesOf(ledger: Ledger, pin: number): number {
  const most = accountOf(ledger, pin).lastTrueMs === 0 ? REFUSALS_NEW_MAX : REFUSALS_MAX;
  return troublesOf(ledger, pin)[TROUBLES_AT.refusals] - most;
}

function learnSuccess(pace: Pace, serverLimit: ServerLimit, stream: StreamPace, points: number): void {
  const memory = pace.memory;
  stream.failures = 0;
  stream.jams = 0;
  stream.skipping = false;
  stream.skipTo = 0;
  stream.pointsMax = stream.pointsMax * 2 > LIMITS.batchPointsFirst ? Infinity : stream.pointsMax * 2;
  memory.acceptedRawMs = stream.askedRawMs;
  if (points >= memory.probedPoints) memory.probedPoints = 0;
  raiseLimit(serverLimit, points, memory.acceptedRawMs, pace.requestPointsMax);
  pass(memory.streams);
}

/** A failure must not cost a small plan half of its day. */
function leastPoints(pace: Pace): number {
  return Math.min(LIMITS.batchPointsMin, pace.requestPointsMax, Math.ceil(pace.pointsMax / 10));
}

function learnSize(pace: Pace, serverLimit: ServerLimit, judgement: Judgement, points: number): void {
  const memory = pace.memory;
  const requestPointsMax = pace.requestPointsMax;
  // Only a batch that filled the size says that a larger one may pass.
  if (judgement.size === "grow" && points >= memory.size) memory.size = Math.min(memory.size * 2, requestPointsMax);
  // Until somebody has dealt with it, every try costs allowance: as little as can be.
  if (judgement.size === "least") memory.size = leastPoints(pace);
  if (judgement.size === "new") {
    serverLimit.pointsMax = requestPointsMax;
    serverLimit.holdMs = 0;
    memory.size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);
  }
  if (judgement.size === "halve") memory.size = Math.max(leastPoints(pace), memory.size >> 1);
}

/** Takes in a request's outcome, before the ledger does. */
export function learnPace(pace: Pace, attempt: Attempt, replay: boolean, judgement: Judgement): Fate {
  "on demand";
  const memory = pace.memory;
  const ledger = pace.ledger;
  const serverLimit = limitOf(pace);
  const stream = streamPace(memory, attempt.pin);
  const least = leastPoints(pace);
  const points = attempt.points;
  const troubles = troublesOf(ledger, attempt.pin);
  const rawMs = pace.clock.rawMs();
  // A request that did not leave is none of the day's.
  if (judgement.attempt !== "none") stream.askedRawMs = rawMs;
  learnSize(pace, serverLimit, judgement, points);
  if (judgement.answered !== "Blynk") {
    stream.failures++;
    if (stream.passed) stream.jams++;
    stream.passed = false;
  }
  if (judgement.attempt === "done") learnSuccess(pace, serverLimit, stream, points);
  // A refusal says nothing of an earlier try, which may have been accepted.
  const refused =
    judgement.attempt === "rest" && (!replay || troubles[TROUBLES_AT.replaysRefused] + 1 >= REPLAY_REFUSALS_MAX);
  // This answer is not among those counted yet.
  const busy = replay && judgement.outcome === "busy" ? troubles[TROUBLES_AT.busy] + 1 : 0;
  const isProbed =
    memory.probedPoints > 0 &&
    memory.acceptedRawMs > memory.probedRawMs &&
    rawMs - memory.probedRawMs < LIMITS.quotaWindowMs;
  const jammed = busy >= BUSY_SIZE && (stream.jams >= PASSED || (isProbed && points > least));
  const lower = jammed || (refused && judgement.outcome === "smaller");
  const lowered = lower && lowerLimit(serverLimit, points, rawMs, jammed);
  if (jammed && lowered) return "abandon";
  if (busy >= BUSY_ALONE && points > least && isSmallest(ledger, memory.streams, points)) {
    memory.probedPoints = points;
    memory.probedRawMs = rawMs;
    return "abandon";
  }
  if (!refused) {
    const again = judgement.attempt === "as before" || judgement.attempt === "rest";
    return judgement.attempt === "keep" || (replay && again) ? "keep" : "close";
  }
  if (judgement.outcome === "pin") stream.pointsMax = 1;
  if (judgement.outcome === "pin" || (lower && !lowered)) stream.stopped = true;
  if (judgement.outcome === "refused") {
    // This refusal is not counted yet.
    refuse(stream, attempt, accountOf(ledger, stream.pin).lastTrueMs === 0, probesOf(ledger, stream.pin) >= -1);
  }
  // A request counts its share of the day's points, however few it has.
  memory.searched += Math.max(points, pace.pointsMax / pace.requestsMax);
  if (memory.searched * SEARCH_SHARE > pace.pointsMax && !lowered) stream.stopped = true;
  return replay ? "abandon" : "close";
}

/** Most points that the next new batch of a datastream may have. */
export function batchPointsMax(pace: Pace, stream: StreamPace): number {
  const serverLimit = limitOf(pace);
  return probesOf(pace.ledger, stream.pin) >= 0
    ? 1
    : Math.min(pace.memory.size, stream.pointsMax, serverLimit.pointsMax);
}

/**
 * Time until a datastream may have a request; 0: now. A batch that was refused or had no answer rests. A new request of
 * `points` that has its share of the day's points is always worth one of the `requestsLeft`; the others are spread over the
 * day, hourly for each datastream if they suffice.
 */
export function streamWaitMs(pace: Pace, stream: StreamPace, points: number, requestsLeft: number): number {
  "on demand";
  const memory = pace.memory;
  const ledger = pace.ledger;
  const streams = memory.streams;
  const rawMs = pace.clock.rawMs();
  const open = accountOf(ledger, stream.pin).attempt;
  const troubles = troublesOf(ledger, stream.pin);
  const lastRawMs = open ? open.rawMs : stream.askedRawMs;
  if (memory.forgivenRawMs >= lastRawMs) return 0;
  let restMs = 0;
  if (open) {
    restMs = replayRestMs(ledger, streams, open, memory.acceptedRawMs > lastRawMs, pace.pointsMax);
  } else if (troubles[TROUBLES_AT.refusals] > 0) {
    const beyond = probesOf(ledger, stream.pin);
    if (beyond > 0 && stream.refused === 0) restMs = HOUR_MS * Math.pow(2, Math.min(beyond - 1, PROBE_DOUBLINGS_MAX));
  } else if (
    points * pace.requestsMax < pace.pointsMax &&
    rawMs - memory.forgivenRawMs >= URGENT_MS &&
    lastRawMs < memory.beganRawMs
  ) {
    // What the hourly requests don't need goes first quickly, then more and more slowly.
    const free = Math.max(0, requestsLeft - HOURLY_REQUESTS * streams.length);
    const windowMs = LIMITS.quotaWindowMs * streams.length;
    restMs = Math.min(Math.max(0.98 * HOUR_MS, windowMs / (0.97 * pace.requestsMax)), windowMs / (4 * free));
  }
  // Not asked in this boot: what was before is known of an open attempt alone.
  return lastRawMs === 0 ? 0 : Math.max(0, lastRawMs + restMs - rawMs);
}

/** Starts a delivery: every datastream gets requests again. */
export function beginPace(pace: Pace): void {
  "on demand";
  const memory = pace.memory;
  const rawMs = pace.clock.rawMs();
  const goneDays = (rawMs - memory.beganRawMs) / LIMITS.quotaWindowMs;
  limitOf(pace);
  memory.searched = Math.max(0, memory.searched - (goneDays * pace.pointsMax) / SEARCH_SHARE);
  memory.beganRawMs = rawMs;
  renew(memory.streams);
  memory.size = Math.min(memory.size, LIMITS.batchPointsFirst);
}
