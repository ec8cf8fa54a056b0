/** What to do when more waits than the day's allowance takes: how far in time the next points go, and which are left out. */
import type { TimeMap } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import type { Ring } from "../storage/ring/ring.ts";
import type { Quota } from "./quota.ts";

export interface Overload {
  /** Looks over the backlog; blocks for some tens of probes of the ring. */
  survey(): void;
  /** Every k-th point is sent; 1 = all. */
  thinEvery(): number;
  /** Samples up to here use up what is left of the allowance, oldest first over all datastreams. Infinity when all fit. */
  horizonMs(): number;
  forgetHorizon(): void;
  /** True time of the sample at a position: -Infinity when it never can be told, NaN when it can't be yet, Infinity when there is none. */
  trueMsAt(pin: number, position: number, version: number): number;
  /** Time until the backlog is sent, while connected and nothing fails; 0 when it fits into what is left, Infinity when it grows. */
  clearsMs(): number;
}

export interface OverloadSettings {
  /** "thin" sends every k-th point of a backlog that can't drain in time, "oldest-first" lets it expire. */
  overload: "thin" | "oldest-first";
  ageMaxMs: number;
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
}

/** Places at which the backlog is probed, over all datastreams. */
const PROBES = 24;

/** Samples of a datastream between two probes, taken as evenly spread. */
interface Stretch {
  fromMs: number;
  toMs: number;
  samples: number;
}

export function createOverload(
  ring: Ring,
  ledger: Pick<Ledger, "cursor">,
  map: TimeMap,
  quota: Quota,
  settings: OverloadSettings,
): Overload {
  let thinEvery = 1;
  let horizonMs = Infinity;
  let perWindow = 0;
  for (let i = 0; i < settings.intervalsMs.length; i++) perWindow += LIMITS.quotaWindowMs / settings.intervalsMs[i];

  function trueMsAt(pin: number, position: number, version: number): number {
    let session: number;
    let rawMs: number;
    if (position === ledger.cursor(pin)) {
      // Asked for again and again: the ring keeps it, where reading would decode a page up to here each time.
      const head = ring.head(pin);
      if (!head) return Infinity;
      session = head.session;
      rawMs = head.rawMs;
    } else {
      const reader = ring.reader(pin, position, Infinity);
      // What can't be read needs no date to be let go.
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

  /** The backlog in stretches; samples that have no time yet, or never will, are left out. */
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

  /** Samples of the backlog before a moment. */
  function rankAt(stretches: Stretch[], atMs: number): number {
    let rank = 0;
    for (let i = 0; i < stretches.length; i++) {
      const stretch = stretches[i];
      if (atMs >= stretch.toMs) rank += stretch.samples;
      else if (atMs > stretch.fromMs) {
        rank += (stretch.samples * (atMs - stretch.fromMs)) / (stretch.toMs - stretch.fromMs);
      }
    }
    return rank;
  }

  function survey(): void {
    const now = map.now();
    const pins = ring.pins();
    const left = quota.pointsLeft();
    const thin = settings.overload === "thin";
    // More is sampled than may be sent: no backlog is needed to see that.
    thinEvery = thin ? Math.max(1, Math.ceil(perWindow / quota.pointsMax)) : 1;
    horizonMs = Infinity;
    if (!now || pendingOf(pins) <= left) return;

    const stretches = probe(pins, now.trueMs);
    const momentsMs: number[] = [];
    for (let i = 0; i < stretches.length; i++) momentsMs.push(stretches[i].toMs);
    momentsMs.sort((a, b) => a - b);
    // Taken as straight between probes, so a sample that is late is late at a probe.
    let lost = 0;
    for (let i = 0; thin && i < momentsMs.length; i++) {
      const rank = rankAt(stretches, momentsMs[i]);
      const restMs = momentsMs[i] + settings.ageMaxMs - LIMITS.ageMarginMs - now.trueMs;
      const room = restMs > 0 ? quota.pointsWithin(restMs) : 0;
      // Nothing can be sent before these expire, however few.
      if (room === 0) lost = rank;
      else thinEvery = Math.max(thinEvery, Math.ceil((rank - lost) / room));
    }
    let beforeMs = -Infinity;
    let before = 0;
    for (let i = 0; i < momentsMs.length; i++) {
      const rank = rankAt(stretches, momentsMs[i]);
      if (rank > left * thinEvery) {
        // Within a stretch the rank grows evenly; the very first has no moment before it.
        if (beforeMs === -Infinity) {
          beforeMs = momentsMs[i];
          for (let j = 0; j < stretches.length; j++) beforeMs = Math.min(beforeMs, stretches[j].fromMs);
        }
        horizonMs = beforeMs + ((momentsMs[i] - beforeMs) * (left * thinEvery - before)) / (rank - before);
        return;
      }
      beforeMs = momentsMs[i];
      before = rank;
    }
  }

  return {
    survey,
    thinEvery() {
      return thinEvery;
    },
    horizonMs() {
      return horizonMs;
    },
    forgetHorizon() {
      horizonMs = Infinity;
    },
    trueMsAt,
    clearsMs() {
      const wanted = pendingOf(ring.pins()) / thinEvery - quota.pointsLeft();
      if (wanted <= 0) return 0;
      const gain = quota.pointsMax - perWindow / thinEvery;
      return gain > 0 ? Math.ceil((wanted / gain) * LIMITS.quotaWindowMs) : Infinity;
    },
  };
}
