/** How many points the next request takes, and what each outcome teaches about its datastream. */
import type { Clock } from "../clock/clock.ts";
import { LIMITS } from "../limits.ts";
import { type Attempt, isAhead } from "../storage/ledger/ledger.ts";
import type { Judgement, Outcome } from "./outcome.ts";

/**
 * A batch that may have been accepted before, and is refused now, is sent again after one hour, two, four and so on. At the
 * sixth refusal, after 31 hours, other bytes are sent instead. So a server that fails for a day causes no duplicates, and a
 * bad point does not block its datastream for longer.
 */
const REPLAY_REFUSALS_MAX = 6;
const REPLAY_WAIT_FIRST_MS = 3600000;

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
  /** How often its batch of unknown fate was refused, and the raw time until which that batch rests. */
  replaysRefused: number;
  restsUntilRawMs: number;
  /** Points sent in this boot whose times go together (mistakes.ts): their number, the first timestamp, the bound of the last. */
  sentPoints: number;
  sentFromMs: number;
  sentBoundMs: number;
}

export interface Pace {
  of(pin: number): StreamPace;
  /** Most points that the next new batch of a datastream may have. */
  pointsMax(stream: StreamPace): number;
  /** Takes in a request's outcome. Returns whether its fate is still unknown, so that it has to be replayed. */
  learn(attempt: Attempt, replay: boolean, judgement: Judgement): boolean;
  /** Starts a delivery: every datastream gets requests again. */
  begin(): void;
  /** Ends the rests of refused batches. */
  forgive(): void;
}

/** `requestPointsMax`: what the plan, the body size and the ledger allow. */
export function createPace(clock: Pick<Clock, "rawMs">, requestPointsMax: number): Pace {
  const streams: StreamPace[] = [];
  /** Less than documented once the server has said "too many points". */
  let serverPointsMax = requestPointsMax;
  let size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);

  function of(pin: number): StreamPace {
    for (let i = 0; i < streams.length; i++) if (streams[i].pin === pin) return streams[i];
    const stream: StreamPace = {
      pin,
      stopped: false,
      failures: 0,
      pointsMax: Infinity,
      refused: 0,
      skipTo: 0,
      skipping: false,
      replaysRefused: 0,
      restsUntilRawMs: 0,
      sentPoints: 0,
      sentFromMs: 0,
      sentBoundMs: 0,
    };
    streams.push(stream);
    return stream;
  }

  function learnSuccess(stream: StreamPace): void {
    stream.failures = 0;
    stream.replaysRefused = 0;
    stream.skipping = false;
    stream.skipTo = 0;
    stream.pointsMax = stream.pointsMax * 2 > LIMITS.batchPointsFirst ? Infinity : stream.pointsMax * 2;
  }

  /** A refusal of this very batch, which is given up as it is. */
  function learnRefusal(stream: StreamPace, attempt: Attempt, outcome: Outcome): void {
    const points = attempt.points;
    stream.replaysRefused = 0;
    if (outcome === "pin") {
      stream.stopped = true;
      stream.pointsMax = 1;
    } else if (outcome === "smaller") {
      if (points > 1) serverPointsMax = points >> 1;
      else stream.stopped = true;
    } else if (points > 1) {
      stream.pointsMax = points > LIMITS.refusedBatchPoints ? LIMITS.refusedBatchPoints : points >> 1;
    } else {
      // A single point. Whether it or the server is at fault shows when a later point of its datastream is taken.
      if (++stream.refused >= LIMITS.refusedPointsPerDeliveryMax) stream.stopped = true;
      if (stream.skipping || isAhead(attempt.to, stream.skipTo)) stream.skipTo = attempt.to;
      stream.skipping = true;
    }
  }

  function learn(attempt: Attempt, replay: boolean, judgement: Judgement): boolean {
    const stream = of(attempt.pin);
    const least = Math.min(LIMITS.batchPointsMin, requestPointsMax);
    // Only a batch that filled the size says that a larger one may pass.
    if (judgement.size === "grow" && attempt.points >= size) size = Math.min(size * 2, requestPointsMax);
    // Until somebody has dealt with it, every try costs allowance: as little as can be.
    if (judgement.size === "least") size = least;
    if (judgement.size === "new") {
      serverPointsMax = requestPointsMax;
      size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);
    }
    if (judgement.size === "halve") size = Math.max(least, size >> 1);
    if (judgement.answered !== "Blynk") stream.failures++;
    if (judgement.attempt === "done") learnSuccess(stream);
    if (judgement.attempt !== "rest")
      return judgement.attempt === "keep" || (replay && judgement.attempt === "as before");
    // A refusal says nothing of an earlier try, which may have been accepted.
    if (replay && ++stream.replaysRefused < REPLAY_REFUSALS_MAX) {
      stream.restsUntilRawMs = clock.rawMs() + REPLAY_WAIT_FIRST_MS * Math.pow(2, stream.replaysRefused - 1);
      return true;
    }
    learnRefusal(stream, attempt, judgement.outcome);
    return false;
  }

  return {
    of,
    pointsMax(stream) {
      return Math.min(size, stream.pointsMax, serverPointsMax);
    },
    learn,
    begin() {
      for (let i = 0; i < streams.length; i++) {
        const stream = streams[i];
        stream.stopped = false;
        stream.refused = 0;
        stream.skipping = false;
        // Points refused in the last delivery are asked for again, the first of them at least: the server may take them now.
        if (stream.skipTo > 0) stream.pointsMax = 1;
      }
      size = Math.min(size, LIMITS.batchPointsFirst);
    },
    forgive() {
      for (let i = 0; i < streams.length; i++) streams[i].restsUntilRawMs = 0;
    },
  };
}
