/** Sends what the planner chooses, request by request, until nothing is left or something stands in the way. */
import type { Clock } from "../clock/clock.ts";
import type { TimeMap } from "../clock/time-map.ts";
import { LIMITS } from "../limits.ts";
import type { Chip, Http, HttpRequest, Log, Timers } from "../platform/ports.ts";
import { isAhead, type Ledger } from "../storage/ledger/ledger.ts";
import type { Ring } from "../storage/ring/ring.ts";
import { VERDICT } from "../verdict.ts";
import { openBatch } from "./batch.ts";
import { ANSWER_CHARS_MAX, type Answer, batchRequest, headerOf, type Meaning, readAnswer } from "./blynk.ts";
import type { Job, Planner } from "./planner.ts";

export interface Drain {
  /** Sends all that may be sent. `done` gets a verdict, and the time until another try is worth it (Infinity: when somebody asks). */
  drain(done: (verdict: number, nextTryMs: number) => void): void;
  /** The network is gone: gives up the request on its way. */
  linkLost(): void;
  /** Ends a drain whose `done` won't come any more, because something in it threw. */
  stop(): void;
  /** Forgets the failures that the backoff grew from, and what the server asked to wait. */
  forgive(): void;
  /** What only a person can put right, or "". */
  fault(): string;
}

export interface DrainSettings {
  /** An origin, as settings.ts checks it; "" when there is none. */
  server: string;
  /** Goes into requests and nowhere else. */
  token: string;
}

/** Fewer characters are not worth a packet: short pieces, of thinned runs, are put together. */
const WRITE_CHARS_MIN = 400;

const TLS_LIMITS =
  "Espruino's TLS is 1.2 with RSA or DHE-RSA key exchange, without SNI or certificate checks; other servers refuse its handshake";

export function createDrain(
  ring: Ring,
  ledger: Ledger,
  map: TimeMap,
  clock: Clock,
  planner: Planner,
  http: Http,
  timers: Timers,
  chip: Pick<Chip, "random">,
  log: Log,
  settings: DrainSettings,
): Drain {
  let failuresInRow = 0;
  /** The server asked not to be asked before. */
  let silentUntilRawMs = 0;
  let fault = "";
  /** Number of the drain that is on; one that was stopped must not go on beside the next. */
  let drains = 0;
  let giveUp: ((text: string) => void) | undefined;

  /** Nothing thrown or answered may carry the token to a log. */
  const tell = (level: "error" | "warn" | "info", text: string): string => {
    // Espruino's split() returns nothing of a text that is shorter than the separator.
    const clean =
      settings.token === "" || text.indexOf(settings.token) < 0 ? text : text.split(settings.token).join("…");
    log(level, clean);
    return clean;
  };

  /** Makes one request. `done` is called once, from a timer. */
  const send = (job: Job, done: (meaning: Meaning) => void): void => {
    const attempt = job.attempt;
    const batch = openBatch(ring, map, job.run);
    const answer: Answer = { status: NaN, headers: {}, body: "", chars: 0 };
    let answered = false;
    let charged = false;
    let whole = false;
    let over = false;
    let request: HttpRequest | undefined;

    const conclude = (meaning: Meaning): void => {
      if (over) return;
      over = true;
      giveUp = undefined;
      timers.clearTimeout(timer);
      if (request) request.abort();
      timers.setTimeout(() => done(meaning), 0);
    };
    const failed = (text: string): void => {
      conclude({ outcome: whole ? "unknown" : charged ? "cut" : "unreached", retryAfterMs: 0, text });
    };
    const ended = (text: string): void => {
      const now = map.now();
      if (answered) conclude(readAnswer(answer, whole, now ? now.trueMs : Infinity));
      else failed(text);
    };
    const timer = timers.setTimeout(() => ended("no answer in time"), LIMITS.answerTimeoutMs);
    giveUp = failed;

    const drain = (): void => {
      if (over || whole) return;
      let text = "";
      let more = true;
      while (more && text.length < WRITE_CHARS_MIN) {
        more = batch.step();
        // Handed over rather than copied: a text takes a JsVar for every dozen characters.
        text = text === "" ? batch.text : text + batch.text;
        batch.text = "";
      }
      const same = more ? batch.bodyBytes <= attempt.bodyBytes : batch.bodyBytes === attempt.bodyBytes;
      if (!same || (!more && batch.corrupt !== job.settlement.corrupt)) {
        // Never padded: the server would store what was never measured.
        failed("a page decayed while it was sent");
        return;
      }
      try {
        if (request && text !== "") request.write(text);
        if (!more && request) request.write("]");
        if (!more) whole = true;
        if (!more && request) request.end();
      } catch (error) {
        failed(String(error));
      }
    };

    try {
      clock.blocked(() => {
        request = http.request(batchRequest(settings.server, settings.token, attempt.pin, attempt.bodyBytes), {
          drain: () => {
            if (charged) drain();
          },
          response: (status, headers) => {
            answered = true;
            answer.status = status;
            answer.headers = headers;
            if (headerOf(headers, "content-length") === "0") ended("");
          },
          data: (text) => {
            answer.chars += text.length;
            answer.body = (answer.body + text).substr(0, ANSWER_CHARS_MAX);
            // Some servers keep the connection open in spite of `Connection: close`.
            if (`${answer.chars}` === headerOf(answer.headers, "content-length")) ended("");
          },
          close: () => ended("closed without an answer"),
          error: (code, message) => ended(`error ${code}: ${message}`),
        });
        // Connects, or throws. A body that is one bracket can't be accepted, so nothing is to be charged before.
        if (!over) request.write("[");
      });
    } catch (error) {
      failed(String(error));
    }
    if (over) return;
    attempt.rawMs = clock.rawMs();
    ledger.recordAttempt(attempt);
    charged = true;
  };

  /** Writes down what became of a job. */
  const settle = (job: Job, meaning: Meaning): void => {
    const attempt = job.attempt;
    const pin = attempt.pin;
    const keep = planner.learn(job, meaning.outcome);
    if (meaning.outcome === "sent") {
      const cursor = ledger.cursor(pin);
      if (isAhead(attempt.from, cursor)) {
        // The points in between were refused one by one, and this one shows that the server takes others.
        const refused = ring.count(pin, cursor, attempt.from);
        ledger.drop(pin, "refused", attempt.from, refused);
        tell("warn", `v${pin}: the server refuses ${refused} of its points`);
      }
      ledger.settle(pin, clock.rawMs(), job.settlement);
      tell("info", `sent ${attempt.points} points of v${pin}`);
    } else {
      tell("warn", `v${pin}: ${meaning.text}`);
      if (meaning.outcome !== "unreached") ledger.fail(pin, clock.rawMs(), keep);
    }
  };

  const drain = (done: (verdict: number, nextTryMs: number) => void): void => {
    const mine = ++drains;
    let failures = 0;
    let refused = false;

    const finish = (verdict: number, nextTryMs: number): void => {
      if (verdict !== 0) done(verdict, nextTryMs);
      // The clock jumped since the time was asked: nothing was looked at, so nothing says that all was sent.
      else if (!map.now()) done(VERDICT.noTime, LIMITS.backoffFirstMs);
      else if (refused || planner.rests()) done(VERDICT.pinOrPointsRefused, planner.quotaWaitMs() || Infinity);
      else if (planner.quotaWaitMs() > 0) done(VERDICT.dailyLimit, planner.quotaWaitMs());
      else done(VERDICT.allSent, Infinity);
    };

    /** From a timer, so that what made the last request has let go of its memory when the next one is planned. */
    const proceed = (waitMs: number): void => {
      timers.setTimeout(() => planner.next(take), waitMs);
    };

    const take = (job: Job | undefined): void => {
      if (mine !== drains) return;
      if (!job) {
        finish(0, 0);
        return;
      }
      const onMeaning = (meaning: Meaning): void => {
        const outcome = meaning.outcome;
        settle(job, meaning);
        if (mine !== drains) return;
        if (outcome === "sent") {
          failuresInRow = 0;
          fault = "";
          proceed(0);
        } else if (outcome === "stop") {
          fault = meaning.text;
          finish(VERDICT.serverSaysNo, Infinity);
        } else if (outcome === "pin" || outcome === "refused" || outcome === "smaller") {
          refused = refused || outcome !== "smaller" || job.attempt.points === 1;
          proceed(0);
        } else {
          if (outcome === "unreached" && settings.server.substr(0, 6) === "https:") fault = TLS_LIMITS;
          // Full jitter: a fleet that lost the same server doesn't come back in step.
          const limitMs = Math.min(
            LIMITS.backoffMaxMs,
            LIMITS.backoffFirstMs * Math.pow(2, Math.min(failuresInRow, 20)),
          );
          const waitMs = Math.max(meaning.retryAfterMs, Math.ceil(chip.random() * limitMs));
          if (meaning.retryAfterMs > 0) silentUntilRawMs = clock.rawMs() + waitMs;
          failuresInRow++;
          failures++;
          const patience =
            outcome !== "portal" && meaning.retryAfterMs === 0 && failures < LIMITS.failuresPerDeliveryMax;
          if (!patience || waitMs > LIMITS.patienceMs) {
            finish(VERDICT.serverNotReached, waitMs);
          } else {
            proceed(waitMs);
          }
        }
      };
      // From a timer: by then what measured the batch has let go of its memory.
      timers.setTimeout(() => {
        if (mine === drains) send(job, onMeaning);
      }, 0);
    };

    fault = "";
    if (settings.server === "") fault = "no usable server is set";
    else if (settings.token === "") fault = "no usable token is set";
    else if (settings.server.substr(0, 6) === "https:" && !http.tls) {
      fault = "this Espruino build has no TLS, so it can't reach an https server: use a build that has (README)";
    }
    if (fault !== "") {
      tell("error", fault);
      done(settings.token === "" ? VERDICT.serverSaysNo : VERDICT.serverNotReached, Infinity);
      return;
    }
    const silentMs = silentUntilRawMs - clock.rawMs();
    if (silentMs > 0) {
      finish(VERDICT.serverNotReached, silentMs);
      return;
    }
    planner.begin();
    planner.next(take);
  };

  return {
    drain,
    linkLost: () => {
      if (giveUp) giveUp("the network was lost");
    },
    stop: () => {
      drains++;
      if (giveUp) giveUp("stopped");
    },
    forgive: () => {
      failuresInRow = 0;
      silentUntilRawMs = 0;
      planner.forgive();
    },
    fault: () => fault,
  };
}
