/** What happens when more samples wait than the day's allowance takes: up to what time samples go now, and which are left out. */
import type { TimeMap } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import type { RingReading } from "../storage/ring/ring.ts";
import type { Quota } from "./quota.ts";
import { momentOfRank, momentsOf, rankAt, type Stretch } from "./stretches.ts";

export interface Overload {
  /** The backlog is looked over when the next answer depends on it: the ring is probed some tens of times. */
  survey(): void;
  /** Every k-th point is sent; 1: all of them. */
  thinEvery(): number;
  /**
   * Up to this true time the samples of all datastreams of a pin's priority use up what is left of the allowance. Infinity when
   * all of them fit, and when those of a higher priority leave nothing.
   */
  horizonMs(pin: number): number;
  forgetHorizon(): void;
  /**
   * True time of the sample at a position: -Infinity when it can never be told, NaN when not yet, Infinity when there is no
   * sample.
   */
  trueMsAt(pin: number, position: number, version: number): number;
  /** Time until the backlog is sent, if connected and nothing fails; 0 when it fits into what is left, Infinity when it grows. */
  clearsMs(): number;
}

export interface OverloadSettings {
  /** "thin" sends every k-th point of a backlog that can't drain in time, "oldest-first" lets the oldest expire. */
  overload: "thin" | "oldest-first";
  ageMaxMs: number;
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
}

/** What the last look over the backlog found. Plain data, which stays while the functions here come and go. */
export interface OverloadMemory {
  /** Every k-th point is sent; 1: all of them. */
  thinEvery: number;
  horizonMs: number;
  /** Of the datastreams that have the horizon. */
  horizonPriority: number;
  /** The backlog was not looked over since `survey` was called. */
  surveyDue: boolean;
}

export function openOverloadMemory(): OverloadMemory {
  return { thinEvery: 1, horizonMs: Infinity, horizonPriority: 0, surveyDue: false };
}

/** Places at which the backlog is probed, over all datastreams. */
const PROBES = 24;

const LOWEST_PRIORITY = 3;

export function createOverload(
  parts: { ring: RingReading; ledger: Pick<Ledger, "cursor">; map: TimeMap },
  quota: Quota,
  settings: OverloadSettings,
  memory: OverloadMemory,
): Overload {
  "on demand";
  const ring = parts.ring;
  const ledger = parts.ledger;
  const map = parts.map;
  let perWindow = 0;
  for (let i = 0; i < settings.intervalsMs.length; i++) perWindow += LIMITS.quotaWindowMs / settings.intervalsMs[i];

  function trueMsAt(pin: number, position: number, version: number): number {
    let session: number;
    let rawMs: number;
    if (position === ledger.cursor(pin)) {
      // Asked for very often: the ring keeps it. Reading would decode a page up to here each time.
      const head = ring.head(pin);
      if (!head) return Infinity;
      session = head.session;
      rawMs = head.rawMs;
    } else {
      const reader = ring.reader(pin, position, Infinity);
      // A sample that can't be read is let go, and needs no date for that.
      if (reader.next() === 0) return reader.corrupt > 0 ? -Infinity : Infinity;
      session = reader.session;
      rawMs = reader.rawMs[0];
    }
    const dating = map.date(session, rawMs, version);
    if (dating.state === "dated") {
      const segment = dating.segment;
      return segment.trueMs + (rawMs - segment.fromRawMs) * segment.rate;
    }
    return dating.state === "never" ? -Infinity : NaN;
  }

  function pendingOf(pins: number[]): number {
    let pending = 0;
    for (let i = 0; i < pins.length; i++) pending += ring.totals(pins[i]).pending;
    return pending;
  }

  /** The backlog in stretches. Samples that have no time yet, or never will, are left out. */
  function probe(pins: number[], nowMs: number): Stretch[] {
    const stretches: Stretch[] = [];
    for (let i = 0; i < pins.length; i++) {
      const pin = pins[i];
      const most = Math.ceil(ring.totals(pin).pending / Math.max(1, Math.floor(PROBES / pins.length)));
      let position = ledger.cursor(pin);
      let fromMs = trueMsAt(pin, position, Infinity);
      for (let n = 0; n < PROBES && most > 0; n++) {
        const next = ring.end(pin, position, most);
        const samples = next > position ? ring.count(pin, position, next) : 0;
        if (samples === 0) break;
        const toMs = trueMsAt(pin, next, Infinity);
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

  function look(): void {
    memory.surveyDue = false;
    const now = map.now();
    const pins = ring.pins();
    const quotaLeft = quota.pointsLeft();
    const thin = settings.overload === "thin";
    // When more is sampled than may be sent, thinning is needed with no backlog, too.
    memory.thinEvery = thin ? Math.max(1, Math.ceil(perWindow / quota.pointsMax)) : 1;
    memory.horizonMs = Infinity;
    if (!now || pendingOf(pins) <= quotaLeft) return;

    let stretches = probe(pins, now.trueMs);
    const momentsMs = momentsOf(stretches);
    let lost = 0;
    for (let i = 0; thin && i < momentsMs.length; i++) {
      const rank = rankAt(stretches, momentsMs[i]);
      const restMs = momentsMs[i] + settings.ageMaxMs - LIMITS.ageMarginMs - now.trueMs;
      const room = restMs > 0 ? quota.pointsWithin(restMs) : 0;
      // These expire before anything can be sent.
      if (room === 0) lost = rank;
      else memory.thinEvery = Math.max(memory.thinEvery, Math.ceil((rank - lost) / room));
    }
    let left = quotaLeft * memory.thinEvery;
    let shared: number[] = [];
    for (memory.horizonPriority = 1; ; memory.horizonPriority++) {
      shared = pins.filter((pin) => ring.priority(pin) === memory.horizonPriority);
      const pending = pendingOf(shared);
      if (pending > left) break;
      // Of samples that came since, the next look takes care.
      if (memory.horizonPriority === LOWEST_PRIORITY) return;
      left -= pending;
    }
    if (shared.length < pins.length) stretches = probe(shared, now.trueMs);
    memory.horizonMs = momentOfRank(stretches, left);
  }

  return {
    survey() {
      memory.surveyDue = true;
    },
    thinEvery() {
      if (memory.surveyDue && settings.overload === "thin") look();
      return memory.thinEvery;
    },
    horizonMs(pin) {
      // Not at each delivery: while the allowance is used up, nothing is planned for days.
      if (memory.surveyDue) look();
      return ring.priority(pin) === memory.horizonPriority ? memory.horizonMs : Infinity;
    },
    forgetHorizon() {
      memory.surveyDue = false;
      memory.horizonMs = Infinity;
    },
    trueMsAt,
    clearsMs() {
      const wanted = pendingOf(ring.pins()) / memory.thinEvery - quota.pointsLeft();
      if (wanted <= 0) return 0;
      const gain = quota.pointsMax - perWindow / memory.thinEvery;
      return gain > 0 ? Math.ceil((wanted / gain) * LIMITS.quotaWindowMs) : Infinity;
    },
  };
}
