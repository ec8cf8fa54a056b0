/**
 * What was measured, and what became of each sample. The samples come from the simulator's own record; their fates from the
 * firmware's ledger, as it is written: which samples a request holds, which the server took, which were let go and why.
 */

import type { DroppedCounts } from "../../../../firmware/status-types.ts";
import { sampleIndexOf, sequenceOf } from "../../../../firmware/storage/format/position.ts";
import type { Attempt, Settlement } from "../../../../firmware/storage/ledger/ledger-types.ts";
import type { PinRecord } from "../../../simulator/recorder.ts";
import { SAMPLE_STATES, type SampleState } from "../../protocol.ts";
import { type Column, createColumn } from "./column.ts";

/** Unix ms, and the value; and when it counted as kept, and when its fate was settled, since power-on. */
interface Samples {
  trueMs: Column;
  values: Column;
  keptMs: Column;
  settledMs: Column;
  /** Index in SAMPLE_STATES. */
  fates: Column<Uint8Array>;
}

/** A request with these samples was on its way, or its fate was unknown. */
interface Sending {
  from: number;
  to: number;
  atMs: number;
  endMs: number;
  attempt: Attempt;
}

/** Samples from number `from` on were taken since this boot. */
interface BootStretch {
  from: number;
  boot: number;
  /** When a clock was met that dates them; Infinity until then. */
  datedMs: number;
}

export interface PinJournal {
  samples: Samples;
  /** When readings failed. */
  failedMs: Column;
  /** Takes over what the simulator has recorded since the last time. */
  follow(record: PinRecord, nowMs: number): void;
  /** From this number on, samples may differ from what was told before. Resets with each call. */
  changedFrom(): number;
  booted(boot: number): void;
  fixed(boot: number, nowMs: number): void;
  pageTaken(sequence: number, samplesBefore: number): void;
  attempted(attempt: Attempt, nowMs: number): void;
  sent(to: number, counts: Omit<Settlement, "lastTrueMs">, nowMs: number): void;
  failed(keeps: boolean, nowMs: number): void;
  dropped(reason: keyof DroppedCounts, to: number, count: number, nowMs: number): void;
  countAt(atMs: number): number;
  /** The state of each sample at a moment, in runs: from, to, index in SAMPLE_STATES; and how many there are of each. */
  statesAt(atMs: number): { runs: Uint32Array; counts: number[] };
  /** Of the samples from number `from` to before `to`: all are settled at this moment. */
  isSettled(from: number, to: number, atMs: number): boolean;
  /** A request with samples of this pin is open at this moment. */
  isSending(atMs: number): boolean;
}

const STATE: Record<SampleState, number> = Object.fromEntries(SAMPLE_STATES.map((name, i) => [name, i])) as Record<
  SampleState,
  number
>;

export function createPinJournal(): PinJournal {
  const samples: Samples = {
    trueMs: createColumn(),
    values: createColumn(),
    keptMs: createColumn(),
    settledMs: createColumn(),
    fates: createColumn((length) => new Uint8Array(length)),
  };
  const failedMs = createColumn();
  const sendings: Sending[] = [];
  const stretches: BootStretch[] = [];
  /** Samples before each page, by its sequence number. */
  const pages = new Map<number, number>();
  let changed = Number.POSITIVE_INFINITY;
  /** Number of the first sample that is not settled. */
  let cursor = 0;

  const length = () => samples.trueMs.length;

  function take(record: PinRecord, nowMs: number): void {
    for (let i = length(); i < record.trueMs.length; i++) {
      samples.trueMs.push(record.trueMs[i]);
      samples.values.push(record.values[i]);
      samples.keptMs.push(nowMs);
      samples.settledMs.push(Number.POSITIVE_INFINITY);
      samples.fates.push(0);
    }
  }

  /** Number of the sample before which a position stands; `fallback` where its page is not known. */
  function numberOf(position: number, fallback: number): number {
    const before = pages.get(sequenceOf(position));
    const number = before === undefined ? fallback : before + sampleIndexOf(position);
    return Math.max(cursor, Math.min(number, length()));
  }

  function settle(from: number, to: number, fate: SampleState, nowMs: number): void {
    for (let i = from; i < to; i++) {
      if (samples.settledMs.at(i) <= nowMs) continue;
      samples.settledMs.set(i, nowMs);
      samples.fates.set(i, STATE[fate]);
    }
  }

  function closeSending(nowMs: number): Sending | undefined {
    const last = sendings[sendings.length - 1];
    if (last === undefined || last.endMs <= nowMs) return undefined;
    last.endMs = nowMs;
    return last;
  }

  function openAt(atMs: number): Sending | undefined {
    for (let i = sendings.length - 1; i >= 0; i--) {
      if (sendings[i].atMs <= atMs) return sendings[i].endMs > atMs ? sendings[i] : undefined;
    }
    return undefined;
  }

  return {
    samples,
    failedMs,
    follow(record, nowMs) {
      while (failedMs.length < record.failed) failedMs.push(nowMs);
      const known = length();
      if (record.trueMs.length === known) return;
      // A reading that a mount decided about comes before those that were taken since.
      let same = known;
      while (same > 0 && record.trueMs[same - 1] !== samples.trueMs.at(same - 1)) same--;
      for (let i = same; i < known; i++) {
        samples.trueMs.set(i, record.trueMs[i]);
        samples.values.set(i, record.values[i]);
      }
      changed = Math.min(changed, same);
      take(record, nowMs);
    },
    changedFrom() {
      const from = changed;
      changed = Number.POSITIVE_INFINITY;
      return from;
    },
    booted(boot) {
      if (stretches[stretches.length - 1]?.boot === boot) return;
      stretches.push({ from: length(), boot, datedMs: Number.POSITIVE_INFINITY });
    },
    fixed(boot, nowMs) {
      for (const stretch of stretches) if (stretch.boot <= boot) stretch.datedMs = Math.min(stretch.datedMs, nowMs);
    },
    pageTaken: (sequence, samplesBefore) => void pages.set(sequence, samplesBefore),
    attempted(attempt, nowMs) {
      closeSending(nowMs);
      const from = numberOf(attempt.from, cursor);
      const to = numberOf(attempt.to, cursor + attempt.points);
      sendings.push({ from, to, atMs: nowMs, endMs: Number.POSITIVE_INFINITY, attempt });
    },
    sent(position, counts, nowMs) {
      const sending = closeSending(nowMs);
      const { delivered, thinned, undatable, unrepresentable, corrupt } = counts;
      const to = numberOf(position, cursor + delivered + thinned + undatable + unrepresentable);
      const { thinEvery, thinPhase } = sending?.attempt ?? { thinEvery: 1, thinPhase: 0 };
      // Which ones of a batch these were stands nowhere; how many, does.
      let from = cursor;
      for (const [fate, count] of [
        ["undatable", undatable],
        ["unrepresentable", unrepresentable],
        ["corrupt", corrupt],
      ] as const) {
        settle(from, Math.min(to, from + count), fate, nowMs);
        from = Math.min(to, from + count);
      }
      for (let i = from; i < to; i++) {
        const isSent = thinEvery <= 1 || (thinPhase + i - cursor) % thinEvery === 0;
        settle(i, i + 1, isSent ? "delivered" : "thinned", nowMs);
      }
      cursor = to;
    },
    failed(keeps, nowMs) {
      if (!keeps) closeSending(nowMs);
    },
    dropped(reason, position, count, nowMs) {
      const to = numberOf(position, cursor + count);
      const open = sendings[sendings.length - 1];
      if (open !== undefined && open.endMs > nowMs && to > open.from) closeSending(nowMs);
      settle(cursor, to, reason, nowMs);
      cursor = to;
    },
    countAt: (atMs) => samples.keptMs.countUpTo(atMs),
    statesAt(atMs) {
      return foldStates(samples, samples.keptMs.countUpTo(atMs), atMs, { sending: openAt(atMs), stretches });
    },
    isSettled(from, to, atMs) {
      // Samples are settled in their order.
      return to <= length() && (to <= from || samples.settledMs.at(to - 1) <= atMs);
    },
    isSending: (atMs) => openAt(atMs) !== undefined,
  };
}

/** Goes through all samples once: a month's take a millisecond. */
function foldStates(
  { settledMs, fates }: Samples,
  count: number,
  atMs: number,
  open: { sending: Sending | undefined; stretches: BootStretch[] },
): { runs: Uint32Array; counts: number[] } {
  const runs = createColumn((length) => new Uint32Array(length));
  const counts = SAMPLE_STATES.map(() => 0);
  const { sending, stretches } = open;
  let stretch = -1;
  let runFrom = 0;
  let last = -1;
  for (let i = 0; i <= count; i++) {
    while (stretch + 1 < stretches.length && stretches[stretch + 1].from <= i) stretch++;
    let state = -2;
    if (i < count) {
      if (settledMs.at(i) <= atMs) state = fates.at(i);
      else if (sending !== undefined && i >= sending.from && i < sending.to) state = STATE.sending;
      else state = stretch >= 0 && stretches[stretch].datedMs > atMs ? STATE.undated : STATE.pending;
      counts[state]++;
    }
    if (state === last) continue;
    if (last >= 0) runs.append([runFrom, i, last]);
    runFrom = i;
    last = state;
  }
  return { runs: runs.slice(0, runs.length), counts };
}
