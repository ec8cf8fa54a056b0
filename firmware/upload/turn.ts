/** Whose turn it is: the datastream that sends next. */
import type { Overload } from "./overload.ts";
import type { Pace, StreamPace } from "./pace.ts";
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
  /** Some datastream rests because its batch was refused. */
  resting: boolean;
}

/**
 * The datastream with the oldest sample, but a batch of unknown fate goes before new ones, and a datastream that failed twice
 * goes behind the others. Ends attempts that can't be repeated whole: the server takes nothing from before `expiredMs`, and the
 * plan no batch of more than `pointsMax`.
 */
export function chooseTurn(
  parts: Pick<UploadParts, "ring" | "ledger" | "clock">,
  overload: Pick<Overload, "trueMsAt">,
  pace: Pick<Pace, "of">,
  expiredMs: number,
  pointsMax: number,
): Turn {
  const ledger = parts.ledger;
  const pins = parts.ring.pins();
  const turn: Turn = { stream: undefined, headMs: 0, pending: 0, held: false, resting: false };
  let bestRank = 0;
  for (let i = 0; i < pins.length; i++) {
    const pin = pins[i];
    const stream = pace.of(pin);
    const waiting = parts.ring.totals(pin).pending;
    if (waiting === 0) continue;
    const open = ledger.attempt(pin);
    let trueMs = overload.trueMsAt(pin, open ? open.from : ledger.cursor(pin), open ? open.fixId : Infinity);
    // Without a time by the map that it was sent with: its samples can't be read any more, and those behind it wait for nothing.
    if (open && (isNaN(trueMs) || trueMs < expiredMs || open.points > pointsMax)) {
      ledger.fail(pin, parts.clock.rawMs(), false);
      trueMs = overload.trueMsAt(pin, ledger.cursor(pin), Infinity);
    }
    if (isNaN(trueMs)) turn.held = true;
    if (stream.stopped || !(trueMs < Infinity)) continue;
    const replays = ledger.attempt(pin) !== undefined;
    if (replays && stream.restsUntilRawMs > parts.clock.rawMs()) {
      turn.resting = true;
      continue;
    }
    turn.pending += waiting;
    const rank = (stream.failures >> 1) * 2 + (replays ? 0 : 1);
    if (!turn.stream || rank < bestRank || (rank === bestRank && trueMs < turn.headMs)) {
      turn.stream = stream;
      bestRank = rank;
      turn.headMs = trueMs;
    }
  }
  return turn;
}
