import type { Fix } from "./ledger-types.ts";

/**
 * What the time map loses in ms when point `i` goes: its distance from the line between its neighbours. Over a boot it is
 * the time switched off that the two neighbours would then span.
 */
function loss(points: Fix[], i: number): number {
  const before = points[i - 1];
  const point = points[i];
  const after = points[i + 1];
  const rawMs = after.rawMs - before.rawMs;
  const trueMs = after.trueMs - before.trueMs;
  if (before.session !== point.session || point.session !== after.session || rawMs <= 0)
    return Math.abs(trueMs - rawMs);
  return Math.abs(before.trueMs + (trueMs * (point.rawMs - before.rawMs)) / rawMs - point.trueMs);
}

/**
 * Removes the fix that the time map misses least, and adds the loss to the bounds of its neighbours. Fixes up to id
 * `frozenId` date an open attempt: neither they nor their bounds may change, or a replay would differ in its bytes.
 */
export function thinFixes(points: Fix[], frozenId: number): void {
  let least = -1;
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 1; i < points.length - 1; i++) {
    if (points[i].id <= frozenId) continue;
    const lossMs = loss(points, i);
    if (lossMs < leastMs) {
      least = i;
      leastMs = lossMs;
    }
  }
  if (least < 0) return;
  const session = points[least].session;
  for (let i = least - 1; i <= least + 1; i += 2) {
    if (points[i].session === session && points[i].id > frozenId) points[i].boundMs += Math.ceil(leastMs);
  }
  points.splice(least, 1);
}
