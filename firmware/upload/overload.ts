/** What happens when more samples wait than the day's allowance takes: up to what time samples go now, and which are left out. */
import { type TimeMap, trueMsAt } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import { accountOf } from "../storage/ledger/state.ts";
import type { Storage } from "../storage/ring/ring.ts";
import { pointsLeft, pointsWithin, type Quota } from "./quota.ts";
import type { SampleSource } from "./sample-source.ts";
import { momentOfRank, momentsOf, rankAt, type Stretch } from "./stretches.ts";

/** What is looked over, and by what it is judged: plain data. */
export interface Backlog {
  storage: Storage;
  source: SampleSource;
  map: TimeMap;
  quota: Quota;
  /** "thin" sends every k-th point of a backlog that can't drain in time, "oldest-first" lets the oldest expire. */
  overload: "thin" | "oldest-first";
  ageMaxMs: number;
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
  memory: OverloadMemory;
}

/** What the last look over the backlog found. Plain data, which stays while the functions here come and go. */
export interface OverloadMemory {
  /** Every k-th point is sent; 1: all of them. */
  thinEvery: number;
  /** See `horizonMsOf`. */
  horizonMs: number;
  /** Of the datastreams that have the horizon. */
  horizonPriority: number;
  /** The backlog is looked over when the next answer depends on it: the ring is probed some tens of times. */
  surveyDue: boolean;
}

export function openOverloadMemory(): OverloadMemory {
  return { thinEvery: 1, horizonMs: Infinity, horizonPriority: 0, surveyDue: false };
}

/** Places at which the backlog is probed, over all datastreams. */
const PROBES = 24;

const LOWEST_PRIORITY = 3;

/**
 * True time of the sample at a position: -Infinity when it can never be told, NaN when not yet, Infinity when there is no
 * sample.
 */
export function sampleTrueMs(
  parts: Pick<Backlog, "storage" | "source" | "map">,
  pin: number,
  position: number,
  version: number,
): number {
  "on demand";
  const storage = parts.storage;
  let session: number;
  let rawMs: number;
  if (position === accountOf(storage.ledger, pin).cursor) {
    // Asked for very often: the ring keeps it. Reading would decode a page up to here each time.
    const head = parts.source.head(storage, pin);
    if (!head) return Infinity;
    session = head.session;
    rawMs = head.rawMs;
  } else {
    const reader = parts.source.reader(storage, pin, position, Infinity);
    // A sample that can't be read is let go, and needs no date for that.
    if (reader.next() === 0) return reader.corrupt > 0 ? -Infinity : Infinity;
    session = reader.session;
    rawMs = reader.rawMs[0];
  }
  const dating = parts.source.date(parts.map, session, rawMs, version);
  if (dating.state === "dated") return trueMsAt(dating.segment, rawMs);
  return dating.state === "never" ? -Infinity : NaN;
}

function pendingOf(backlog: Backlog, pins: number[]): number {
  let pending = 0;
  for (let i = 0; i < pins.length; i++) pending += backlog.source.totals(backlog.storage, pins[i]).pending;
  return pending;
}

/** The backlog in stretches. Samples that have no time yet, or never will, are left out. */
function probe(backlog: Backlog, pins: number[], nowMs: number): Stretch[] {
  const storage = backlog.storage;
  const source = backlog.source;
  const stretches: Stretch[] = [];
  for (let i = 0; i < pins.length; i++) {
    const pin = pins[i];
    const most = Math.ceil(source.totals(storage, pin).pending / Math.max(1, Math.floor(PROBES / pins.length)));
    let position = accountOf(storage.ledger, pin).cursor;
    let fromMs = sampleTrueMs(backlog, pin, position, Infinity);
    for (let n = 0; n < PROBES && most > 0; n++) {
      const next = source.end(storage, pin, position, most);
      const samples = next > position ? source.count(storage, pin, position, next) : 0;
      if (samples === 0) break;
      const toMs = sampleTrueMs(backlog, pin, next, Infinity);
      // The last stretch ends now.
      const last = !(toMs > -Infinity && toMs < Infinity);
      if (fromMs > -Infinity) stretches.push({ fromMs, toMs: last ? nowMs : toMs, samples });
      if (last && samples < most) break;
      position = next;
      fromMs = toMs;
    }
  }
  return stretches;
}

/** Points that are sampled in a window of the allowance. */
function perWindow(backlog: Pick<Backlog, "intervalsMs">): number {
  let points = 0;
  for (let i = 0; i < backlog.intervalsMs.length; i++) points += LIMITS.quotaWindowMs / backlog.intervalsMs[i];
  return points;
}

/** Looks the backlog over, and keeps in the memory what it finds. */
function survey(backlog: Backlog): void {
  "on demand";
  const storage = backlog.storage;
  const source = backlog.source;
  const quota = backlog.quota;
  const memory = backlog.memory;
  memory.surveyDue = false;
  const now = source.now(backlog.map);
  const pins = source.pins(storage);
  const quotaLeft = pointsLeft(quota);
  const thin = backlog.overload === "thin";
  // When more is sampled than may be sent, thinning is needed with no backlog, too.
  memory.thinEvery = thin ? Math.max(1, Math.ceil(perWindow(backlog) / quota.pointsMax)) : 1;
  memory.horizonMs = Infinity;
  if (!now || pendingOf(backlog, pins) <= quotaLeft) return;

  let stretches = probe(backlog, pins, now.trueMs);
  const momentsMs = momentsOf(stretches);
  let lost = 0;
  for (let i = 0; thin && i < momentsMs.length; i++) {
    const rank = rankAt(stretches, momentsMs[i]);
    const restMs = momentsMs[i] + backlog.ageMaxMs - LIMITS.ageMarginMs - now.trueMs;
    const room = restMs > 0 ? pointsWithin(quota, restMs) : 0;
    // These expire before anything can be sent.
    if (room === 0) lost = rank;
    else memory.thinEvery = Math.max(memory.thinEvery, Math.ceil((rank - lost) / room));
  }
  let left = quotaLeft * memory.thinEvery;
  let shared: number[] = [];
  for (memory.horizonPriority = 1; ; memory.horizonPriority++) {
    shared = pins.filter((pin) => source.priority(storage, pin) === memory.horizonPriority);
    const pending = pendingOf(backlog, shared);
    if (pending > left) break;
    // Of samples that came since, the next look takes care.
    if (memory.horizonPriority === LOWEST_PRIORITY) return;
    left -= pending;
  }
  if (shared.length < pins.length) stretches = probe(backlog, shared, now.trueMs);
  memory.horizonMs = momentOfRank(stretches, left);
}

/** Every k-th point is sent; 1: all of them. */
export function thinEveryOf(backlog: Backlog): number {
  if (backlog.memory.surveyDue && backlog.overload === "thin") survey(backlog);
  return backlog.memory.thinEvery;
}

/**
 * Up to this true time the samples of all datastreams of a pin's priority use up what is left of the allowance. Infinity when
 * all of them fit, and when those of a higher priority leave nothing.
 */
export function horizonMsOf(backlog: Backlog, pin: number): number {
  const memory = backlog.memory;
  // Not at each delivery: while the allowance is used up, nothing is planned for days.
  if (memory.surveyDue) survey(backlog);
  return backlog.source.priority(backlog.storage, pin) === memory.horizonPriority ? memory.horizonMs : Infinity;
}

/**
 * Time until `pending` samples are sent, if connected and nothing fails; 0 when they fit into what is left, Infinity when the
 * backlog grows.
 */
export function clearsMs(backlog: Pick<Backlog, "quota" | "memory" | "intervalsMs">, pending: number): number {
  const quota = backlog.quota;
  const thinEvery = backlog.memory.thinEvery;
  const wanted = pending / thinEvery - pointsLeft(quota);
  if (wanted <= 0) return 0;
  const gain = quota.pointsMax - perWindow(backlog) / thinEvery;
  return gain > 0 ? Math.ceil((wanted / gain) * LIMITS.quotaWindowMs) : Infinity;
}
