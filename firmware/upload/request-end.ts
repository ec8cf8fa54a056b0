/** What follows from the end of a request: for its samples, for the server's name, for the next request. */
import { FOREIGN } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import { FAIL_CAUSE, isAhead } from "../storage/ledger/ledger.ts";
import { accountOf } from "../storage/ledger/state.ts";
import { abandonAttempt, dropSamples, failAttempt, settleAttempt } from "../storage/ledger/writing.ts";
import { VERDICT } from "../verdict.ts";
import { backoffMs } from "./backoff.ts";
import { batchRequest, type Meaning } from "./blynk.ts";
import type { DrainRun } from "./drain.ts";
import { followMove, keepMove, MET, withoutToken } from "./endpoint.ts";
import type { Job } from "./job.ts";
import { type Judgement, judge, type Outcome } from "./outcome.ts";
import { learnOutcome } from "./planner.ts";

const EMPTY_ANSWER = "the empty answer is not Blynk's: a captive portal or a proxy?";

/** Why a request failed, for the ledger. Whatever was answered: what came before the body was whole, takes its points back. */
function causeOf(judgement: Judgement, whole: boolean): number {
  let cause: number = FAIL_CAUSE.other;
  if (judgement.attempt === "rest") cause = FAIL_CAUSE.refused;
  else if (judgement.attempt === "keep") cause = judgement.outcome === "busy" ? FAIL_CAUSE.busy : FAIL_CAUSE.unknown;
  return whole ? cause : cause + FAIL_CAUSE.cut;
}

/** Writes down what became of a job. */
function settle(run: DrainRun, job: Job, text: string, judgement: Judgement, whole: boolean): void {
  const parts = run.upload.parts;
  const ledger = parts.storage.ledger;
  const attempt = job.attempt;
  const pin = attempt.pin;
  const fate = learnOutcome(run.upload, job, judgement);
  const rawMs = parts.clock.rawMs();
  if (judgement.attempt === "done") {
    const cursor = accountOf(ledger, pin).cursor;
    if (isAhead(attempt.from, cursor)) {
      // The points in between were refused one by one, and this one shows that the server takes others.
      const count = parts.source.count(parts.storage, pin, cursor, attempt.from);
      dropSamples(ledger, pin, "refused", attempt.from, count);
      parts.log("warn", `v${pin}: the server refuses ${count} of its points`);
    }
    settleAttempt(ledger, pin, rawMs, job.settlement);
    parts.log("info", `sent ${attempt.points} points of v${pin}`);
    return;
  }
  parts.log("warn", `v${pin}: ${text}`);
  if (judgement.attempt === "none") return;
  const cause = causeOf(judgement, whole);
  if (fate === "abandon") {
    abandonAttempt(ledger, pin, rawMs, attempt.points, cause);
    parts.log(
      "warn",
      `v${pin}: other requests take the place of ${attempt.points} points, which may stand on the server`,
    );
  } else failAttempt(ledger, pin, rawMs, fate === "keep", cause);
}

function backOff(run: DrainRun, meaning: Meaning, judgement: Judgement): void {
  const parts = run.upload.parts;
  const endpoint = run.upload.endpoint;
  const memory = run.upload.memory;
  if (judgement.attempt === "none") memory.fault = withoutToken(meaning.text, endpoint.token);
  const rawMs = parts.clock.rawMs();
  if (meaning.retryAfterMs > 0) endpoint.silentUntilRawMs = rawMs + meaning.retryAfterMs;
  // The answer to the question whether it is Blynk's may have asked for it, too.
  const silentMs = endpoint.silentUntilRawMs - rawMs;
  const waitMs = Math.max(silentMs, backoffMs(memory.failuresInRow++, parts.chip.random));
  run.failures++;
  memory.failure = judgement.verdict;
  const patient = judgement.next === "retry" && silentMs <= 0 && run.failures < LIMITS.failuresPerDeliveryMax;
  if (patient && waitMs <= LIMITS.patienceMs) run.proceed(waitMs);
  else run.done(judgement.verdict, waitMs);
}

/** Draws the consequences of a request's end. */
function follow(run: DrainRun, job: Job, meaning: Meaning, outcome: Outcome): void {
  const endpoint = run.upload.endpoint;
  const memory = run.upload.memory;
  const judgement = judge(outcome);
  const text = outcome === "moved" ? `sent on to ${endpoint.server}` : withoutToken(meaning.text, endpoint.token);
  if (judgement.attempt !== "none") endpoint.met = Math.max(endpoint.met, MET.somebody);
  settle(run, job, text, judgement, meaning.whole);
  memory.deaths = 0;
  if (run.number !== memory.run) return;
  if (judgement.next === "stop") {
    memory.fault = text;
    run.done(judgement.verdict, Infinity);
  } else if (judgement.next === "go on") {
    if (judgement.attempt === "done") {
      memory.failuresInRow = 0;
      memory.fault = "";
      keepMove(endpoint, run.upload.parts.store);
    } else if (judgement.verdict !== VERDICT.allSent && (outcome !== "smaller" || job.attempt.points === 1)) {
      run.refused = true;
    }
    run.proceed(0);
  } else backOff(run, meaning, judgement);
}

/**
 * Whether the server is Blynk's decides what some answers mean. Where its answer doesn't say so, it is asked, once a delivery:
 * a proxy without settings answers 200 to everything, with an empty body. One that answers only now and then is not found by
 * that, so an empty body counts for nothing once the server has said `OK`.
 */
export function endRequest(run: DrainRun, job: Job, meaning: Meaning): void {
  "on demand";
  const parts = run.upload.parts;
  const endpoint = run.upload.endpoint;
  const outcome = meaning.outcome;
  if (meaning.proof) endpoint.met = MET.blynk;
  if (outcome === "sent" && meaning.proof) endpoint.saysOk = true;
  else if (outcome === "sent" && endpoint.saysOk) {
    meaning.text = EMPTY_ANSWER;
    follow(run, job, meaning, "foreign");
    return;
  }
  if (outcome === "sent" && endpoint.met !== MET.blynk) {
    parts.askServer((_answer, contact) => {
      // From a timer, as the ledger throws when the flash fails.
      parts.timers.setTimeout(() => {
        if (run.number !== run.upload.memory.run) return;
        if (endpoint.met === MET.blynk) follow(run, job, meaning, outcome);
        else {
          meaning.text = EMPTY_ANSWER;
          follow(run, job, meaning, contact === FOREIGN ? "foreign" : "unknown");
        }
      }, 0);
    });
    return;
  }
  const path = batchRequest(endpoint.server, "", job.attempt.pin, 0).path;
  follow(run, job, meaning, followMove(endpoint, meaning.location, path) ? "moved" : outcome);
}
