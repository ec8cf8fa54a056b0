/** How many points a batch may have by what the server has shown: fewer than documented once it said "too many", then more. */
import { LIMITS } from "../limits.ts";

const HOUR_MS = 3600000;
/** The limit grows by this with each full batch. */
const STEP_POINTS = 64;
const HOLD_MAX_MS = 168 * HOUR_MS;

export interface ServerLimit {
  pointsMax: number;
  /** It grew since it fell last. */
  grown: boolean;
  /** It stands for this long after a fall. Longer after each one that followed a growth: a limit that is meant shows again. */
  holdMs: number;
  growsFromRawMs: number;
  /** The largest batch accepted of late, and when. */
  mostPoints: number;
  mostRawMs: number;
}

/** `pointsMax`: what is documented. */
export function createServerLimit(pointsMax: number): ServerLimit {
  return { pointsMax, grown: false, holdMs: 0, growsFromRawMs: 0, mostPoints: 0, mostRawMs: 0 };
}

/** A batch was accepted. The limit grows evenly, up to what is documented. */
export function raiseLimit(limit: ServerLimit, points: number, rawMs: number, documentedMax: number): void {
  if (points >= limit.mostPoints || rawMs - limit.mostRawMs >= HOUR_MS) {
    limit.mostPoints = points;
    limit.mostRawMs = rawMs;
  }
  if (limit.pointsMax >= documentedMax || points !== limit.pointsMax || rawMs < limit.growsFromRawMs) return;
  limit.pointsMax = Math.min(limit.pointsMax + STEP_POINTS, documentedMax);
  limit.grown = limit.pointsMax < documentedMax;
  if (!limit.grown) limit.holdMs = 0;
}

/**
 * The server wants fewer points than these. With `jammed` nobody said so, but such a batch does not pass: to find that out once
 * more would take days, so the limit falls to the least and stands for a week. Returns false when size can't be at fault: the
 * server took as many in the same hour.
 */
export function lowerLimit(limit: ServerLimit, points: number, rawMs: number, jammed: boolean): boolean {
  const floor = rawMs - limit.mostRawMs < HOUR_MS ? Math.max(1, limit.mostPoints) : 1;
  if (points <= floor) return false;
  if (jammed) limit.holdMs = HOLD_MAX_MS;
  else if (limit.grown) limit.holdMs = Math.min(Math.max(HOUR_MS, 2 * limit.holdMs), HOLD_MAX_MS);
  limit.grown = false;
  limit.pointsMax = Math.max(floor, jammed ? Math.min(LIMITS.batchPointsMin, points >> 1) : points >> 1);
  limit.growsFromRawMs = rawMs + limit.holdMs;
  return true;
}
