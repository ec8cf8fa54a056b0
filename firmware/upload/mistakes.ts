/**
 * Takes back wrong times. A clock that was wrong may have dated points that are on the server already, and a batch whose
 * answer was lost. Once the newest time map disproves them, the datastream goes on by the newest map, and what can't be
 * undone is counted.
 */
import { boundMsAt, DRIFT_MAX_PPM, trueMsAt } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import type { Attempt, Mark } from "../storage/ledger/ledger.ts";
import { accountPins, markOf } from "../storage/ledger/reading.ts";
import { accountOf } from "../storage/ledger/state.ts";
import { abandonAttempt, correctMark } from "../storage/ledger/writing.ts";
import type { Job } from "./job.ts";
import { type PaceMemory, type StreamPace, streamPace } from "./pace.ts";
import type { UploadParts } from "./upload-parts.ts";

type MistakeParts = Pick<UploadParts, "storage" | "source" | "map" | "clock" | "log">;

/** Notes an accepted batch, before the ledger does. Points whose times go together are disproved together. */
export function noteSent(parts: Pick<MistakeParts, "storage">, stream: StreamPace, job: Job): void {
  "on demand";
  const sent = job.settlement;
  if (job.attempt.points === 0) return;
  const before = markOf(parts.storage.ledger, stream.pin);
  const rawMs = sent.lastRawMs;
  // How far the clock moved against raw time since the batch before. A crystal does not move it so far.
  const shiftMs = sent.lastTrueMs - rawMs - (before.trueMs - before.rawMs);
  const driftMs = (Math.abs(rawMs - before.rawMs) * DRIFT_MAX_PPM) / 1e6;
  if (stream.sentPoints === 0 || Math.abs(shiftMs) > sent.lastBoundMs + stream.sentBoundMs + driftMs) {
    stream.sentPoints = 0;
    stream.sentFromMs = sent.firstTrueMs;
  }
  stream.sentPoints += job.attempt.points;
  stream.sentBoundMs = sent.lastBoundMs;
}

/**
 * Made anew for each review, and let go after it: its functions take JsVars only while it lasts. No true time is after
 * `futureMs`.
 */
function openReview(parts: MistakeParts, futureMs: number) {
  const ledger = parts.storage.ledger;

  /** What a version of the time map says of a sample: its time and bound; undefined when it can't tell. */
  function datingOf(session: number, rawMs: number, version: number) {
    const dating = parts.source.date(parts.map, session, rawMs, version);
    if (dating.state !== "dated") return undefined;
    const segment = dating.segment;
    return { trueMs: trueMsAt(segment, rawMs), boundMs: boundMsAt(segment, rawMs) };
  }

  /** Gives up an attempt that was dated by a map that the newest one disproves: the same bytes would be wrong again. */
  function reviewAttempt(attempt: Attempt): void {
    const pin = attempt.pin;
    const reader = parts.source.reader(parts.storage, pin, attempt.from, attempt.to);
    let count = reader.next();
    if (count === 0) return;
    const session = reader.session;
    const rawMs = reader.rawMs[0];
    const then = datingOf(session, rawMs, attempt.fixId);
    if (!then) return;
    const now = datingOf(session, rawMs, Infinity);
    const wrong = now ? Math.abs(then.trueMs - now.trueMs) > then.boundMs + now.boundMs : then.trueMs > futureMs;
    if (!wrong) return;
    let toTrueMs = then.trueMs;
    while (count > 0) {
      const last = datingOf(reader.session, reader.rawMs[count - 1], attempt.fixId);
      if (last) toTrueMs = last.trueMs;
      count = reader.next();
    }
    parts.log(
      "warn",
      `v${pin}: ${attempt.points} points with a wrong time had no answer, and may stand on the server twice`,
    );
    abandonAttempt(ledger, pin, parts.clock.rawMs(), attempt.points);
    correctMark(ledger, pin, markOf(ledger, pin), {
      fromTrueMs: Math.floor(then.trueMs),
      toTrueMs: Math.ceil(toTrueMs),
      points: 0,
    });
  }

  /** Sets the mark of a datastream to what the newest map says of its sample, if that disproves it. */
  function reviewMark(stream: StreamPace): void {
    const pin = stream.pin;
    const mark = markOf(ledger, pin);
    if (mark.trueMs === 0) return;
    const now = mark.session > 0 ? datingOf(mark.session, mark.rawMs, Infinity) : undefined;
    // The bound of what was sent is known in the boot that sent it. No true time of an earlier one lies in the future.
    const wrong =
      mark.trueMs > futureMs ||
      (now !== undefined &&
        stream.sentPoints > 0 &&
        Math.abs(mark.trueMs - now.trueMs) > now.boundMs + stream.sentBoundMs);
    if (!wrong) return;
    const points = Math.max(1, stream.sentPoints);
    const right: Mark = now
      ? { trueMs: Math.floor(now.trueMs), session: mark.session, rawMs: mark.rawMs }
      : { trueMs: 0, session: 0, rawMs: 0 };
    parts.log("warn", `v${pin}: the times of the last ${points} points sent are disproved`);
    correctMark(ledger, pin, right, {
      fromTrueMs: stream.sentPoints > 0 ? stream.sentFromMs : mark.trueMs,
      toTrueMs: mark.trueMs,
      points,
    });
    stream.sentPoints = 0;
    // What it did not know of the misdated points, its bytes can't keep apart from them.
    const open = accountOf(ledger, pin).attempt;
    if (open) abandonAttempt(ledger, pin, parts.clock.rawMs(), open.points);
  }

  return { attempt: reviewAttempt, mark: reviewMark };
}

/** Compares what was sent of all datastreams with the newest map. To be called before a delivery sends anything. */
export function reviewMistakes(parts: MistakeParts, memory: PaceMemory): void {
  "on demand";
  const now = parts.source.now(parts.map);
  if (!now) return;
  const futureMs = now.trueMs + now.boundMs + LIMITS.futureMarginMs;
  const ledger = parts.storage.ledger;
  const pins = accountPins(ledger);
  const review = openReview(parts, futureMs);
  for (let i = 0; i < pins.length; i++) {
    const open = accountOf(ledger, pins[i]).attempt;
    if (open) review.attempt(open);
    review.mark(streamPace(memory, pins[i]));
  }
}
