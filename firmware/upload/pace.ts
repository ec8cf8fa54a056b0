/** How fast to go: how many points a request takes, and what each answer teaches about its datastream. */
import type { Clock } from "../clock/clock.ts";
import { LIMITS } from "../limits.ts";
import { type Attempt, isAhead } from "../storage/ledger/ledger.ts";
import type { Outcome } from "./blynk.ts";

/**
 * A refused batch that may have been accepted before is asked for again after an hour, two, four and so on, and given up
 * for other bytes at the sixth refusal, after 31 hours: a server gone wrong for a day makes no duplicates, a bad point blocks no longer.
 */
const REPLAY_REFUSALS_MAX = 6;
const REPLAY_WAIT_FIRST_MS = 3600000;

/** What a datastream's answers have taught. */
export interface StreamPace {
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

export interface Pace {
  of(pin: number): StreamPace;
  /** Points of the next new batch of a datastream, at most. */
  pointsMax(stream: StreamPace): number;
  /** What became of a request. Returns whether its fate is unknown still, so that it has to be replayed. */
  learn(attempt: Attempt, replay: boolean, outcome: Outcome): boolean;
  /** Starts a sync: what was set aside for the last one is looked at again. */
  begin(): void;
  /** Ends the rests of refused batches. */
  forgive(): void;
}

/** `requestPointsMax`: what the plan, the body size and the ledger allow. */
export function createPace(clock: Pick<Clock, "rawMs">, requestPointsMax: number): Pace {
  const streams: StreamPace[] = [];
  /** The server may say that it takes less than documented. */
  let serverPointsMax = requestPointsMax;
  let size = Math.min(LIMITS.batchPointsFirst, requestPointsMax);

  const of = (pin: number): StreamPace => {
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
    };
    streams.push(stream);
    return stream;
  };

  const learn = (attempt: Attempt, replay: boolean, outcome: Outcome): boolean => {
    const stream = of(attempt.pin);
    const points = attempt.points;
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
      return outcome === "unknown" || replay;
    }
    if (outcome === "portal" || outcome === "stop") {
      // Until somebody has dealt with it, every try costs allowance: as little as can be.
      size = Math.min(LIMITS.batchPointsMin, requestPointsMax);
      // A proxy may have passed the batch on before it answered.
      if (outcome === "portal") stream.failures++;
      return outcome === "portal" || replay;
    }
    // What is left are refusals of this very batch, which says nothing of an earlier try.
    if (replay && ++stream.replaysRefused < REPLAY_REFUSALS_MAX) {
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
    if (++stream.refused >= LIMITS.refusedPointsPerDeliveryMax) stream.stopped = true;
    if (stream.skipping || isAhead(attempt.to, stream.skipTo)) stream.skipTo = attempt.to;
    stream.skipping = true;
    return false;
  };

  return {
    of,
    pointsMax: (stream) => Math.min(size, stream.pointsMax, serverPointsMax),
    learn,
    begin: () => {
      for (let i = 0; i < streams.length; i++) {
        const stream = streams[i];
        stream.stopped = false;
        stream.refused = 0;
        stream.skipping = false;
        // Points refused in the last sync are asked for again, the first of them at least: the server may have come to its senses.
        if (stream.skipTo > 0) stream.pointsMax = 1;
      }
      size = Math.min(size, LIMITS.batchPointsFirst);
    },
    forgive: () => {
      for (let i = 0; i < streams.length; i++) streams[i].restsUntilRawMs = 0;
    },
  };
}
