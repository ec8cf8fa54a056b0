/** The sending part of a delivery: request by request, until nothing is left or something stands in the way. */
import { ANSWERED, type Contact, FOREIGN, type TimeFound } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import { FAIL_CAUSE, isAhead } from "../storage/ledger/ledger.ts";
import { VERDICT, type Verdict } from "../verdict.ts";
import { backoffMs } from "./backoff.ts";
import { batchRequest, type Meaning } from "./blynk.ts";
import { type Endpoint, followMove, keepMove, MET } from "./endpoint.ts";
import type { Job } from "./job.ts";
import { type Judgement, judge, type Outcome } from "./outcome.ts";
import type { PlanMemory, Planned, Planner } from "./planner.ts";
import { openTransfer, type Transfer } from "./transfer.ts";
import type { UploadParts } from "./upload-parts.ts";

/** `nextTryMs`: time until another try is worth it; Infinity when somebody has to ask for one. */
export type Drained = (verdict: Verdict, nextTryMs: number) => void;

export interface Drain {
  /** Sends all that may be sent. `done` is called once, unless `stop` comes first or something throws. */
  run(done: Drained): void;
  /** The network is gone: gives up the request on its way. */
  linkLost(): void;
  /** Ends a run whose `done` is not awaited any more, because something in it threw. */
  stop(): void;
}

const EMPTY_ANSWER = "the empty answer is not Blynk's: a captive portal or a proxy?";

/** What the runs of a boot share. Plain data, which stays while the functions here come and go. */
export interface DrainMemory {
  /** Number of the run under way. One that was stopped must not go on beside the next. */
  run: number;
  /** The request under way. */
  transfer: Transfer | undefined;
  /** Requests that failed since the last success. */
  failuresInRow: number;
  /** What the last failed request ended with. */
  failure: Verdict;
  /** What only a person can put right, or "". */
  fault: string;
  /** Requests in a row in which the unit restarted; 0 once one has ended. */
  deaths: number;
}

/**
 * A restart in the middle of a request may be a power cut. At the second in a row the request itself is suspected, as it takes
 * memory, and what answers may send more than there is. The next one waits, twice as long each time, and the unit logs meanwhile.
 */
const DEATHS_SUSPECT = 2;
const DEATH_REST_FIRST_MS = 600000;
const DEATH_REST_MAX_MS = 6 * 3600000;

/** Nothing thrown or answered may carry the token to a log. */
function withoutToken(text: string, token: string): string {
  // Espruino's split() returns nothing of a text that is shorter than the separator.
  return token === "" || text.indexOf(token) < 0 ? text : text.split(token).join("…");
}

/** Why a request failed, for the ledger. Whatever was answered: what came before the body was whole, takes its points back. */
function causeOf(judgement: Judgement, whole: boolean): number {
  let cause: number = FAIL_CAUSE.other;
  if (judgement.attempt === "rest") cause = FAIL_CAUSE.refused;
  else if (judgement.attempt === "keep") cause = judgement.outcome === "busy" ? FAIL_CAUSE.busy : FAIL_CAUSE.unknown;
  return whole ? cause : cause + FAIL_CAUSE.cut;
}

/** Made anew for each run, and let go after it: its functions take JsVars only while it lasts. `take` makes one request. */
function openRun(
  parts: UploadParts,
  openPlanner: () => Planner,
  endpoint: Endpoint,
  memory: DrainMemory & PlanMemory,
  done: Drained,
): { take: Planned } {
  "on demand";
  const mine = memory.run;
  const ledger = parts.ledger;
  let failures = 0;
  let refused = false;

  /** Writes down what became of a job. */
  function settle(job: Job, text: string, judgement: Judgement, whole: boolean): void {
    const attempt = job.attempt;
    const pin = attempt.pin;
    const fate = openPlanner().learn(job, judgement);
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
      const cause = causeOf(judgement, whole);
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
    const waitMs = memory.quotaWaitMs;
    // The clock jumped since the fix was taken: nothing was looked at, so nothing says that all was sent.
    if (!parts.map.now()) done(VERDICT.noTime, LIMITS.backoffFirstMs);
    else if (refused || memory.rests === "refused") done(VERDICT.pinOrPointsRefused, waitMs || Infinity);
    else if (memory.rests === "unknown") done(memory.failure, Infinity);
    else if (waitMs > 0) done(VERDICT.dailyLimit, waitMs);
    else done(VERDICT.allSent, Infinity);
  }

  /** From a timer, so that what made the last request has let go of its memory when the next one is planned. */
  function proceed(waitMs: number): void {
    parts.timers.setTimeout(() => openPlanner().plan(take), waitMs);
  }

  function backOff(meaning: Meaning, judgement: Judgement): void {
    if (judgement.attempt === "none") memory.fault = withoutToken(meaning.text, endpoint.token);
    const rawMs = parts.clock.rawMs();
    if (meaning.retryAfterMs > 0) endpoint.silentUntilRawMs = rawMs + meaning.retryAfterMs;
    // The answer to the question whether it is Blynk's may have asked for it, too.
    const silentMs = endpoint.silentUntilRawMs - rawMs;
    const waitMs = Math.max(silentMs, backoffMs(memory.failuresInRow++, parts.chip.random));
    failures++;
    memory.failure = judgement.verdict;
    const patient = judgement.next === "retry" && silentMs <= 0 && failures < LIMITS.failuresPerDeliveryMax;
    if (patient && waitMs <= LIMITS.patienceMs) proceed(waitMs);
    else done(judgement.verdict, waitMs);
  }

  /** Draws the consequences of a request's end. */
  function follow(job: Job, meaning: Meaning, outcome: Outcome): void {
    const judgement = judge(outcome);
    const text = outcome === "moved" ? `sent on to ${endpoint.server}` : withoutToken(meaning.text, endpoint.token);
    if (judgement.attempt !== "none") endpoint.met = Math.max(endpoint.met, MET.somebody);
    settle(job, text, judgement, meaning.whole);
    memory.deaths = 0;
    if (mine !== memory.run) return;
    if (judgement.next === "stop") {
      memory.fault = text;
      done(judgement.verdict, Infinity);
    } else if (judgement.next === "go on") {
      if (judgement.attempt === "done") {
        memory.failuresInRow = 0;
        memory.fault = "";
        keepMove(endpoint, parts.store);
      } else if (judgement.verdict !== VERDICT.allSent && (outcome !== "smaller" || job.attempt.points === 1)) {
        refused = true;
      }
      proceed(0);
    } else backOff(meaning, judgement);
  }

  /**
   * Whether the server is Blynk's decides what some answers mean. Where its answer doesn't say so, it is asked, once a delivery:
   * a proxy without settings answers 200 to everything, with an empty body. One that answers only now and then is not found by
   * that, so an empty body counts for nothing once the server has said `OK`.
   */
  function identify(job: Job, meaning: Meaning): void {
    const outcome = meaning.outcome;
    if (meaning.proof) endpoint.met = MET.blynk;
    if (outcome === "sent" && meaning.proof) endpoint.saysOk = true;
    else if (outcome === "sent" && endpoint.saysOk) {
      meaning.text = EMPTY_ANSWER;
      follow(job, meaning, "foreign");
      return;
    }
    if (outcome === "sent" && endpoint.met !== MET.blynk) {
      parts.askServer((_answer, contact) => {
        // From a timer, as the ledger throws when the flash fails.
        parts.timers.setTimeout(() => {
          if (mine !== memory.run) return;
          if (endpoint.met === MET.blynk) follow(job, meaning, outcome);
          else {
            meaning.text = EMPTY_ANSWER;
            follow(job, meaning, contact === FOREIGN ? "foreign" : "unknown");
          }
        }, 0);
      });
      return;
    }
    const path = batchRequest(endpoint.server, "", job.attempt.pin, 0).path;
    follow(job, meaning, followMove(endpoint, meaning.location, path) ? "moved" : outcome);
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
      memory.transfer = openTransfer(parts, endpoint, job, (meaning) => {
        memory.transfer = undefined;
        identify(job, meaning);
      });
      memory.transfer.start();
    }, 0);
  }

  return { take };
}

/** Looks for what keeps every request from being made. Returns the verdict, or `allSent` when there is nothing. */
function obstacle(parts: Pick<UploadParts, "http" | "log">, endpoint: Endpoint, memory: DrainMemory): Verdict {
  "on demand";
  memory.fault = "";
  if (endpoint.server === "") memory.fault = "no usable server is set";
  else if (endpoint.token === "") memory.fault = "no usable token is set";
  else if (endpoint.server.substr(0, 6) === "https:" && !parts.http.tls) {
    memory.fault = "this Espruino build has no TLS, so it can't reach an https server (docs/flashing.md)";
  }
  if (memory.fault === "") return VERDICT.allSent;
  parts.log("error", memory.fault);
  return endpoint.token === "" ? VERDICT.notProvisioned : VERDICT.serverNotReached;
}

/** Says why nothing can be sent when no time was found, or the server was needed to confirm it; returns the verdict. */
export function unreached(
  parts: Pick<UploadParts, "http" | "log">,
  endpoint: Endpoint,
  memory: DrainMemory,
  found: TimeFound,
  contact: Contact,
): Verdict {
  const foreign = contact.substr(0, FOREIGN.length) === FOREIGN;
  if (found === "unknown" && !foreign) return VERDICT.noTime;
  const verdict = obstacle(parts, endpoint, memory);
  if (verdict !== VERDICT.allSent) return verdict;
  const why = foreign ? contact.substr(FOREIGN.length + 2) : contact;
  if (why !== ANSWERED) memory.fault = withoutToken(why, endpoint.token);
  return foreign ? VERDICT.intercepted : VERDICT.serverNotReached;
}

/** `deaths`: restarts in a row that came in the middle of a request. */
export function openDrainMemory(deaths: number): DrainMemory {
  return { run: 0, transfer: undefined, failuresInRow: 0, failure: VERDICT.serverNotReached, fault: "", deaths };
}

/** How long a unit leaves the server alone at its start, after so many deaths; 0 when no request is suspected. */
export function deathRestMs(deaths: number): number {
  if (deaths < DEATHS_SUSPECT) return 0;
  return Math.min(DEATH_REST_MAX_MS, DEATH_REST_FIRST_MS * Math.pow(2, Math.min(deaths - DEATHS_SUSPECT, 10)));
}

/** `openPlanner` is called for each plan, and what it gives is let go while a request is under way. */
export function createDrain(
  parts: UploadParts,
  openPlanner: () => Planner,
  endpoint: Endpoint,
  memory: DrainMemory & PlanMemory,
): Drain {
  return {
    run(done) {
      memory.run++;
      const verdict = obstacle(parts, endpoint, memory);
      if (verdict !== VERDICT.allSent) {
        done(verdict, Infinity);
        return;
      }
      const silentMs = endpoint.silentUntilRawMs - parts.clock.rawMs();
      if (silentMs > 0) {
        if (memory.deaths >= DEATHS_SUSPECT) {
          memory.fault = `the unit restarted in each of the last ${memory.deaths} requests: the next one is made in ${Math.ceil(silentMs / 60000)} min, or at a press`;
          parts.log("warn", memory.fault);
        }
        done(VERDICT.serverNotReached, silentMs);
        return;
      }
      const planner = openPlanner();
      planner.begin();
      planner.plan(openRun(parts, openPlanner, endpoint, memory, done).take);
    },
    linkLost() {
      if (memory.transfer) memory.transfer.abandon("the network was lost");
    },
    stop() {
      memory.run++;
      if (memory.transfer) memory.transfer.abandon("stopped");
    },
  };
}
