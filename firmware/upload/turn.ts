/** Whose turn it is: the datastream that sends next. */
import { TROUBLES_AT } from "../storage/ledger/ledger.ts";
import { troublesOf } from "../storage/ledger/reading.ts";
import { accountOf } from "../storage/ledger/state.ts";
import { abandonAttempt } from "../storage/ledger/writing.ts";
import { type Backlog, sampleTrueMs, thinEveryOf } from "./overload.ts";
import { batchPointsMax, type Pace, type StreamPace, streamPace, streamWaitMs } from "./pace.ts";
import type { Rests } from "./planner.ts";
import type { UploadParts } from "./upload-parts.ts";

/** What a look over all datastreams with waiting samples finds. */
export interface Turn {
  /** The datastream that sends next; undefined when none may. */
  stream: StreamPace | undefined;
  /** True time of the first sample that it would send; -Infinity when that can never be told. */
  headMs: number;
  /** Samples waiting in all datastreams that may send. */
  pending: number;
  /** Some samples wait for a better time map. */
  held: boolean;
  /** Why some datastream rests: a refusal goes before a batch of unknown fate. */
  rests: Rests;
  /** Time until the first request that is not worth making now is; Infinity when there is none. */
  worthInMs: number;
}

export interface TurnLimits {
  /** The server takes nothing from before. */
  expiredMs: number;
  /** Samples after it belong to the next delivery. */
  endMs: number;
  requestsLeft: number;
}

/** Behind every other datastream. */
const LAST_RANK = 1000000;
/** Behind every datastream that failed less, whatever its priority. */
const FAILURE_RANK = 4;

/**
 * The datastream of the highest priority with the oldest sample. But samples that go without a request (expired, or never to be
 * dated) go before all others, a batch of unknown fate goes before new ones, a datastream that failed twice goes
 * behind the others, and one that was refused last of all. Ends attempts that can't be repeated whole: the server takes nothing
 * from before `expiredMs`, and the plan no batch of more than the day's points.
 */
export function chooseTurn(
  parts: Pick<UploadParts, "storage" | "source" | "map" | "clock">,
  backlog: Backlog,
  pace: Pace,
  limits: TurnLimits,
): Turn {
  "on demand";
  const storage = parts.storage;
  const ledger = storage.ledger;
  const source = parts.source;
  const pins = source.pins(storage);
  const rawMs = parts.clock.rawMs();
  // biome-ignore format: a record
  const turn: Turn = {
    stream: undefined, headMs: 0, pending: 0, held: false, rests: "", worthInMs: Infinity,
  };
  let bestRank = 0;
  for (let i = 0; i < pins.length; i++) {
    const pin = pins[i];
    const stream = streamPace(pace.memory, pin);
    const waiting = source.totals(storage, pin).pending;
    if (waiting === 0) continue;
    const account = accountOf(ledger, pin);
    let open = account.attempt;
    let trueMs = sampleTrueMs(parts, pin, open ? open.from : account.cursor, open ? open.fixId : Infinity);
    // Without a time by the map that it was sent with: its samples can't be read any more, and those behind it wait for nothing.
    if (open && (isNaN(trueMs) || trueMs < limits.expiredMs || open.points > backlog.quota.pointsMax)) {
      // Part of it may stand on the server, and what is left goes in other bytes.
      abandonAttempt(ledger, pin, rawMs, open.points);
      open = undefined;
      trueMs = sampleTrueMs(parts, pin, account.cursor, Infinity);
    }
    if (isNaN(trueMs)) turn.held = true;
    if (stream.stopped || !(trueMs < Infinity) || (!open && trueMs > limits.endMs)) continue;
    const troubles = troublesOf(ledger, pin);
    const refused = troubles[TROUBLES_AT.refusals] + troubles[TROUBLES_AT.replaysRefused] > 0;
    // What can never be dated is let go without a request.
    const points = Math.min(batchPointsMax(pace, stream), Math.ceil(waiting / thinEveryOf(backlog)));
    const waitMs = open || trueMs > -Infinity ? streamWaitMs(pace, stream, points, limits.requestsLeft) : 0;
    if (waitMs > 0) {
      if (refused) turn.rests = "refused";
      else if (open) turn.rests = turn.rests || "unknown";
      else turn.worthInMs = Math.min(turn.worthInMs, waitMs);
      continue;
    }
    turn.pending += waiting;
    const first = !open && trueMs < limits.expiredMs;
    const rank = first
      ? -1
      : (refused ? LAST_RANK : 0) + (stream.failures >> 1) * FAILURE_RANK + (open ? 0 : source.priority(storage, pin));
    if (!turn.stream || rank < bestRank || (rank === bestRank && trueMs < turn.headMs)) {
      turn.stream = stream;
      bestRank = rank;
      turn.headMs = trueMs;
    }
  }
  return turn;
}
