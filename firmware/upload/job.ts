/** One request to make: its samples, how they will be counted, and how both are found out. */
import { boundMsAt } from "../clock/time-map.ts";
import type { Timers } from "../platform/ports.ts";
import type { Attempt, Ledger, Settlement } from "../storage/ledger/ledger.ts";
import { mapVersionOf, mistakesOf } from "../storage/ledger/reading.ts";
import { accountOf } from "../storage/ledger/state.ts";
import { type Batch, type BatchParts, noStep, openBatch, type Run } from "./batch.ts";

export interface Job {
  /** `rawMs` is set when it is charged. */
  attempt: Attempt;
  run: Run;
  /** What to settle when it is accepted. */
  settlement: SentBatch;
  /** It was sent before, and nobody knows whether it was accepted. */
  replay: boolean;
}

/** What is known of a batch once it is accepted: what the ledger keeps, and what this boot remembers (mistakes.ts). */
export interface SentBatch extends Settlement {
  lastSession: number;
  lastRawMs: number;
  firstTrueMs: number;
  /** Of the last timestamp's error. */
  lastBoundMs: number;
}

/** Planning gives way to the sampler after this. */
const SLICE_MS = 10;

/** Walks a run to its end, in slices. `done` is called at once when one slice is enough, else from a timer. */
export function measure(parts: BatchParts & { timers: Timers }, run: Run, done: (batch: Batch) => void): void {
  const batch = openBatch(parts, run, true);
  function walk(): void {
    const untilMs = parts.timers.nowMs() + SLICE_MS;
    let more = true;
    while (more && parts.timers.nowMs() < untilMs) more = batch.step();
    if (more) parts.timers.setTimeout(walk, 0);
    else {
      // Of the batch its counts stay; what walked it goes.
      batch.step = noStep;
      done(batch);
    }
  }
  walk();
}

/** A run of samples not sent before; it ends at the true time `untilTrueMs` at the latest. */
export function newRun(ledger: Ledger, pin: number, from: number, untilTrueMs: number): Run {
  const mistakes = mistakesOf(ledger, pin);
  return {
    pin,
    from,
    to: Infinity,
    fixId: mapVersionOf(ledger),
    thinEvery: 1,
    thinPhase: 0,
    afterTrueMs: accountOf(ledger, pin).lastTrueMs,
    pointsMax: Infinity,
    untilTrueMs,
    wrongFromMs: mistakes.fromTrueMs,
    wrongToMs: mistakes.toTrueMs,
  };
}

/** The very run of an attempt, which gives the same bytes again: what is corrected ends the attempt (mistakes.ts). */
export function runOf(ledger: Ledger, attempt: Attempt): Run {
  const mistakes = mistakesOf(ledger, attempt.pin);
  return {
    pin: attempt.pin,
    from: attempt.from,
    to: attempt.to,
    fixId: attempt.fixId,
    thinEvery: attempt.thinEvery,
    thinPhase: attempt.thinPhase,
    afterTrueMs: attempt.afterTrueMs,
    pointsMax: Infinity,
    untilTrueMs: Infinity,
    wrongFromMs: mistakes.fromTrueMs,
    wrongToMs: mistakes.toTrueMs,
  };
}

/** A measured run as the ledger records it, charged at `rawMs`. */
export function attemptOf(run: Run, batch: Batch, rawMs: number): Attempt {
  return {
    pin: run.pin,
    from: run.from,
    to: batch.to,
    points: batch.points,
    bodyBytes: batch.bodyBytes,
    rawMs,
    fixId: run.fixId,
    thinEvery: run.thinEvery,
    thinPhase: run.thinPhase,
    afterTrueMs: run.afterTrueMs,
  };
}

export function settlementOf(batch: Batch): SentBatch {
  const segment = batch.lastSegment;
  // What the last timestamp stands for.
  const rawMs = segment ? Math.round(segment.fromRawMs + (batch.lastTrueMs - segment.trueMs) / segment.rate) : 0;
  return {
    delivered: batch.points,
    thinned: batch.thinned,
    undatable: batch.undatable,
    unrepresentable: batch.unrepresentable,
    corrupt: batch.corrupt,
    lastTrueMs: batch.lastTrueMs,
    lastSession: batch.lastSession,
    lastRawMs: rawMs,
    firstTrueMs: batch.firstTrueMs,
    lastBoundMs: segment ? boundMsAt(segment, rawMs) : 0,
  };
}
