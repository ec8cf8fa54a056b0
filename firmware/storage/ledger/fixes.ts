/** Which fix the list can do without. One function with everything in it: the mount calls it, where helpers would stay in memory. */
import { type FixRows, fixAt } from "./fix-rows.ts";

export interface Spare {
  /** Fixes that could go if no attempt held them. */
  count: number;
  /** The one that the time map misses least, -1 when attempts hold them all. */
  index: number;
  /**
   * What the map loses in ms when it goes: its distance from the line between its neighbours. Over a boot it is the time switched
   * off that the two neighbours would then span.
   */
  lossMs: number;
  /** Its neighbours are of its own session. */
  within: boolean;
  /** It was the last of a session whose samples may need it. */
  needed: boolean;
}

/**
 * Looks for the fix that is missed least. Pending samples need the last fix up to the raw time `keepFromRawMs`, and those after it: of each
 * session the first and the last. Besides, the two that are farthest apart in one session teach the crystal's rate. Fixes up to
 * id `frozenId` date an open attempt. If the list is `full`, needed ones go, too: first the first ones of sessions that keep
 * their last one.
 */
export function findSpare(fixes: FixRows, keepFromRawMs: number, frozenId: number, full: boolean): Spare {
  const spare: Spare = { count: 0, index: -1, lossMs: Infinity, within: false, needed: false };
  let neededFrom = 0;
  let first = fixAt(fixes, 0);
  let firstIndex = 0;
  let teachesFrom = 0;
  let teachesTo = 0;
  let longestMs = 0;
  for (let i = 1; i < fixes.length; i++) {
    const fix = fixAt(fixes, i);
    if (fix.rawMs <= keepFromRawMs) neededFrom = i;
    if (fix.session !== first.session) {
      first = fix;
      firstIndex = i;
    } else if (fix.rawMs - first.rawMs >= longestMs) {
      longestMs = fix.rawMs - first.rawMs;
      teachesFrom = firstIndex;
      teachesTo = i;
    }
  }
  let leastRank = 3;
  let before = fixAt(fixes, 0);
  let fix = fixAt(fixes, 1);
  for (let i = 1; i < fixes.length - 1; i++) {
    const after = fixAt(fixes, i + 1);
    const rawMs = after.rawMs - before.rawMs;
    const trueMs = after.trueMs - before.trueMs;
    const goesOn = fix.session === after.session;
    const within = goesOn && before.session === fix.session;
    const spared = within || (i < neededFrom && i !== teachesFrom && i !== teachesTo);
    if (spared) spare.count++;
    const rank = spared ? 0 : !full ? 3 : i < neededFrom || goesOn ? 1 : 2;
    let lossMs = trueMs - rawMs;
    if (within && rawMs > 0) lossMs = before.trueMs + (trueMs * (fix.rawMs - before.rawMs)) / rawMs - fix.trueMs;
    lossMs = Math.abs(lossMs);
    if (rank < 3 && fix.id > frozenId && (rank < leastRank || (rank === leastRank && lossMs < spare.lossMs))) {
      leastRank = rank;
      spare.index = i;
      spare.lossMs = lossMs;
      spare.within = within;
      spare.needed = rank === 2;
    }
    before = fix;
    fix = after;
  }
  return spare;
}
