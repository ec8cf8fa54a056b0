/** The list of fixes within its bound. */
import { fixesRoomOf, SMALL_BANK_BYTES } from "./capacity.ts";
import { FIX_AT, getFix } from "./entries.ts";
import { addFixRow, fixAt, removeFixRow } from "./fix-rows.ts";
import type { Fix } from "./ledger-types.ts";
import type { LedgerState } from "./state.ts";

/** UNSEEN_JUMP_MS of clock/clock.ts, which storage does not know. A test compares them. */
export const UNSEEN_MS = 520;

/**
 * The last fix of a session does for the first one, too, if it is no later than this and no less exact: a crystal off by 100 ppm
 * is 0.7 s off then.
 */
const NEAR_MS = 7200000;
const NEAR_BOUND_MS = 1000;

/** The list looked over: what open attempts hold of it, and which fix is missed least. */
interface Survey {
  /** Fixes up to this id date an open attempt. */
  frozenId: number;
  /** How many attempts are open. */
  open: number;
  /** How many fixes the list can hold beside one for each of them. */
  room: number;
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
 * Looks for the fix that is missed least. Pending samples need the last fix up to the raw time `keepFromRawMs`, and those
 * after it: of each session the first and the last. Besides, the two that are farthest apart in one session teach the
 * crystal's rate. Fixes of an open attempt stay. If the list has more than it has room for, needed ones go, too: first the
 * first ones of sessions that keep their last one.
 */
function survey(state: LedgerState, bankBytes: number): Survey {
  const fixes = state.fixes;
  const spare: Survey = {
    frozenId: 0,
    open: 0,
    room: state.fixesMax,
    count: 0,
    index: -1,
    lossMs: Infinity,
    within: false,
    needed: false,
  };
  let pins = 0;
  for (const pin in state.accounts) {
    const attempt = state.accounts[pin].attempt;
    pins++;
    if (!attempt) continue;
    spare.open++;
    spare.frozenId = Math.max(spare.frozenId, attempt.fixId);
  }
  if (bankBytes >= SMALL_BANK_BYTES) spare.room = Math.max(spare.room, fixesRoomOf(bankBytes, pins));
  let neededFrom = 0;
  let first = fixAt(fixes, 0);
  let firstIndex = 0;
  let teachesFrom = 0;
  let teachesTo = 0;
  let longestMs = 0;
  for (let i = 1; i < fixes.length; i++) {
    const fix = fixAt(fixes, i);
    if (fix.rawMs <= state.keepFromRawMs) neededFrom = i;
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
    let lossMs = Math.abs(trueMs - rawMs);
    let within = goesOn && before.session === fix.session;
    if (within && rawMs > 0) {
      lossMs = Math.abs(before.trueMs + (trueMs * (fix.rawMs - before.rawMs)) / rawMs - fix.trueMs);
      // No crystal bends so: one of the three is wrong, and what it is off must not become the bound of the others.
      within = lossMs < before.boundMs + fix.boundMs + after.boundMs + UNSEEN_MS + rawMs / 5000;
    }
    const spared = within || (i < neededFrom && i !== teachesFrom && i !== teachesTo);
    if (spared) spare.count++;
    const rank = spared ? 0 : fixes.length <= spare.room ? 3 : i < neededFrom || goesOn ? 1 : 2;
    if (rank < 3 && fix.id > spare.frozenId && (rank < leastRank || (rank === leastRank && lossMs < spare.lossMs))) {
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

/**
 * Thins the fixes that neither pending samples need nor an open attempt holds, until the list is within its bound. If more are
 * needed than the bank has room for, needed ones go, and sessions that lose their last one are counted.
 * Returns the version for a new attempt. That is the newest fix as long as attempts hold one fix each at most beyond the
 * bound; then it is theirs. So each pin can hold one fix more at most, whatever the order of attempts and fixes.
 * To be called whenever the list grows, less is needed or an attempt is closed, so that it never changes while something is
 * dated.
 */
export function boundFixes(state: LedgerState, bankBytes: number): number {
  "on demand";
  const fixes = state.fixes;
  const fixesMax = state.fixesMax;
  while (fixes.length > fixesMax) {
    const spare = survey(state, bankBytes);
    if (spare.index < 0) {
      const tooMany = spare.count > fixesMax - 2 + spare.open || fixes.length > spare.room + spare.open;
      return tooMany ? spare.frozenId : state.lastFixId;
    }
    if (spare.needed) state.fixesLost = Math.min(state.fixesLost + 1, 65535);
    // What is lost adds to the bounds of its neighbours in its session, but for those of an open attempt.
    for (let i = spare.index - 1; i <= spare.index + 1 && spare.within; i += 2) {
      const neighbour = fixAt(fixes, i);
      if (neighbour.id <= spare.frozenId) continue;
      const boundMs = Math.min(neighbour.boundMs + Math.ceil(spare.lossMs), 4294967295);
      fixes.view.setUint32(i * FIX_AT.bytes + FIX_AT.boundMs, boundMs, true);
    }
    removeFixRow(fixes, spare.index);
  }
  return state.lastFixId;
}

/** A fix leaves the list. */
interface Outgoing {
  index: number;
  /** It has to stand in the archive first. If not, it is there already, or a later one of its session does nearly as well. */
  archive: boolean;
}

/**
 * Gives the fix that leaves the list when it has no room for one of `session`: the oldest, but for the session's own. Those
 * from which an open attempt, or the newest map, learns the crystal's rate stay in the list when they are in the archive, so that
 * no attempt is dated otherwise than before. Undefined when there is room, or none can go. Made anew for each use.
 */
export function openOutgoing(state: LedgerState, bankBytes: number, session: number): () => Outgoing | undefined {
  const fixes = state.fixes;

  /** Ids of the two fixes up to each of `versions` from which the time map learns the crystal's rate. */
  function teachersOf(versions: number[]): number[] {
    const ids: number[] = [];
    for (let v = 0; v < versions.length; v++) {
      let last: Fix | undefined;
      let least = Infinity;
      for (let i = fixes.length - 1; i >= 0; i--) {
        const fix = fixAt(fixes, i);
        if (fix.id > versions[v]) continue;
        if (!last || last.session !== fix.session) {
          last = fix;
          continue;
        }
        // What they leave unknown of the rate, as in the time map, but for a constant.
        const unsure = (fix.boundMs + last.boundMs + UNSEEN_MS) / (last.rawMs - fix.rawMs);
        if (unsure >= least) continue;
        least = unsure;
        ids[2 * v] = fix.id;
        ids[2 * v + 1] = last.id;
      }
    }
    return ids;
  }

  return () => {
    const holds = survey(state, bankBytes);
    // Room for the two fixes of the current session.
    if (fixes.length + 2 < holds.room) return undefined;
    if (fixes.length <= holds.room && holds.index >= 0) return undefined;
    const newest = fixAt(fixes, fixes.length - 1);
    const versions = [newest.id];
    let copy = -1;
    for (const pin in state.accounts) {
      const attempt = state.accounts[pin].attempt;
      if (attempt) versions.push(attempt.fixId);
    }
    const stay = teachersOf(versions);
    for (let i = 0; i < fixes.length; i++) {
      const fix = fixAt(fixes, i);
      if (fix.session === session && (fixes.length < holds.room || fix.id === newest.id)) break;
      const next = fix.id === newest.id ? fix : fixAt(fixes, i + 1);
      const near =
        next !== fix &&
        next.session === fix.session &&
        next.rawMs - fix.rawMs <= NEAR_MS &&
        next.boundMs <= NEAR_BOUND_MS;
      const stays = stay.indexOf(fix.id) >= 0;
      const archived = fix.rawMs <= fixes.archivedMs;
      if (!archived && near && !stays && fix.id > holds.frozenId) return { index: i, archive: false };
      // In order, whatever stays: the archive is searched by raw time.
      if (!archived || !stays) return { index: i, archive: !archived };
      copy = copy < 0 ? i : copy;
    }
    // Rather than a needed one, what the archive has goes, although it teaches.
    return copy >= 0 && fixes.length >= holds.room ? { index: copy, archive: false } : undefined;
  };
}

/** Takes in `count` fixes, or fewer when the payload ends before. */
export function addFixes(state: LedgerState, payload: DataView, count: number): void {
  for (let i = 0; i < count; i++) {
    const fix = getFix(payload, i * FIX_AT.bytes);
    if (fix.id === 0) return;
    addFixRow(state.fixes, payload, i * FIX_AT.bytes);
    // Nothing may come twice, or before what was: neither its id nor its session nor its raw time, should BOOT entries be lost.
    state.lastRawMs = Math.max(state.lastRawMs, fix.rawMs);
    state.lastFixId = Math.max(state.lastFixId, fix.id);
    if (((fix.session - state.session) | 0) > 0) state.session = fix.session;
  }
}
