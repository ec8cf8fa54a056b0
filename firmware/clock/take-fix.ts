/** One sync of the clock: ask SNTP, else the web server's date, and leave what was learned in the ledger. */
import type { Log } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import { type Clock, UNSEEN_JUMP_MS } from "./clock.ts";
import type { Sntp, TimeAnswer } from "./sntp.ts";
import { DRIFT_MAX_PPM, type TimeMap } from "./time-map.ts";

export interface FixTaker {
  /** `done` is called once, with whether the time is known now. */
  run(done: (known: boolean) => void): void;
}

/** `askDate` as `createHttpDate` makes it. */
export function createFixTaker(
  sntp: Sntp,
  askDate: (done: (answer: TimeAnswer | undefined) => void) => void,
  clock: Clock,
  map: TimeMap,
  ledger: Pick<Ledger, "fixes" | "addFix" | "removeFix" | "pins" | "attempt">,
  log: Log,
): FixTaker {
  /** Removes points of this session about whose moment the new one tells more than they do, such as a web server's date. */
  const removeWorse = (session: number, answer: TimeAnswer): void => {
    // An open attempt must be replayed with the very map it used. Those points go at the next sync.
    let pinned = 0;
    const pins = ledger.pins();
    for (let i = 0; i < pins.length; i++) {
      const attempt = ledger.attempt(pins[i]);
      if (attempt && attempt.fixId > pinned) pinned = attempt.fixId;
    }
    const fixes = ledger.fixes().slice();
    for (let i = 0; i < fixes.length; i++) {
      const point = fixes[i];
      const apartMs = answer.rawMs - point.rawMs;
      const knownMs = answer.boundMs + (apartMs * DRIFT_MAX_PPM) / 1e6 + UNSEEN_JUMP_MS;
      if (point.session === session && apartMs > 0 && point.id > pinned && knownMs < point.boundMs) {
        ledger.removeFix(point.id);
      }
    }
  };

  const take = (answer: TimeAnswer, source: string, authority: boolean): void => {
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
        // A point less sure than what is known already would only blur the map.
        return;
      }
    }
    removeWorse(session, answer);
    ledger.addFix(session, answer.rawMs, answer.trueMs, answer.boundMs);
    log("info", `time: ${source}, within ${answer.boundMs} ms`);
  };

  const run = (done: (known: boolean) => void): void => {
    const sinceRawMs = clock.rawMs();
    const session = clock.session();
    let source = "SNTP";
    const finish = (answer: TimeAnswer | undefined): void => {
      if (!answer && source === "SNTP") {
        source = "web server's date";
        askDate(finish);
        return;
      }
      // The last moments before the exchange are only proven free of a jump by a heartbeat after it.
      clock.confirm(source === "SNTP" ? sinceRawMs : answer ? answer.rawMs : 0, () => {
        try {
          if (answer && clock.session() === session) take(answer, source, source === "SNTP");
        } catch (error) {
          // The ledger throws when the flash fails; whoever waits must not wait for ever.
          log("error", `time: ${error}`);
        }
        done(map.now() !== undefined);
      });
    };
    sntp.query(finish);
  };

  return { run };
}
