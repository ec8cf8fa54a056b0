/** Finds the reading behind each point that the server holds. */
import type { PinRecord } from "./recorder.ts";
import type { ServerPoint } from "./simulation-report.ts";

/** A point further than this from every reading of its value belongs to none. */
const FAR_MS = 3_600_000;
/** Searched first: no sample is sent whose time is less certain than 5 minutes, unless a device file says so. */
const NEAR_MS = 330_000;
/** Samples of one stretch all have nearly the same error: a crystal gains no more than this in a minute or two. */
const STEADY_MS = 1000;
/** This many points in a row that fit readings in a row are no coincidence. */
const RUN = 12;

/** The readings of one datastream beside the points of it. */
interface Pairs {
  trueMs: number[];
  points: ServerPoint[];
  /** Whether a reading has the value of a point once it is rounded. */
  fits(at: number, point: number): boolean;
  /** Time of a point minus time of a reading, in ms. */
  error(at: number, point: number): number;
}

/**
 * Takes readings in order, one for each point, with the same value once rounded. If all points arrived (`all`), the n-th
 * point is the n-th reading. Else it tries the next reading, if its error is steady; then the reading of the point's own
 * second; then the place where the longest run of points fits, since values repeat and losses come in runs.
 */
export function matchReadings(
  record: PinRecord,
  points: ServerPoint[],
  decimals: number,
  all: boolean,
): { errorMsMax: number; strangers: number } {
  const pairs = createPairs(record, points, decimals);
  let errorMsMax = 0;
  let strangers = 0;
  let next = 0;
  let lastError = 0;
  for (let i = 0; i < points.length; i++) {
    let found = next;
    if (!pairs.fits(next, i) || (!all && Math.abs(pairs.error(next, i) - lastError) > STEADY_MS)) {
      found = ofSameSecond(pairs, i, next);
      if (found < 0 && !all) found = search(pairs, i, next, NEAR_MS);
      if (found < 0 && !all) found = search(pairs, i, next, FAR_MS);
    }
    if (found < 0) {
      strangers++;
      continue;
    }
    next = found + 1;
    lastError = pairs.error(found, i);
    errorMsMax = Math.max(errorMsMax, Math.abs(lastError));
  }
  return { errorMsMax, strangers };
}

function createPairs({ trueMs, values }: PinRecord, points: ServerPoint[], decimals: number): Pairs {
  const scale = 10 ** decimals;
  return {
    trueMs,
    points,
    fits: (at, point) =>
      at < values.length &&
      Math.abs(values[at] * scale - Number(points[point].value) * scale) <=
        0.5 + 1e-9 * scale * Math.max(1, Math.abs(values[at])),
    error: (at, point) => points[point].ts - trueMs[at],
  };
}

/** Index of the first reading from `next` on that fits within a second; −1 if there is none. */
function ofSameSecond({ trueMs, points, fits, error }: Pairs, point: number, next: number): number {
  let at = firstFrom(trueMs, points[point].ts - STEADY_MS);
  while (at < next || (at < trueMs.length && error(at, point) > -STEADY_MS && !fits(at, point))) at++;
  return at < trueMs.length && Math.abs(error(at, point)) <= STEADY_MS && fits(at, point) ? at : -1;
}

/** Index of the reading within reach where the longest run of points fits, the nearest of equals; −1 if none fits. */
function search(pairs: Pairs, point: number, next: number, reachMs: number): number {
  const { trueMs, points, error } = pairs;
  let best = -1;
  let bestRun = 0;
  for (let at = Math.max(next, firstFrom(trueMs, points[point].ts - reachMs)); at < trueMs.length; at++) {
    if (trueMs[at] > points[point].ts + reachMs) break;
    const run = runFrom(pairs, at, point);
    const nearer = run === bestRun && best >= 0 && Math.abs(error(at, point)) < Math.abs(error(best, point));
    if (run > bestRun || nearer) {
      best = at;
      bestRun = run;
    }
  }
  return best;
}

/** How many points in a row fit readings in a row with a steady error, up to RUN. */
function runFrom({ points, fits, error }: Pairs, at: number, point: number): number {
  let run = 0;
  while (
    run < RUN &&
    point + run < points.length &&
    fits(at + run, point + run) &&
    Math.abs(error(at + run, point + run) - error(at, point)) < STEADY_MS
  ) {
    run++;
  }
  return run;
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
