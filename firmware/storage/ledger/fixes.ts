/** Which fixes the list can do without. */
import { get48 } from "../format/int48.ts";
import { FIX_AT } from "./entries.ts";
import { type FixRows, fixRawMs, removeFixRow } from "./fix-rows.ts";

export function fixId(fixes: FixRows, index: number): number {
  return fixes.view.getUint32(index * FIX_AT.bytes + FIX_AT.id, true);
}

export function fixSession(fixes: FixRows, index: number): number {
  return fixes.view.getUint32(index * FIX_AT.bytes + FIX_AT.session, true);
}

function fixTrueMs(fixes: FixRows, index: number): number {
  return get48(fixes.view, index * FIX_AT.bytes + FIX_AT.trueMs);
}

/** True where one more fix of the session of fix `index` follows at once. */
function sessionGoesOn(fixes: FixRows, index: number): boolean {
  return fixSession(fixes, index) === fixSession(fixes, index + 1);
}

/**
 * What the time map loses in ms when fix `i` goes: its distance from the line between its neighbours. Over a boot it is the time
 * switched off that the two neighbours would then span.
 */
function loss(fixes: FixRows, i: number): number {
  const beforeRawMs = fixRawMs(fixes, i - 1);
  const beforeTrueMs = fixTrueMs(fixes, i - 1);
  const rawMs = fixRawMs(fixes, i + 1) - beforeRawMs;
  const trueMs = fixTrueMs(fixes, i + 1) - beforeTrueMs;
  if (!sessionGoesOn(fixes, i - 1) || !sessionGoesOn(fixes, i) || rawMs <= 0) return Math.abs(trueMs - rawMs);
  return Math.abs(beforeTrueMs + (trueMs * (fixRawMs(fixes, i) - beforeRawMs)) / rawMs - fixTrueMs(fixes, i));
}

export interface Spare {
  /** Fixes that could go if no attempt held them. */
  count: number;
  /** The one that the time map misses least, -1 when attempts hold them all. */
  index: number;
  lossMs: number;
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
  const last = fixes.length - 1;
  let neededFrom = 0;
  let sessionFrom = 0;
  let teachesFrom = 0;
  let teachesTo = 0;
  let longestMs = 0;
  for (let i = 0; i <= last; i++) {
    const rawMs = fixRawMs(fixes, i);
    if (rawMs <= keepFromRawMs) neededFrom = i;
    if (i > 0 && !sessionGoesOn(fixes, i - 1)) sessionFrom = i;
    const spanMs = rawMs - fixRawMs(fixes, sessionFrom);
    if (spanMs < longestMs) continue;
    longestMs = spanMs;
    teachesFrom = sessionFrom;
    teachesTo = i;
  }
  const spare: Spare = { count: 0, index: -1, lossMs: Infinity, needed: false };
  let leastRank = 3;
  for (let i = 1; i < last; i++) {
    const within = sessionGoesOn(fixes, i - 1) && sessionGoesOn(fixes, i);
    const spared = within || (i < neededFrom && i !== teachesFrom && i !== teachesTo);
    if (spared) spare.count++;
    const rank = spared ? 0 : !full ? 3 : i < neededFrom || sessionGoesOn(fixes, i) ? 1 : 2;
    if (rank > leastRank || rank === 3 || fixId(fixes, i) <= frozenId) continue;
    const lossMs = loss(fixes, i);
    if (rank === leastRank && lossMs >= spare.lossMs) continue;
    leastRank = rank;
    spare.index = i;
    spare.lossMs = lossMs;
    spare.needed = rank === 2;
  }
  return spare;
}

/** Removes a spare fix, and adds what is lost to the bounds of its neighbours in its session, but for those of an open attempt. */
export function removeSpare(fixes: FixRows, spare: Spare, frozenId: number): void {
  const index = spare.index;
  const session = fixSession(fixes, index);
  const within = fixSession(fixes, index - 1) === session && fixSession(fixes, index + 1) === session;
  for (let i = index - 1; i <= index + 1 && within; i += 2) {
    const at = i * FIX_AT.bytes + FIX_AT.boundMs;
    if (fixId(fixes, i) <= frozenId) continue;
    fixes.view.setUint32(at, Math.min(fixes.view.getUint32(at, true) + Math.ceil(spare.lossMs), 4294967295), true);
  }
  removeFixRow(fixes, index);
}
