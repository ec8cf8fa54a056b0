/**
 * Turns raw time into true time, by the fixes of the ledger alone. So samples taken before the time was known, in sessions
 * without a fix, or weeks away from one get their times afterwards, each with a bound of its error.
 *
 * It assumes this, and nothing else:
 * - a fix is right within its own bound;
 * - while the program runs, true time runs at (1 ± DRIFT_MAX_PPM) × raw time, and at most SWING_PPM from the crystal's own
 *   middle rate;
 * - between two boots true time passes, for any length, and raw time stands still; never the other way round;
 * - a jump of the clock within a boot is no gap: after it raw time is wrong by STRAY_JUMP_MS at most, to either side;
 * - among the samples and fixes of one calculation, the clock misses one step of UNSEEN_JUMP_MS at most in each session of the
 *   same boot; over reboots raw time is too large by STRAY_JUMP_MS at most, beyond what the last boot's own jumps can cause.
 */
import { type FixTable, fixAt } from "../storage/ledger/fix-rows.ts";
import type { Fix, Ledger } from "../storage/ledger/ledger.ts";
import { archivedAround } from "../storage/ledger/reading.ts";
import { BOOT_SESSIONS, type Clock, STRAY_JUMP_MS, UNSEEN_JUMP_MS } from "./clock.ts";

/**
 * The worst crystal provided for. ESP32 modules state ±10 ppm (hardware design guidelines); the rest is for cheap boards
 * and ageing. A guess, UNVERIFIED on our boards.
 */
export const DRIFT_MAX_PPM = 100;
/**
 * How far temperature moves a crystal to either side of its middle rate: an AT cut stays within ±20 ppm over -20 to 70 °C
 * (typical datasheets; UNVERIFIED on our boards).
 */
export const SWING_PPM = 20;
/**
 * Two fixes that imply more than this, beyond their bounds, contradict each other. Well above DRIFT_MAX_PPM, so that a bad
 * crystal does not count as a wrong fix.
 */
export const CONTRADICTION_PPM = 500;
/**
 * A rate known within this hardly gets better: samples that it can't date are not worth waiting for. Reached after about a
 * day of fixes.
 */
const LEARNED_PPM = 3 * SWING_PPM;

/** What a jump between a sample and a fix of its boot adds to the bound, with the unseen step of the session that it began. */
const JUMP_MS = STRAY_JUMP_MS + UNSEEN_JUMP_MS;

/**
 * A straight piece of the map and its bound, both from an anchor, with x = raw - fromRawMs: true = trueMs + x × rate, bound =
 * boundMs + x × boundRate + x × (reachMs - x) × bend. Holds in the session asked for, from the raw time asked for up to
 * `toRawMs` (may be Infinity).
 */
export interface Segment {
  /** Raw time of `trueMs`; may be long before the raw time asked for. */
  fromRawMs: number;
  toRawMs: number;
  trueMs: number;
  rate: number;
  /** See `boundMsAt`. */
  boundMs: number;
  boundRate: number;
  bend: number;
  reachMs: number;
}

/** How wrong a time of a piece can be. Within the piece never above the map's limit. */
export function boundMsAt(segment: Segment, rawMs: number): number {
  const x = rawMs - segment.fromRawMs;
  return segment.boundMs + x * segment.boundRate + x * (segment.reachMs - x) * segment.bend;
}

/** The true time that a piece gives for a raw time. */
export function trueMsAt(segment: Segment, rawMs: number): number {
  return segment.trueMs + (rawMs - segment.fromRawMs) * segment.rate;
}

/**
 * "held": a later fix may date it. "never": a later fix has come, and the time is still too uncertain; or that fix came after a
 * reboot, with none before the sample, so that nothing says how long the device was switched off in between.
 */
export type Dating = { state: "dated"; segment: Segment } | { state: "held" } | { state: "never" };

/** What samples are dated by: plain data. `openTimeMap` makes it. */
export interface TimeMap {
  ledger: Ledger;
  clock: Pick<Clock, "rawMs" | "session">;
  maxUncertaintyMs: number;
  /** Of the fixes up to `foundVersion`: weighing takes time, and a backlog is dated piece by piece by the same ones. */
  found: Evidence | undefined;
  foundVersion: number;
  foundNewestId: number;
}

/** What the fixes of a version say by themselves. */
export interface Evidence {
  /** 1 for each fix that takes part, 0 for one that is too new or proven false. */
  kept: Uint8Array;
  newestSession: number;
  /** The crystal's rate is in rate ± spread at all times. */
  rate: number;
  spread: number;
}

/** True when the device ran without a reboot between two sessions. */
function sameBoot(a: number, b: number): boolean {
  return Math.floor(a / BOOT_SESSIONS) === Math.floor(b / BOOT_SESSIONS);
}

/**
 * How wrong raw time may be between two sessions, the earlier first, because of unseen steps and jumps. Within a boot the error
 * goes to both sides. Over a reboot raw time may be too large by this, and too small by any amount.
 */
function stepsMs(from: number, to: number): number {
  return sameBoot(from, to) ? UNSEEN_JUMP_MS + (to - from) * JUMP_MS : STRAY_JUMP_MS + (to % BOOT_SESSIONS) * JUMP_MS;
}

/** Of two fixes that can't both be true the newer is believed, unless a still newer one contradicts it. */
function contradicts(newer: Fix, fix: Fix): boolean {
  const spanMs = newer.rawMs - fix.rawMs;
  const gainMs = newer.trueMs - fix.trueMs - spanMs;
  const unsureMs = newer.boundMs + fix.boundMs + stepsMs(fix.session, newer.session);
  const roomMs = (spanMs * CONTRADICTION_PPM) / 1e6 + unsureMs + STRAY_JUMP_MS;
  return gainMs < -roomMs || (gainMs > roomMs && sameBoot(newer.session, fix.session));
}

/** `fixes` in the order they were made, which is that of their raw times. */
function weigh(fixes: FixTable, version: number): Evidence {
  const found: Evidence = {
    kept: new Uint8Array(fixes.length),
    newestSession: 0,
    rate: 1,
    spread: DRIFT_MAX_PPM / 1e6,
  };
  let newer: Fix | undefined;
  // The last fix of the session that is being walked through.
  let last: Fix | undefined;
  for (let i = fixes.length - 1; i >= 0; i--) {
    const fix = fixAt(fixes, i);
    if (fix.id > version) continue;
    if (newer) {
      if (contradicts(newer, fix)) continue;
    } else {
      found.newestSession = fix.session;
    }
    newer = fix;
    found.kept[i] = 1;
    if (!last || last.session !== fix.session) {
      last = fix;
    } else if (last.rawMs > fix.rawMs) {
      const spanMs = last.rawMs - fix.rawMs;
      // The mean over the span can be SWING_PPM off the crystal's middle, and any other moment as far to the other side.
      const spread = (last.boundMs + fix.boundMs + UNSEEN_JUMP_MS) / spanMs + (2 * SWING_PPM) / 1e6;
      if (spread < found.spread) {
        found.spread = spread;
        found.rate = (last.trueMs - fix.trueMs) / spanMs;
      }
    }
  }
  return found;
}

/** Between two fixes of its own session: the chord, which is the drift correction. */
function interpolate(before: Fix, after: Fix): Segment {
  const reachMs = after.rawMs - before.rawMs;
  return {
    fromRawMs: before.rawMs,
    toRawMs: after.rawMs,
    trueMs: before.trueMs,
    rate: (after.trueMs - before.trueMs) / reachMs,
    boundMs: before.boundMs + UNSEEN_JUMP_MS,
    boundRate: (after.boundMs - before.boundMs) / reachMs,
    // A rate that stays within a band of 2 × SWING_PPM and meets both ends leaves the chord no further than this parabola.
    bend: (2 * SWING_PPM) / 1e6 / reachMs,
    reachMs,
  };
}

/**
 * With at most one fix in its own session: the middle between the tightest limits. Each neighbour gives two limits, lines with
 * the slowest and the fastest rate. Being switched off only adds true time, so a neighbour of another boot limits one side only.
 * Returns nothing when one side has no limit.
 */
function bracket(
  before: Fix | undefined,
  after: Fix | undefined,
  found: Evidence,
  session: number,
  rawMs: number,
): Segment | undefined {
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

export function openTimeMap(ledger: Ledger, clock: TimeMap["clock"], maxUncertaintyMs: number): TimeMap {
  return { ledger, clock, maxUncertaintyMs, found: undefined, foundVersion: 0, foundNewestId: 0 };
}

/** The fixes of a version weighed, now or before. */
function evidenceOf(map: TimeMap, version: number): Evidence {
  const fixes = map.ledger.told.fixes;
  const newestId = fixes.length > 0 ? fixAt(fixes, fixes.length - 1).id : 0;
  const lastId = Math.min(version, newestId);
  // One fix more has a new id, one fix less changes the length. Bounds change only when a fix is added.
  let found = map.found;
  if (!found || found.kept.length !== fixes.length || map.foundNewestId !== newestId || map.foundVersion !== lastId) {
    found = weigh(fixes, lastId);
    map.found = found;
    map.foundVersion = lastId;
    map.foundNewestId = newestId;
  }
  return found;
}

/** Dates a sample by the fixes with `id <= version` alone: the same version gives the same times, whatever fixes came later. */
export function dateSample(map: TimeMap, session: number, rawMs: number, version: number): Dating {
  "on demand";
  const fixes = map.ledger.told.fixes;
  const maxUncertaintyMs = map.maxUncertaintyMs;
  const found = evidenceOf(map, version);
  const kept = found.kept;
  let high = fixes.length;
  for (let low = 0; low < high; ) {
    const middle = (low + high) >> 1;
    if (fixAt(fixes, middle).rawMs > rawMs) high = middle;
    else low = middle + 1;
  }
  let low = high - 1;
  while (low >= 0 && !kept[low]) low--;
  while (high < kept.length && !kept[high]) high++;
  let before = low >= 0 ? fixAt(fixes, low) : undefined;
  let after = high < kept.length ? fixAt(fixes, high) : undefined;
  if (fixes.archivedMs > (before ? before.rawMs : 0)) {
    // The nearest of what lies in the archive, but for what the next newer one contradicts.
    const old = archivedAround(map.ledger, rawMs);
    let newer: Fix | undefined;
    for (let i = high; i < kept.length && old.length > 0 && !newer; i++) {
      if (kept[i] && fixAt(fixes, i).rawMs > old[0].rawMs) newer = fixAt(fixes, i);
    }
    for (let i = 0; i < old.length; i++) {
      const fix = old[i];
      if (fix.id > version || (newer && contradicts(newer, fix))) continue;
      newer = fix;
      if (fix.rawMs > rawMs) {
        if (!after || fix.rawMs < after.rawMs) after = fix;
      } else if (!before || fix.rawMs > before.rawMs) before = fix;
    }
  }
  const segment =
    before && after && before.session === session && after.session === session
      ? interpolate(before, after)
      : bracket(before, after, found, session, rawMs);
  if (!segment) return { state: after ? "never" : "held" };

  const hereMs = boundMsAt(segment, rawMs);
  // Limits that cross (a bound below 0) prove an assumption wrong, so nothing is known of the error.
  if (hereMs >= 0 && hereMs <= maxUncertaintyMs) {
    // The piece ends where its bound might pass the limit: no bound grows faster than this.
    const growth = Math.abs(segment.boundRate) + segment.bend * segment.reachMs;
    if (growth > 0) segment.toRawMs = Math.min(segment.toRawMs, rawMs + (maxUncertaintyMs - hereMs) / growth);
    segment.toRawMs = Math.floor(segment.toRawMs);
    return { state: "dated", segment };
  }
  if (!after) return { state: "held" };
  // Before the first fix of a boot whose newest session still runs, the rate may yet be learned well enough.
  const worthWaiting =
    sameBoot(session, after.session) &&
    found.newestSession === after.session &&
    found.spread > LEARNED_PPM / 1e6 &&
    after.boundMs + stepsMs(session, after.session) + ((after.rawMs - rawMs) * LEARNED_PPM) / 1e6 <= maxUncertaintyMs;
  return { state: worthWaiting ? "held" : "never" };
}

/** The present time; nothing while it is not known well enough. */
export function presentTime(map: TimeMap): { trueMs: number; boundMs: number } | undefined {
  "on demand";
  const rawMs = map.clock.rawMs();
  const dating = dateSample(map, map.clock.session(), rawMs, Infinity);
  if (dating.state !== "dated") return undefined;
  const segment = dating.segment;
  return { trueMs: trueMsAt(segment, rawMs), boundMs: boundMsAt(segment, rawMs) };
}
