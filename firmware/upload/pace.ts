/** How many points the next request takes, how soon it may be made, and what each outcome teaches about its datastream. */
import type { Clock } from "../clock/clock.ts";
import { LIMITS } from "../limits.ts";
import { type Attempt, isAhead, type Ledger, type Troubles } from "../storage/ledger/ledger.ts";
import type { Judgement, Outcome } from "./outcome.ts";
import { createServerLimit, lowerLimit, raiseLimit } from "./server-limit.ts";

const HOUR_MS = 3600000;

/**
 * A batch that may have been accepted before, and is refused now, is sent again after one hour, two, four and so on. At the
 * sixth refusal, after 31 hours, other bytes are sent instead. So a server that fails for a day causes no duplicates, and a
 * bad point does not block its datastream for longer. The ledger counts, so a power cut changes nothing.
 */
const REPLAY_REFUSALS_MAX = 6;
/** A batch of unknown fate is tried this often in a row. Then it rests, unless the server accepts another batch meanwhile. */
const TRIES_IN_A_ROW = 2;
/** Batches of unknown fate take this share of the day's points at most, once they rest: 1/2. */
const REPLAYS_SHARE = 2;
/**
 * Answers of 5xx, 408 or 429 to one batch until a smaller one may be sent instead: six, if other datastreams' batches were accepted
 * in between four times; otherwise eight, and not before its tries have cost half of a day's points.
 */
const BUSY_PASSED = 6;
const PASSED = 4;
const BUSY_ALONE = 8;
/** Up to this number of tries, a batch accepted of another datastream ends the rest: the server was down, and is well again. */
const TRIES_LIFTED = 4;

/** Refusals in a row until a datastream is only probed: one of which nothing was ever accepted, and any other. */
const REFUSALS_NEW_MAX = 3;
const REFUSALS_MAX = 24;
/** A probe is made again after one hour, two, four, and then every eight. */
const PROBE_DOUBLINGS_MAX = 3;
/** Requests refused while a bad point is sought take this share of the day's points: 1/5. */
const SEARCH_SHARE = 5;

/** Requests that hourly ones of a datastream take until the first counts no more: charges are merged to the later time (quota.ts). */
const HOURLY_REQUESTS = 27;

/** Points are asked for on purpose: somebody pressed the button this short a time ago. */
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

export interface Pace {
  of(pin: number): StreamPace;
  /** Most points that the next new batch of a datastream may have. */
  pointsMax(stream: StreamPace): number;
  /** Raw time until which a datastream gets no request, because its batch was refused or had no answer; 0: none. */
  restsUntilRawMs(stream: StreamPace): number;
  /**
   * Time until a new request is worth one of the `requestsLeft` of the day; 0: now. A request with its share of the day's points
   * always is; the others are spread over the day, hourly for each datastream if they suffice.
   */
  worthInMs(stream: StreamPace, points: number, requestsLeft: number): number;
  /** Takes in a request's outcome, before the ledger does. */
  learn(attempt: Attempt, replay: boolean, judgement: Judgement): Fate;
  /** Starts a delivery: every datastream gets requests again. */
  begin(): void;
  /** Ends the rests, and the saving of requests for a while. */
  forgive(): void;
}

export interface PaceLimits {
  /** What the plan, the body size and the ledger allow. */
  requestPointsMax: number;
  pointsPerDayMax: number;
  requestsPerDayMax: number;
}

export interface PaceParts {
  clock: Pick<Clock, "rawMs">;
  ledger: Pick<Ledger, "attempt" | "troubles" | "lastTrueMs">;
}

function newStreamPace(pin: number): StreamPace {
  return {
    pin,
    stopped: false,
    failures: 0,
    pointsMax: Infinity,
    refused: 0,
    skipTo: 0,
    skipping: false,
    askedRawMs: 0,
    passed: false,
    jams: 0,
    sentPoints: 0,
    sentFromMs: 0,
    sentBoundMs: 0,
  };
}

export function createPace(parts: PaceParts, limits: PaceLimits): Pace {
  const ledger = parts.ledger;
  const requestPointsMax = limits.requestPointsMax;
  const streams: StreamPace[] = [];
  let serverLimit = createServerLimit(requestPointsMax);
  /** When the server last accepted anything. */
  let acceptedRawMs = 0;
  let forgivenRawMs = -URGENT_MS;
  let beganRawMs = 0;
  /** Points of refused requests while bad ones were sought; it goes down evenly, as of that time. */
  let searched = 0;
  let searchedRawMs = 0;
  let size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);

  function of(pin: number): StreamPace {
    for (let i = 0; i < streams.length; i++) if (streams[i].pin === pin) return streams[i];
    const stream = newStreamPace(pin);
    streams.push(stream);
    return stream;
  }

  /** Refusals beyond those after which it is only probed; below 0 when it is not. */
  function probes(stream: StreamPace, refusals: number): number {
    return refusals - (ledger.lastTrueMs(stream.pin) === 0 ? REFUSALS_NEW_MAX : REFUSALS_MAX);
  }

  function learnSuccess(stream: StreamPace, points: number): void {
    stream.failures = 0;
    stream.jams = 0;
    stream.skipping = false;
    stream.skipTo = 0;
    stream.pointsMax = stream.pointsMax * 2 > LIMITS.batchPointsFirst ? Infinity : stream.pointsMax * 2;
    acceptedRawMs = stream.askedRawMs;
    raiseLimit(serverLimit, points, acceptedRawMs, requestPointsMax);
    for (let i = 0; i < streams.length; i++) {
      const other = streams[i];
      if (other.failures === 0) continue;
      // The server is well: what failed while it was not goes by its age again.
      other.passed = true;
      other.failures = 2 * other.jams;
    }
  }

  /** Whether a batch that was answered again, and not taken, does not pass because of its size. */
  function isJammed(stream: StreamPace, points: number, troubles: Troubles): boolean {
    // This answer is not among them yet.
    const busy = troubles.busy + 1;
    if (busy >= BUSY_PASSED && stream.jams >= PASSED) return true;
    return busy >= BUSY_ALONE && (troubles.tries + 1) * points * REPLAYS_SHARE >= limits.pointsPerDayMax;
  }

  /** Charges the search for bad points. Returns whether it may go on in this delivery. */
  function maySearch(points: number): boolean {
    const rawMs = parts.clock.rawMs();
    const perDay = limits.pointsPerDayMax / SEARCH_SHARE;
    searched = Math.max(0, searched - ((rawMs - searchedRawMs) / LIMITS.quotaWindowMs) * perDay);
    searchedRawMs = rawMs;
    // A request is worth its share of the day's points, however few it has.
    searched += Math.max(points, limits.pointsPerDayMax / limits.requestsPerDayMax);
    return searched < perDay;
  }

  /** A refusal of this very batch, which is given up as it is. `refusals`: in a row, with this one. */
  function learnRefusal(stream: StreamPace, attempt: Attempt, outcome: Outcome, refusals: number): void {
    const points = attempt.points;
    const isNew = ledger.lastTrueMs(stream.pin) === 0;
    const probed = probes(stream, refusals) >= 0;
    if (outcome === "pin") {
      stream.stopped = true;
      stream.pointsMax = 1;
    } else if (outcome === "smaller") {
      if (!lowerLimit(serverLimit, points, stream.askedRawMs, false)) stream.stopped = true;
      return;
    } else if (points > 1) {
      stream.pointsMax =
        isNew || probed ? 1 : points > LIMITS.refusedBatchPoints ? LIMITS.refusedBatchPoints : points >> 1;
    } else {
      // A single point. Whether it or the server is at fault shows when a later point of its datastream is taken.
      if (++stream.refused >= (probed ? 2 : LIMITS.refusedPointsPerDeliveryMax)) stream.stopped = true;
      if (stream.skipping || isAhead(attempt.to, stream.skipTo)) stream.skipTo = attempt.to;
      stream.skipping = true;
    }
    if (!maySearch(points)) stream.stopped = true;
  }

  function learnSize(judgement: Judgement, points: number): void {
    // A failure must not cost a small plan half of its day.
    const least = Math.min(LIMITS.batchPointsMin, requestPointsMax, Math.ceil(limits.pointsPerDayMax / 10));
    // Only a batch that filled the size says that a larger one may pass.
    if (judgement.size === "grow" && points >= size) size = Math.min(size * 2, requestPointsMax);
    // Until somebody has dealt with it, every try costs allowance: as little as can be.
    if (judgement.size === "least") size = least;
    if (judgement.size === "new") {
      serverLimit = createServerLimit(requestPointsMax);
      size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);
    }
    if (judgement.size === "halve") size = Math.max(least, size >> 1);
  }

  function learn(attempt: Attempt, replay: boolean, judgement: Judgement): Fate {
    const stream = of(attempt.pin);
    const troubles = ledger.troubles(attempt.pin);
    stream.askedRawMs = parts.clock.rawMs();
    learnSize(judgement, attempt.points);
    if (judgement.answered !== "Blynk") {
      stream.failures++;
      if (stream.passed) stream.jams++;
      stream.passed = false;
    }
    if (judgement.attempt === "done") learnSuccess(stream, attempt.points);
    if (replay && judgement.outcome === "busy" && attempt.points > 1) {
      const jammed = isJammed(stream, attempt.points, troubles);
      if (jammed && lowerLimit(serverLimit, attempt.points, stream.askedRawMs, true)) return "abandon";
    }
    if (judgement.attempt !== "rest")
      return judgement.attempt === "keep" || (replay && judgement.attempt === "as before") ? "keep" : "close";
    // A refusal says nothing of an earlier try, which may have been accepted.
    if (replay && troubles.replaysRefused + 1 < REPLAY_REFUSALS_MAX) return "keep";
    learnRefusal(stream, attempt, judgement.outcome, troubles.refusals + 1);
    return replay ? "abandon" : "close";
  }

  /** How long the batch of an open attempt rests after its last try. */
  function replayRestMs(open: Attempt, troubles: Troubles): number {
    const refused = troubles.replaysRefused > 0 ? HOUR_MS * Math.pow(2, troubles.replaysRefused - 1) : 0;
    if (troubles.tries < TRIES_IN_A_ROW) return refused;
    if (troubles.tries <= TRIES_LIFTED && acceptedRawMs > open.rawMs) return refused;
    let attempts = 0;
    for (let i = 0; i < streams.length; i++) if (ledger.attempt(streams[i].pin)) attempts++;
    const share = (open.points * attempts * REPLAYS_SHARE) / limits.pointsPerDayMax;
    return Math.max(refused, LIMITS.quotaWindowMs * Math.min(1, share));
  }

  return {
    of,
    pointsMax(stream) {
      return Math.min(size, stream.pointsMax, serverLimit.pointsMax);
    },
    restsUntilRawMs(stream) {
      const open = ledger.attempt(stream.pin);
      const troubles = ledger.troubles(stream.pin);
      const lastRawMs = open ? open.rawMs : stream.askedRawMs;
      if (forgivenRawMs >= lastRawMs) return 0;
      if (open) return lastRawMs + replayRestMs(open, troubles);
      const beyond = probes(stream, troubles.refusals);
      if (beyond <= 0 || stream.refused > 0 || lastRawMs === 0) return 0;
      return lastRawMs + HOUR_MS * Math.pow(2, Math.min(beyond - 1, PROBE_DOUBLINGS_MAX));
    },
    worthInMs(stream, points, requestsLeft) {
      const rawMs = parts.clock.rawMs();
      const requestsMax = limits.requestsPerDayMax;
      if (points * requestsMax >= limits.pointsPerDayMax || rawMs - forgivenRawMs < URGENT_MS) return 0;
      // What a delivery has begun, it ends.
      if (stream.askedRawMs >= beganRawMs) return 0;
      // What is not needed to ask hourly goes first quickly, then more and more slowly.
      const free = Math.max(0, requestsLeft - HOURLY_REQUESTS * streams.length);
      const windowMs = LIMITS.quotaWindowMs * streams.length;
      const hourlyMs = Math.max(0.9 * HOUR_MS, windowMs / (0.97 * requestsMax));
      const everyMs = Math.min(hourlyMs, windowMs / (4 * free));
      return stream.askedRawMs === 0 ? 0 : Math.max(0, everyMs - (rawMs - stream.askedRawMs));
    },
    learn,
    begin() {
      beganRawMs = parts.clock.rawMs();
      for (let i = 0; i < streams.length; i++) {
        const stream = streams[i];
        stream.stopped = false;
        stream.refused = 0;
        stream.skipping = false;
        // Points refused in the last delivery are asked for again, the first of them at least: the server may take them now.
        if (stream.skipTo > 0 || probes(stream, ledger.troubles(stream.pin).refusals) >= 0) stream.pointsMax = 1;
      }
      size = Math.min(size, LIMITS.batchPointsFirst);
    },
    forgive() {
      forgivenRawMs = parts.clock.rawMs();
    },
  };
}
