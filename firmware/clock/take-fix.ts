/**
 * Takes a fix of the clock: asks SNTP, checks what it says by the server's own date, and leaves what was learned in the ledger.
 *
 * SNTP alone can't be trusted: one router may answer for every time server. So the server's date is asked before the first
 * fix of a boot counts, and whenever an answer contradicts what is known. Two sources that agree are believed against
 * everything that was believed before. Two that differ are a fault, and nothing is sent until they agree; what SNTP alone had
 * said in this session is removed if the date disputes it, as no later fix would disprove it over a power cut. Where the
 * server tells no date, SNTP is believed as it is; but not where it told one a day ago, as somebody else may have answered.
 */
import { BUILD_MS } from "../limits.ts";
import type { Log } from "../platform/ports.ts";
import { fixAt } from "../storage/ledger/fix-rows.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { addFix, removeFix } from "../storage/ledger/writing.ts";
import { type Clock, UNSEEN_JUMP_MS } from "./clock.ts";
import { FIX_KIND } from "./fix-kind.ts";
import type { Sntp, TimeAnswer } from "./sntp.ts";
import { boundMsAt, DRIFT_MAX_PPM, dateSample, presentTime, type TimeMap, trueMsAt } from "./time-map.ts";

/** For the clock of the computer that built the firmware. */
const BUILD_CLOCK_MS = 86400000;

/** Once the server has told its date, it is expected to for a day of raw time: then it may be another server. */
const DATE_EXPECTED_MS = 86400000;

/** Of the two sources, in messages. */
const SNTP = "SNTP";

/** The server answered, or one that may be it. */
export const ANSWERED = "answered";
/** Somebody else answered in the server's place. With a colon and a reason behind it: refused the TLS handshake. */
export const FOREIGN = "foreign";
/** How a request to the server ended: `ANSWERED`, `FOREIGN`, or why no answer came, for people; "" when it is not known. */
export type Contact = string;

/** "known": the time may be used. "unconfirmed": it is known, but the server was needed to confirm it, and did not. */
export type TimeFound = "known" | "unknown" | "unconfirmed";

export interface TakeFix {
  /**
   * Takes one fix. `done` is called once. `contact` says how the server was met, if it was asked. `told`: a time server answered.
   */
  take(done: FixTaken): void;
}

/** See `TakeFix.take`. */
export type FixTaken = (found: TimeFound, contact: Contact, told: boolean) => void;

/** Whom to ask; `askDate` as `createServerDate` makes it. */
export interface TimeSources {
  sntp: Sntp;
  askDate(done: (answer: TimeAnswer | undefined, contact: Contact) => void): void;
}

/** Newest fix that an open attempt needs: it must be replayed with the very map it used. Later fixes may be removed. */
function pinnedFixId(ledger: Ledger): number {
  let pinned = 0;
  const accounts = ledger.told.accounts;
  for (const pin in accounts) {
    const attempt = accounts[pin].attempt;
    if (attempt && attempt.fixId > pinned) pinned = attempt.fixId;
  }
  return pinned;
}

/** What the fixes of a boot share. Plain data, which stays while the functions here come and go. */
export interface FixMemory {
  /** SNTP and the server's date have agreed in this boot, and the map follows from that. */
  confirmed: boolean;
  /** The last answer was refused only because it contradicts the map. Where nobody can decide, the second one counts. */
  doubted: boolean;
  /** Raw time at which SNTP and the server's date differed, while nothing was confirmed yet; 0 when they did not. */
  disputedRawMs: number;
  /** Why the time is not believed, a sentence for people; "" when nothing is wrong. */
  fault: string;
  /** Of each time server: it wants to be left alone until then. */
  restUntilRawMs: number[];
}

export function openFixMemory(): FixMemory {
  return { confirmed: false, doubted: false, disputedRawMs: 0, fault: "", restUntilRawMs: [] };
}

/** Made anew for each fix, and let go after it: its functions take JsVars only while it lasts. */
function openJudge(clock: Clock, map: TimeMap, log: Log, memory: FixMemory) {
  const ledger = map.ledger;
  const fixes = ledger.told.fixes;

  /** Refuses a time. Told once, until a time is believed again. */
  function refuse(reason: string): TimeFound {
    if (memory.fault === "") log("warn", `time: ${reason}`);
    memory.fault = `time: ${reason}`;
    return "unknown";
  }

  /** How far an answer is from what is known, in ms, if by more than the bounds of both; else 0. */
  function contradictionMs(answer: TimeAnswer): number {
    const dating = dateSample(map, clock.session(), answer.rawMs, Infinity);
    let knownMs = answer.trueMs;
    let boundMs = answer.boundMs;
    if (dating.state === "dated") {
      const segment = dating.segment;
      knownMs = trueMsAt(segment, answer.rawMs);
      boundMs += boundMsAt(segment, answer.rawMs);
    } else if (fixes.length > 0) {
      const newest = fixAt(fixes, fixes.length - 1);
      // It may be any time later.
      knownMs = Math.max(knownMs, newest.trueMs);
      boundMs += newest.boundMs;
    }
    const apartMs = Math.round(answer.trueMs - knownMs);
    return Math.abs(apartMs) > boundMs ? apartMs : 0;
  }

  /** Removes this session's fixes that are less exact about their own moment than the new one is, such as a web server's date. */
  function removeWorse(session: number, answer: TimeAnswer): void {
    const pinned = pinnedFixId(ledger);
    for (let i = fixes.length - 1; i >= 0; i--) {
      const fix = fixAt(fixes, i);
      const apartMs = answer.rawMs - fix.rawMs;
      const knownMs = answer.boundMs + (apartMs * DRIFT_MAX_PPM) / 1e6 + UNSEEN_JUMP_MS;
      if (fix.session === session && apartMs > 0 && fix.id > pinned && knownMs < fix.boundMs) {
        removeFix(ledger, fix.id);
      }
    }
  }

  /** Removes what SNTP alone said in this session, where the server's date disputes it. */
  function removeDisputed(date: TimeAnswer): void {
    const pinned = pinnedFixId(ledger);
    for (let i = fixes.length - 1; i >= 0; i--) {
      const fix = fixAt(fixes, i);
      if (fix.session !== clock.session() || fix.kind !== FIX_KIND.sntp || fix.id <= pinned) continue;
      const spanMs = date.rawMs - fix.rawMs;
      const roomMs = date.boundMs + fix.boundMs + (spanMs * DRIFT_MAX_PPM) / 1e6 + UNSEEN_JUMP_MS;
      if (Math.abs(date.trueMs - fix.trueMs - spanMs) > roomMs) removeFix(ledger, fix.id);
    }
  }

  /** Adds a believed answer to the map. */
  function record(answer: TimeAnswer, source: string, contradicts: boolean): void {
    const session = clock.session();
    const dating = dateSample(map, session, answer.rawMs, Infinity);
    // A fix less exact than what is known already would only blur the map.
    if (!contradicts && dating.state === "dated" && boundMsAt(dating.segment, answer.rawMs) <= answer.boundMs) return;
    removeWorse(session, answer);
    const kind = source !== SNTP ? FIX_KIND.date : memory.confirmed ? FIX_KIND.checked : FIX_KIND.sntp;
    addFix(ledger, { session, rawMs: answer.rawMs, trueMs: answer.trueMs, boundMs: answer.boundMs, kind });
    log("info", `time: ${source}, within ${answer.boundMs} ms`);
  }

  /** Whether the server told its date not long ago. Then it is asked until it does again, and nothing is sent before. */
  function tellsDate(): boolean {
    let i = fixes.length - 1;
    while (i >= 0 && fixAt(fixes, i).kind !== FIX_KIND.checked) i--;
    return i >= 0 && clock.rawMs() - fixAt(fixes, i).rawMs < DATE_EXPECTED_MS;
  }

  /** Believes or refuses what the sources say. */
  function decide(sntp: TimeAnswer | undefined, date: TimeAnswer | undefined, contact: Contact): TimeFound {
    const answer = sntp || date;
    if (answer) {
      const source = sntp ? SNTP : "web server's date";
      if (answer.trueMs + answer.boundMs < BUILD_MS - BUILD_CLOCK_MS) {
        return refuse(`${source} is from before this firmware was built (${new Date(answer.trueMs).toISOString()})`);
      }
      const apartMs = sntp && date ? Math.round(sntp.trueMs - sntp.rawMs - (date.trueMs - date.rawMs)) : 0;
      if (sntp && date && Math.abs(apartMs) > sntp.boundMs + date.boundMs) {
        if (!memory.confirmed) {
          memory.disputedRawMs = sntp.rawMs;
          removeDisputed(date);
        }
        return refuse(`SNTP and the server's date are ${apartMs} ms apart`);
      }
      // For a day SNTP alone does not end the dispute: after that the server may not tell its date any more.
      if (!date && memory.disputedRawMs > 0 && answer.rawMs - memory.disputedRawMs < DATE_EXPECTED_MS) return "unknown";
      const offMs = contradictionMs(answer);
      if (offMs !== 0 && !(sntp && date)) {
        const sure = sntp !== undefined && offMs > 0;
        if (memory.confirmed || !(sure || memory.doubted)) {
          memory.doubted = true;
          return refuse(`${source} is off by ${offMs} ms, not believed`);
        }
        log("warn", `time: ${source} is off by ${offMs} ms`);
      }
      if (sntp && date) memory.confirmed = true;
      memory.doubted = false;
      memory.disputedRawMs = 0;
      memory.fault = "";
      record(answer, source, offMs !== 0);
    }
    if (memory.fault !== "" || !presentTime(map)) return "unknown";
    if (memory.confirmed || date || ((contact === ANSWERED || contact === FOREIGN) && !tellsDate())) return "known";
    return "unconfirmed";
  }

  return { decide, contradictionMs };
}

/** What a fix is taken with. */
export interface FixParts {
  clock: Clock;
  map: TimeMap;
  log: Log;
}

export function createTakeFix(sources: TimeSources, parts: FixParts, memory: FixMemory): TakeFix {
  const clock = parts.clock;

  return {
    take(done) {
      const sinceRawMs = clock.rawMs();
      const session = clock.session();
      const judge = openJudge(clock, parts.map, parts.log, memory);

      function finish(sntp: TimeAnswer | undefined, date: TimeAnswer | undefined, contact: Contact): void {
        // The last moments before the exchange are only proven free of a jump by a heartbeat after it.
        clock.confirm(sntp ? sinceRawMs : date ? date.rawMs : 0, () => {
          let found: TimeFound = "unknown";
          try {
            const same = clock.session() === session;
            found = judge.decide(same ? sntp : undefined, same ? date : undefined, contact);
          } catch (error) {
            // The ledger throws when the flash fails; whoever waits must not wait for ever.
            parts.log("error", `time: ${error}`);
            if (presentTime(parts.map)) found = "known";
          }
          done(found, contact, sntp !== undefined);
        });
      }

      sources.sntp.query((sntp) => {
        if (sntp && memory.confirmed && memory.fault === "" && judge.contradictionMs(sntp) === 0) {
          finish(sntp, undefined, ANSWERED);
        } else sources.askDate((date, contact) => finish(sntp, date, contact));
      });
    },
  };
}
