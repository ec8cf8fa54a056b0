/** What a simulation found: the JSON object of `npm run simulate --json`, and how it is worked out. */
import type { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import type { SimulatedFlash } from "./flash.ts";
import type { Exchange } from "./network.ts";
import type { PinRecord, Recorder } from "./recorder.ts";

export interface Dropped {
  expired: number;
  overwritten: number;
  thinned: number;
  undatable: number;
  refused: number;
  unrepresentable: number;
  corrupt: number;
}

export interface StreamReport {
  pin: string;
  /** Appends that returned, by the simulator's own record. */
  sampled: number;
  /** The rest by the firmware's word; `balanced` says whether it agrees with what the simulator and the server saw. */
  delivered: number;
  pending: number;
  dropped: Dropped;
  missed: number;
  failed: number;
}

export interface Report {
  scenario: string;
  seed: number;
  simulatedMs: number;
  wallMs: number;
  streams: StreamReport[];
  /** Every sample is accounted for: the firmware's counters agree with the simulator's record and with the server. */
  balanced: boolean;
  server: {
    requests: number;
    points: number;
    duplicates: number;
    violations: string[];
    pointsMaxInRequest: number;
    pointsMaxIn24h: number;
    bodyBytes: number;
  };
  /**
   * Largest difference between a delivered timestamp and the true time of its reading; and what it would have been, had
   * the clock only been set at each time server's answer.
   */
  time: { errorMsMax: number; uncorrectedMsMax: number };
  flash: { reads: number; writes: number; erases: number; bytesPerSample: number };
  /** The firmware's verdicts in the order in which they appeared, each change once. */
  verdicts: string[];
}

/** What `backfill.status()` returns, as far as it is read here. */
export interface Status {
  streams: {
    pin: number | string;
    name?: string;
    sampled: number;
    delivered: number;
    pending: number;
    dropped: Dropped;
    missed: number;
    failed: number;
  }[];
  verdict: number;
  verdictText: string;
}

export interface ServerPoint {
  pin: string;
  ts: number;
  /** As it was on the wire. */
  value: string;
}

export interface Findings {
  streams: StreamReport[];
  balanced: boolean;
  /** Why it is not balanced, for people. */
  problems: string[];
  errorMsMax: number;
}

export const pinNumber = (pin: number | string): number => (typeof pin === "number" ? pin : Number(pin.slice(1)));

/** Compares the firmware's word with the simulator's record and with what the server holds. */
export function audit(
  status: Status,
  recorder: Recorder,
  points: ServerPoint[] | undefined,
  exchanges: Exchange[],
  decimalsOf: (pin: number) => number,
): Findings {
  const problems: string[] = [];
  const streams: StreamReport[] = [];
  let errorMsMax = 0;
  const byPin = new Map<number, ServerPoint[]>();
  for (const point of points ?? []) {
    const pin = pinNumber(point.pin);
    const list = byPin.get(pin);
    if (list) list.push(point);
    else byPin.set(pin, [point]);
  }
  const told = new Map(status.streams.map((stream) => [pinNumber(stream.pin), stream]));
  for (const [pin, record] of recorder.pins) {
    const stream = told.get(pin);
    if (!stream) {
      problems.push(`v${pin}: the firmware's status does not know it`);
      continue;
    }
    problems.push(...record.problems);
    const dropped = Object.values(stream.dropped).reduce((sum, count) => sum + count, 0);
    const sampled = record.trueMs.length;
    if (stream.sampled !== sampled) problems.push(`v${pin}: sampled ${sampled}, the firmware says ${stream.sampled}`);
    if (sampled !== stream.delivered + stream.pending + dropped) {
      problems.push(
        `v${pin}: sampled ${sampled} ≠ ${stream.delivered} delivered + ${stream.pending} pending + ${dropped} dropped`,
      );
    }
    if (points) {
      const held = byPin.get(pin) ?? [];
      problems.push(...compareHeld(pin, held.length, stream.delivered, stream.pending + dropped, exchanges));
      const matched = match(record, held, decimalsOf(pin), sampled === held.length);
      errorMsMax = Math.max(errorMsMax, matched.errorMsMax);
      if (matched.strangers > 0) problems.push(`v${pin}: ${matched.strangers} points on the server were never read so`);
    }
    streams.push({
      pin: `v${pin}`,
      sampled,
      delivered: stream.delivered,
      pending: stream.pending,
      dropped: { ...stream.dropped },
      missed: stream.missed,
      failed: stream.failed,
    });
  }
  for (const pin of byPin.keys())
    if (!recorder.pins.has(pin)) problems.push(`v${pin}: points of a pin that has no sensor`);
  return { streams, balanced: problems.length === 0, problems, errorMsMax };
}

/**
 * The server holds what the firmware says it delivered, and beyond that only points whose answer was lost: those are
 * pending still, or have expired meanwhile.
 */
function compareHeld(
  pin: number,
  held: number,
  delivered: number,
  undelivered: number,
  exchanges: Exchange[],
): string[] {
  if (held === delivered) return [];
  const lostAnswers = exchanges.some((one) => one.stored && (one.fault !== undefined || !one.answered));
  if (held > delivered && held - delivered <= undelivered && lostAnswers) return [];
  return [`v${pin}: the server holds ${held} points, the firmware says ${delivered} delivered`];
}

/** A point further from every reading of its value than this belongs to none. */
const FAR_MS = 3_600_000;
/** Looked at first: no sample is sent whose time is less certain than 5 minutes, unless a device file says so. */
const NEAR_MS = 330_000;
/** Samples of one stretch are all off by nearly the same: a crystal gains no more in a minute or two. */
const STEADY_MS = 1000;
/** So many points in a row that fit readings in a row are no coincidence. */
const RUN = 12;

/**
 * Finds the reading behind each point: readings in order, one each, of the same value once rounded. If all
 * arrived, the n-th point is the n-th reading. Else what went on going on is believed first, then the reading of the
 * point's own second, then the place where the longest run of points fits, since values repeat and losses come in runs.
 */
function match(
  record: PinRecord,
  held: ServerPoint[],
  decimals: number,
  all: boolean,
): { errorMsMax: number; strangers: number } {
  const { trueMs, values } = record;
  const scale = 10 ** decimals;
  let errorMsMax = 0;
  let strangers = 0;
  let next = 0;
  let lastError = 0;
  const fits = (at: number, point: number) =>
    at < values.length &&
    Math.abs(values[at] * scale - Number(held[point].value) * scale) <=
      0.5 + 1e-9 * scale * Math.max(1, Math.abs(values[at]));
  const error = (at: number, point: number) => held[point].ts - trueMs[at];

  const runFrom = (at: number, point: number): number => {
    let run = 0;
    while (
      run < RUN &&
      point + run < held.length &&
      fits(at + run, point + run) &&
      Math.abs(error(at + run, point + run) - error(at, point)) < STEADY_MS
    ) {
      run++;
    }
    return run;
  };

  const search = (point: number, reachMs: number): number => {
    let best = -1;
    let bestRun = 0;
    for (let at = Math.max(next, firstFrom(trueMs, held[point].ts - reachMs)); at < trueMs.length; at++) {
      if (trueMs[at] > held[point].ts + reachMs) break;
      const run = runFrom(at, point);
      const better = run === bestRun && best >= 0 && Math.abs(error(at, point)) < Math.abs(error(best, point));
      if (run > bestRun || better) {
        best = at;
        bestRun = run;
      }
    }
    return best;
  };

  for (let i = 0; i < held.length; i++) {
    let found = next;
    if (!fits(next, i) || (!all && Math.abs(error(next, i) - lastError) > STEADY_MS)) {
      found = firstFrom(trueMs, held[i].ts - STEADY_MS);
      while (found < next || (found < trueMs.length && error(found, i) > -STEADY_MS && !fits(found, i))) found++;
      const near = found < trueMs.length && Math.abs(error(found, i)) <= STEADY_MS && fits(found, i);
      if (!near) found = all ? -1 : search(i, NEAR_MS);
      if (found < 0 && !all) found = search(i, FAR_MS);
    }
    if (found < 0) {
      strangers++;
      continue;
    }
    next = found + 1;
    lastError = error(found, i);
    errorMsMax = Math.max(errorMsMax, Math.abs(lastError));
  }
  return { errorMsMax, strangers };
}

/** Index of the first time that is not before `ms`. */
function firstFrom(times: number[], ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function serverReport(standIn: BlynkStandIn): Report["server"] {
  const stats = standIn.stats();
  return {
    requests: stats.requests,
    points: stats.points,
    duplicates: stats.duplicates,
    violations: stats.violations.map((one) => `${one.kind}${one.pin ? ` ${one.pin}` : ""}: ${one.details}`),
    pointsMaxInRequest: stats.pointsMaxInRequest,
    pointsMaxIn24h: stats.pointsMaxIn24h,
    bodyBytes: stats.bodyBytes,
  };
}

export function flashReport(flash: SimulatedFlash, sampled: number): Report["flash"] {
  const { reads, writes, erases, bytesWritten } = flash.counts;
  return {
    reads,
    writes,
    erases,
    bytesPerSample: sampled === 0 ? 0 : Math.round((bytesWritten / sampled) * 1000) / 1000,
  };
}
