/**
 * Raw time to true time, from the FIX points of the ledger alone, so that samples taken before the clock was known, in
 * sessions that never met it, or weeks away from it get their times afterwards, each with a bound of its error.
 *
 * What is taken for granted, and nothing else:
 * - a FIX point is right within its own bound;
 * - while the program runs, true time runs at (1 ± DRIFT_MAX_PPM) × raw time, and never further than SWING_PPM from the crystal's own middle;
 * - between two boots true time passes and raw time stands still, however long, but never the other way round;
 * - a jump of the clock within a boot is no gap: raw time comes out of it wrong by STRAY_JUMP_MS at most, to either side;
 * - among the samples and points of one calculation, one step of UNSEEN_JUMP_MS at most slips past the clock in a session of
 *   the same boot; over reboots raw time is too large by STRAY_JUMP_MS at most, beyond what the last boot's own jumps can do.
 */
import type { Fix, Ledger } from "../storage/ledger/ledger.ts";
import { BOOT_SESSIONS, type Clock, STRAY_JUMP_MS, UNSEEN_JUMP_MS } from "./clock.ts";

/** The worst crystal believed in. ESP32 modules state ±10 ppm (hardware design guidelines); cheap boards and ageing get the rest. A guess, UNVERIFIED on our boards. */
export const DRIFT_MAX_PPM = 100;
/** How far temperature takes a crystal to either side of its middle: an AT cut stays within ±20 ppm over -20 to 70 °C (typical datasheets; UNVERIFIED on our boards). */
export const SWING_PPM = 20;
/** Two points that imply more than this, beyond their bounds, contradict each other. Well above DRIFT_MAX_PPM, so that a bad crystal is not taken for a lie. */
export const CONTRADICTION_PPM = 500;
/** A rate known so well hardly gets better: what it still can't date isn't worth waiting for. About a day of fixes gets there. */
const LEARNED_PPM = 3 * SWING_PPM;

/** What a jump between a sample and a point of its boot adds to the bound, with what went unseen in the session that it began. */
const JUMP_MS = STRAY_JUMP_MS + UNSEEN_JUMP_MS;

/** A straight piece of the map: true = trueMs + (raw - fromRawMs) × rate, for samples of the session asked for, from the raw time asked for up to `toRawMs` (may be Infinity). */
export interface Segment {
  /** Where the line is anchored, which may be long before the raw time asked for. */
  fromRawMs: number;
  toRawMs: number;
  trueMs: number;
  rate: number;
  /** How wrong a time of this piece can be. Never above the map's limit within the piece. */
  boundMs(rawMs: number): number;
}

/**
 * "held": a later sync may date it. "never": a later sync has come, and the time is still too uncertain or, when it came
 * after a reboot and none before, has no lower end at all: nothing says how long the device lay switched off since.
 */
export type Dating = { state: "dated"; segment: Segment } | { state: "held" } | { state: "never" };

export interface TimeMap {
  /** Dates a sample by the points with `id <= version` alone: the same version gives the same times, whatever came since. */
  date(session: number, rawMs: number, version: number): Dating;
  /** What time it is, as far as known. */
  now(): { trueMs: number; boundMs: number } | undefined;
}

/** What the points of a version say by themselves. */
interface Evidence {
  /** 1 for each point that takes part, 0 for one that is too new or proven false. */
  kept: Uint8Array;
  newestSession: number;
  /** The crystal's rate is in rate ± spread at all times. */
  rate: number;
  spread: number;
}

/** True when the device ran on all the while between two sessions, whatever was done to its clock. */
function sameBoot(a: number, b: number): boolean {
  return Math.floor(a / BOOT_SESSIONS) === Math.floor(b / BOOT_SESSIONS);
}

/**
 * How far raw time may be off between two sessions, the earlier first, by what the clock did not see or left of a jump:
 * to both sides within a boot; over a reboot raw time may be too large by so much, and anything too small.
 */
function stepsMs(from: number, to: number): number {
  return sameBoot(from, to) ? UNSEEN_JUMP_MS + (to - from) * JUMP_MS : STRAY_JUMP_MS + (to % BOOT_SESSIONS) * JUMP_MS;
}

/** `fixes` in the order they were made, which is that of their raw times. */
function weigh(fixes: Fix[], version: number): Evidence {
  const found: Evidence = {
    kept: new Uint8Array(fixes.length),
    newestSession: 0,
    rate: 1,
    spread: DRIFT_MAX_PPM / 1e6,
  };
  let newer: Fix | undefined;
  // The last point of the session that is being walked through.
  let last: Fix | undefined;
  for (let i = fixes.length - 1; i >= 0; i--) {
    const point = fixes[i];
    if (point.id > version) continue;
    if (newer) {
      const spanMs = newer.rawMs - point.rawMs;
      const gainMs = newer.trueMs - point.trueMs - spanMs;
      const unsureMs = newer.boundMs + point.boundMs + stepsMs(point.session, newer.session);
      const roomMs = (spanMs * CONTRADICTION_PPM) / 1e6 + unsureMs + STRAY_JUMP_MS;
      // Of two that can't both be true the newer is believed, until a still newer one proves it false in its turn.
      if (gainMs < -roomMs || (gainMs > roomMs && sameBoot(newer.session, point.session))) continue;
    } else {
      found.newestSession = point.session;
    }
    newer = point;
    found.kept[i] = 1;
    if (!last || last.session !== point.session) {
      last = point;
    } else if (last.rawMs > point.rawMs) {
      const spanMs = last.rawMs - point.rawMs;
      // The mean over the span can be SWING_PPM off the crystal's middle, and any other moment as much to the other side.
      const spread = (last.boundMs + point.boundMs + UNSEEN_JUMP_MS) / spanMs + (2 * SWING_PPM) / 1e6;
      if (spread < found.spread) {
        found.spread = spread;
        found.rate = (last.trueMs - point.trueMs) / spanMs;
      }
    }
  }
  return found;
}

/** A line over raw time and its bound, both from an anchor: true = trueMs + x × rate, bound = boundMs + x × boundRate + x × (reachMs - x) × bend. */
interface Line {
  fromRawMs: number;
  toRawMs: number;
  trueMs: number;
  rate: number;
  boundMs: number;
  boundRate: number;
  bend: number;
  reachMs: number;
}

/** Between two points of its own session: the chord, which is the drift correction. */
function interpolate(before: Fix, after: Fix): Line {
  const reachMs = after.rawMs - before.rawMs;
  return {
    fromRawMs: before.rawMs,
    toRawMs: after.rawMs,
    trueMs: before.trueMs,
    rate: (after.trueMs - before.trueMs) / reachMs,
    boundMs: before.boundMs + UNSEEN_JUMP_MS,
    boundRate: (after.boundMs - before.boundMs) / reachMs,
    // A rate that stays within a band of 2 × SWING_PPM and meets both ends strays from the chord no further than this parabola.
    bend: (2 * SWING_PPM) / 1e6 / reachMs,
    reachMs,
  };
}

/**
 * With at most one point in its own session: the middle between the tightest limits. Each neighbour gives two, lines with the
 * slowest and the fastest rate; time switched off only adds true time, so a neighbour of another boot limits one side alone.
 * Nothing when one side is open.
 */
function bracket(
  before: Fix | undefined,
  after: Fix | undefined,
  found: Evidence,
  session: number,
  rawMs: number,
): Line | undefined {
  const slow = found.rate - found.spread;
  const fast = found.rate + found.spread;
  const fromRawMs = before ? before.rawMs : 0;
  const reachMs = after ? after.rawMs - fromRawMs : 0;
  let toRawMs = after ? after.rawMs : Infinity;
  const beforeMs = before ? before.boundMs + stepsMs(before.session, session) : 0;
  const afterMs = after ? after.boundMs + stepsMs(session, after.session) : 0;
  let lowMs = before ? before.trueMs - beforeMs : -Infinity;
  let lowRate = slow;
  let highMs = after ? after.trueMs + afterMs - reachMs * slow : Infinity;
  let highRate = slow;
  if (before && sameBoot(before.session, session)) {
    const fastMs = before.trueMs + beforeMs;
    const crossRawMs = fromRawMs + (highMs - fastMs) / (fast - slow);
    if (crossRawMs > rawMs) {
      highMs = fastMs;
      highRate = fast;
      toRawMs = Math.min(toRawMs, crossRawMs);
    }
  }
  if (after && sameBoot(session, after.session)) {
    const fastMs = after.trueMs - afterMs - reachMs * fast;
    const crossRawMs = fromRawMs + (lowMs - fastMs) / (fast - slow);
    if (crossRawMs > rawMs) {
      toRawMs = Math.min(toRawMs, crossRawMs);
    } else {
      lowMs = fastMs;
      lowRate = fast;
    }
  }
  if (lowMs === -Infinity || highMs === Infinity) return undefined;
  return {
    fromRawMs,
    toRawMs,
    trueMs: (lowMs + highMs) / 2,
    rate: (lowRate + highRate) / 2,
    boundMs: (highMs - lowMs) / 2,
    boundRate: (highRate - lowRate) / 2,
    bend: 0,
    reachMs: 0,
  };
}

export function createTimeMap(ledger: Pick<Ledger, "fixes">, clock: Clock, maxUncertaintyMs: number): TimeMap {
  // Weighing takes a while, and a backlog is dated piece by piece by the same points.
  let found: Evidence | undefined;
  let foundVersion = 0;
  let foundNewestId = 0;

  function date(session: number, rawMs: number, version: number): Dating {
    const fixes = ledger.fixes();
    const newestId = fixes.length > 0 ? fixes[fixes.length - 1].id : 0;
    const lastId = Math.min(version, newestId);
    // A point more is a new id, a point less another length; bounds change only when a point is added.
    if (!found || found.kept.length !== fixes.length || foundNewestId !== newestId || foundVersion !== lastId) {
      found = weigh(fixes, lastId);
      foundVersion = lastId;
      foundNewestId = newestId;
    }
    const kept = found.kept;
    let high = fixes.length;
    for (let low = 0; low < high; ) {
      const middle = (low + high) >> 1;
      if (fixes[middle].rawMs > rawMs) high = middle;
      else low = middle + 1;
    }
    let low = high - 1;
    while (low >= 0 && !kept[low]) low--;
    while (high < kept.length && !kept[high]) high++;
    const before: Fix | undefined = fixes[low];
    const after: Fix | undefined = fixes[high];
    const line =
      before && after && before.session === session && after.session === session
        ? interpolate(before, after)
        : bracket(before, after, found, session, rawMs);
    if (!line) return { state: after ? "never" : "held" };

    const segment: Segment = {
      fromRawMs: line.fromRawMs,
      toRawMs: line.toRawMs,
      trueMs: line.trueMs,
      rate: line.rate,
      boundMs(atRawMs) {
        const x = atRawMs - line.fromRawMs;
        return line.boundMs + x * line.boundRate + x * (line.reachMs - x) * line.bend;
      },
    };
    const hereMs = segment.boundMs(rawMs);
    // Limits that cross (a bound below 0) prove an assumption wrong, so nothing is known of the error.
    if (hereMs >= 0 && hereMs <= maxUncertaintyMs) {
      // The piece ends where its bound might pass the limit: no bound grows faster than this.
      const growth = Math.abs(line.boundRate) + line.bend * line.reachMs;
      if (growth > 0) segment.toRawMs = Math.min(segment.toRawMs, rawMs + (maxUncertaintyMs - hereMs) / growth);
      segment.toRawMs = Math.floor(segment.toRawMs);
      return { state: "dated", segment };
    }
    if (!after) return { state: "held" };
    // Before the first sync of a boot, in a session that goes on, the rate may yet be learned well enough.
    const worthWaiting =
      sameBoot(session, after.session) &&
      found.newestSession === after.session &&
      found.spread > LEARNED_PPM / 1e6 &&
      after.boundMs + stepsMs(session, after.session) + ((after.rawMs - rawMs) * LEARNED_PPM) / 1e6 <= maxUncertaintyMs;
    return { state: worthWaiting ? "held" : "never" };
  }

  return {
    date,
    now() {
      const rawMs = clock.rawMs();
      const dating = date(clock.session(), rawMs, Infinity);
      if (dating.state !== "dated") return undefined;
      const segment = dating.segment;
      return {
        trueMs: segment.trueMs + (rawMs - segment.fromRawMs) * segment.rate,
        boundMs: segment.boundMs(rawMs),
      };
    },
  };
}
