/**
 * A time that is told at the console, such as the clock of a computer at the cable. It dates a unit from the bench on, before it
 * has met a time server.
 */
import { LIMITS } from "../limits.ts";
import type { Log } from "../platform/ports.ts";
import { fixAt } from "../storage/ledger/fix-rows.ts";
import { addFix } from "../storage/ledger/writing.ts";
import type { Clock } from "./clock.ts";
import { FIX_KIND } from "./fix-kind.ts";
import { boundMsAt, dateSample, type TimeMap, trueMsAt } from "./time-map.ts";

/** A moment longer ago than this is not taken: the exchange with the console takes far less. */
const MOMENT_AGE_MAX_MS = 60000;

/**
 * Takes in that the true time was `trueMs`, at most `boundMs` off, at the raw time `rawMs` of `session`. Returns why it is not
 * taken, or "". The fix stands in the ledger at the next heartbeat of the clock.
 */
export type TellTime = (trueMs: number, boundMs: number, rawMs: number, session: number) => string;

/** `earliestMs`: no time before it is believed. */
export function createToldTime(clock: Clock, map: TimeMap, earliestMs: number, log: Log): TellTime {
  return (trueMs, boundMs, rawMs, session) => {
    const nowRawMs = clock.rawMs();
    // Written so that NaN and what is no number fail, too.
    if (!(trueMs >= earliestMs && trueMs < 4102444800000)) return "this is no time in ms since 1970 that can be right";
    if (!(boundMs >= 1 && boundMs <= LIMITS.maxTimeUncertaintyMs)) return "the time is too uncertain";
    if (!(rawMs <= nowRawMs && rawMs >= nowRawMs - MOMENT_AGE_MAX_MS) || clock.session() !== session) {
      return "the moment is not of just now";
    }
    const dating = dateSample(map, session, rawMs, Infinity);
    if (dating.state === "dated") {
      const segment = dating.segment;
      const knownBoundMs = boundMsAt(segment, rawMs);
      const apartMs = Math.round(trueMs - trueMsAt(segment, rawMs));
      if (Math.abs(apartMs) > boundMs + knownBoundMs) return `it is ${apartMs} ms off what time servers told the unit`;
      if (knownBoundMs <= boundMs) return "the unit knows the time better";
    }
    clock.confirm(rawMs, () => {
      const fixes = map.ledger.told.fixes;
      // Fixes stand in the order of their raw times, and a jump or a time server may have come in between.
      if (clock.session() !== session || (fixes.length > 0 && fixAt(fixes, fixes.length - 1).rawMs >= rawMs)) return;
      try {
        addFix(map.ledger, { session, rawMs, trueMs, boundMs, kind: FIX_KIND.cable });
        log("info", `time: told at the console, within ${boundMs} ms`);
      } catch (error) {
        log("error", `time: ${error}`);
      }
    });
    return "";
  };
}
