/** Takes a fix of the clock: asks SNTP, else the web server's date, and leaves what was learned in the ledger. */
import type { Log } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { type Clock, UNSEEN_JUMP_MS } from "./clock.ts";
import { FIX_KIND } from "./fix-kind.ts";
import type { Sntp, TimeAnswer } from "./sntp.ts";
import { DRIFT_MAX_PPM, type TimeMap } from "./time-map.ts";

/** Takes one fix. `done` is called once, with whether the time is known now. */
export type TakeFix = (done: (known: boolean) => void) => void;

/** Whom to ask, the better source first; `askDate` as `createHttpDate` makes it. */
export interface TimeSources {
  sntp: Sntp;
  askDate(done: (answer: TimeAnswer | undefined) => void): void;
}

/** Newest fix that an open attempt needs: it must be replayed with the very map it used. Later fixes may be removed. */
function pinnedFixId(ledger: Pick<Ledger, "pins" | "attempt">): number {
  let pinned = 0;
  const pins = ledger.pins();
  for (let i = 0; i < pins.length; i++) {
    const attempt = ledger.attempt(pins[i]);
    if (attempt && attempt.fixId > pinned) pinned = attempt.fixId;
  }
  return pinned;
}

export function createTakeFix(
  sources: TimeSources,
  clock: Clock,
  map: TimeMap,
  ledger: Pick<Ledger, "fixes" | "addFix" | "removeFix" | "pins" | "attempt">,
  log: Log,
): TakeFix {
  /** Removes this session's fixes that are less exact about their own moment than the new one is, such as a web server's date. */
  function removeWorse(session: number, answer: TimeAnswer): void {
    const pinned = pinnedFixId(ledger);
    const fixes = ledger.fixes();
    for (let i = fixes.length - 1; i >= 0; i--) {
      const fix = fixes.at(i);
      const apartMs = answer.rawMs - fix.rawMs;
      const knownMs = answer.boundMs + (apartMs * DRIFT_MAX_PPM) / 1e6 + UNSEEN_JUMP_MS;
      if (fix.session === session && apartMs > 0 && fix.id > pinned && knownMs < fix.boundMs) {
        ledger.removeFix(fix.id);
      }
    }
  }

  function record(answer: TimeAnswer, source: string, authority: boolean): void {
    const session = clock.session();
    const dating = map.date(session, answer.rawMs, Infinity);
    if (dating.state === "dated") {
      const segment = dating.segment;
      const knownMs = segment.trueMs + (answer.rawMs - segment.fromRawMs) * segment.rate;
      const knownBoundMs = segment.boundMs(answer.rawMs);
      const apartMs = Math.round(answer.trueMs - knownMs);
      if (Math.abs(apartMs) > answer.boundMs + knownBoundMs) {
        log("warn", `time: ${source} is off by ${apartMs} ms${authority ? "" : ", not believed"}`);
        if (!authority) return;
      } else if (knownBoundMs <= answer.boundMs) {
        // A fix less exact than what is known already would only blur the map.
        return;
      }
    }
    removeWorse(session, answer);
    const kind = authority ? FIX_KIND.sntp : FIX_KIND.date;
    ledger.addFix({ session, rawMs: answer.rawMs, trueMs: answer.trueMs, boundMs: answer.boundMs, kind });
    log("info", `time: ${source}, within ${answer.boundMs} ms`);
  }

  return (done) => {
    const sinceRawMs = clock.rawMs();
    const session = clock.session();
    let source = "SNTP";
    function finish(answer: TimeAnswer | undefined): void {
      if (!answer && source === "SNTP") {
        source = "web server's date";
        sources.askDate(finish);
        return;
      }
      // The last moments before the exchange are only proven free of a jump by a heartbeat after it.
      clock.confirm(source === "SNTP" ? sinceRawMs : answer ? answer.rawMs : 0, () => {
        try {
          if (answer && clock.session() === session) record(answer, source, source === "SNTP");
        } catch (error) {
          // The ledger throws when the flash fails; whoever waits must not wait for ever.
          log("error", `time: ${error}`);
        }
        done(map.now() !== undefined);
      });
    }
    sources.sntp.query(finish);
  };
}
