/** The sending part of a delivery: request by request, until nothing is left or something stands in the way. */
import type { Contact } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import { FAIL_CAUSE, type FailCause, isAhead } from "../storage/ledger/ledger.ts";
import { VERDICT, type Verdict } from "../verdict.ts";
import { backoffMs } from "./backoff.ts";
import type { Meaning } from "./blynk.ts";
import type { Job } from "./job.ts";
import { type Judgement, judge } from "./outcome.ts";
import type { Planned, Planner } from "./planner.ts";
import { openTransfer, type Transfer, type TransferSettings } from "./transfer.ts";
import type { UploadParts } from "./upload-parts.ts";

/** `nextTryMs`: time until another try is worth it; Infinity when somebody has to ask for one. */
export type Drained = (verdict: Verdict, nextTryMs: number) => void;

export interface Drain {
  /** Sends all that may be sent. `done` is called once, unless `stop` comes first or something throws. */
  run(done: Drained): void;
  /** Says why nothing can be sent when the server was not reached to confirm the time; returns the verdict. */
  unreached(contact: Contact): Verdict;
  /** The network is gone: gives up the request on its way. */
  linkLost(): void;
  /** Ends a run whose `done` is not awaited any more, because something in it threw. */
  stop(): void;
  /** Forgets the failures that the backoff grew from, and how long the server asked to be left alone. */
  forgive(): void;
  /** What only a person can put right, or "". */
  fault(): string;
}

const TLS_LIMITS =
  "Espruino's TLS is 1.2 with RSA or DHE-RSA key exchange, without SNI or certificate checks; other servers refuse its handshake";

/** What the runs share. */
interface Memory {
  /** Number of the run under way. One that was stopped must not go on beside the next. */
  run: number;
  /** The request under way. */
  transfer: Transfer | undefined;
  /** Requests that failed since the last success. */
  failuresInRow: number;
  /** What the last failed request ended with. */
  failure: Verdict;
  /** The server asked to be left alone until then. */
  silentUntilRawMs: number;
  /** What only a person can put right, or "". */
  fault: string;
}

/** Nothing thrown or answered may carry the token to a log. */
function withoutToken(text: string, token: string): string {
  // Espruino's split() returns nothing of a text that is shorter than the separator.
  return token === "" || text.indexOf(token) < 0 ? text : text.split(token).join("…");
}

/** Why a request failed, for the ledger. */
function causeOf(judgement: Judgement): FailCause {
  if (judgement.attempt === "rest") return FAIL_CAUSE.refused;
  if (judgement.attempt === "keep") return judgement.outcome === "busy" ? FAIL_CAUSE.busy : FAIL_CAUSE.unknown;
  return judgement.outcome === "cut" || judgement.outcome === "foreignCut" ? FAIL_CAUSE.cut : FAIL_CAUSE.other;
}

/** Made anew for each run, and let go after it: its functions take JsVars only while it lasts. `take` makes one request. */
function openRun(
  parts: UploadParts,
  planner: Planner,
  settings: TransferSettings,
  memory: Memory,
  done: Drained,
): { take: Planned } {
  const mine = memory.run;
  const ledger = parts.ledger;
  let failures = 0;
  let refused = false;

  /** Writes down what became of a job. */
  function settle(job: Job, text: string, judgement: Judgement): void {
    const attempt = job.attempt;
    const pin = attempt.pin;
    const fate = planner.learn(job, judgement);
    if (judgement.attempt === "done") {
      const cursor = ledger.cursor(pin);
      if (isAhead(attempt.from, cursor)) {
        // The points in between were refused one by one, and this one shows that the server takes others.
        const count = parts.ring.count(pin, cursor, attempt.from);
        ledger.drop(pin, "refused", attempt.from, count);
        parts.log("warn", `v${pin}: the server refuses ${count} of its points`);
      }
      ledger.settle(pin, parts.clock.rawMs(), job.settlement);
      parts.log("info", `sent ${attempt.points} points of v${pin}`);
    } else {
      parts.log("warn", `v${pin}: ${text}`);
      if (judgement.attempt === "none") return;
      const cause = causeOf(judgement);
      if (fate === "abandon") {
        ledger.abandon(pin, parts.clock.rawMs(), attempt.points, cause);
        parts.log(
          "warn",
          `v${pin}: other requests take the place of ${attempt.points} points, which may stand on the server`,
        );
      } else ledger.fail(pin, parts.clock.rawMs(), fate === "keep", cause);
    }
  }

  /** Ends the run when there is no request left to make. */
  function finishEmpty(): void {
    const waitMs = planner.quotaWaitMs();
    // The clock jumped since the fix was taken: nothing was looked at, so nothing says that all was sent.
    if (!parts.map.now()) done(VERDICT.noTime, LIMITS.backoffFirstMs);
    else if (refused || planner.rests() === "refused") done(VERDICT.pinOrPointsRefused, waitMs || Infinity);
    else if (planner.rests() === "unknown") done(memory.failure, Infinity);
    else if (waitMs > 0) done(VERDICT.dailyLimit, waitMs);
    else done(VERDICT.allSent, Infinity);
  }

  /** From a timer, so that what made the last request has let go of its memory when the next one is planned. */
  function proceed(waitMs: number): void {
    parts.timers.setTimeout(() => planner.plan(take), waitMs);
  }

  function backOff(meaning: Meaning, judgement: Judgement): void {
    if (meaning.outcome === "unreached" && settings.server.substr(0, 6) === "https:") memory.fault = TLS_LIMITS;
    const waitMs = Math.max(meaning.retryAfterMs, backoffMs(memory.failuresInRow++, parts.chip.random));
    if (meaning.retryAfterMs > 0) memory.silentUntilRawMs = parts.clock.rawMs() + waitMs;
    failures++;
    memory.failure = judgement.verdict;
    const patient =
      judgement.next === "retry" && meaning.retryAfterMs === 0 && failures < LIMITS.failuresPerDeliveryMax;
    if (patient && waitMs <= LIMITS.patienceMs) proceed(waitMs);
    else done(judgement.verdict, waitMs);
  }

  /** Draws the consequences of a request's end. */
  function follow(job: Job, meaning: Meaning): void {
    const judgement = judge(meaning.outcome);
    const text = withoutToken(meaning.text, settings.token);
    settle(job, text, judgement);
    if (mine !== memory.run) return;
    if (judgement.next === "stop") {
      memory.fault = text;
      done(judgement.verdict, Infinity);
    } else if (judgement.next === "go on") {
      if (judgement.attempt === "done") {
        memory.failuresInRow = 0;
        memory.fault = "";
      } else if (judgement.verdict !== VERDICT.allSent && (meaning.outcome !== "smaller" || job.attempt.points === 1)) {
        refused = true;
      }
      proceed(0);
    } else backOff(meaning, judgement);
  }

  function take(job: Job | undefined): void {
    if (mine !== memory.run) return;
    if (!job) {
      finishEmpty();
      return;
    }
    // From a timer: by then what measured the batch has let go of its memory.
    parts.timers.setTimeout(() => {
      if (mine !== memory.run) return;
      memory.transfer = openTransfer(parts, settings, job, (meaning) => {
        memory.transfer = undefined;
        follow(job, meaning);
      });
      memory.transfer.start();
    }, 0);
  }

  return { take };
}

export function createDrain(parts: UploadParts, planner: Planner, settings: TransferSettings): Drain {
  const memory: Memory = {
    run: 0,
    transfer: undefined,
    failuresInRow: 0,
    failure: VERDICT.serverNotReached,
    silentUntilRawMs: 0,
    fault: "",
  };

  /** Looks for what keeps every request from being made. Returns the verdict, or `allSent` when there is nothing. */
  function obstacle(): Verdict {
    memory.fault = "";
    if (settings.server === "") memory.fault = "no usable server is set";
    else if (settings.token === "") memory.fault = "no usable token is set";
    else if (settings.server.substr(0, 6) === "https:" && !parts.http.tls) {
      memory.fault = "this Espruino build has no TLS, so it can't reach an https server: use one that has it (README)";
    }
    if (memory.fault === "") return VERDICT.allSent;
    parts.log("error", memory.fault);
    return settings.token === "" ? VERDICT.serverSaysNo : VERDICT.serverNotReached;
  }

  return {
    unreached(contact) {
      const verdict = obstacle();
      if (verdict !== VERDICT.allSent) return verdict;
      if (contact === "unreached" && settings.server.substr(0, 6) === "https:") memory.fault = TLS_LIMITS;
      return VERDICT.serverNotReached;
    },
    run(done) {
      memory.run++;
      const verdict = obstacle();
      if (verdict !== VERDICT.allSent) {
        done(verdict, Infinity);
        return;
      }
      const silentMs = memory.silentUntilRawMs - parts.clock.rawMs();
      if (silentMs > 0) {
        done(VERDICT.serverNotReached, silentMs);
        return;
      }
      planner.begin();
      planner.plan(openRun(parts, planner, settings, memory, done).take);
    },
    linkLost() {
      if (memory.transfer) memory.transfer.abandon("the network was lost");
    },
    stop() {
      memory.run++;
      if (memory.transfer) memory.transfer.abandon("stopped");
    },
    forgive() {
      memory.failuresInRow = 0;
      memory.silentUntilRawMs = 0;
      planner.forgive();
    },
    fault() {
      return memory.fault;
    },
  };
}
