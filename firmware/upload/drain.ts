/** The sending part of a delivery: request by request, until nothing is left or something stands in the way. */
import { ANSWERED, type Contact, FOREIGN, type TimeFound } from "../clock/take-fix.ts";
import { LIMITS } from "../limits.ts";
import { VERDICT, type Verdict } from "../verdict.ts";
import { type Endpoint, withoutToken } from "./endpoint.ts";
import type { Job } from "./job.ts";
import { beginPlanning, planRequest } from "./planner.ts";
import { endRequest } from "./request-end.ts";
import { openTransfer, type Transfer } from "./transfer.ts";
import type { Upload, UploadParts } from "./upload-parts.ts";

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

/** One run of the drain: what its steps share. */
export interface DrainRun {
  upload: Upload;
  done: Drained;
  /** `DrainMemory.run` of its own. Another number there says that this one was stopped. */
  number: number;
  failures: number;
  /** The server refused points, or a pin. */
  refused: boolean;
  /** Plans the next request after a while. */
  proceed(waitMs: number): void;
}

/**
 * A restart in the middle of a request may be a power cut. At the second in a row the request itself is suspected, as it takes
 * memory, and what answers may send more than there is. The next one waits, twice as long each time, and the unit logs meanwhile.
 */
const DEATHS_SUSPECT = 2;
const DEATH_REST_FIRST_MS = 600000;
const DEATH_REST_MAX_MS = 6 * 3600000;

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

/** Ends the run when there is no request left to make. */
function finishEmpty(run: DrainRun): void {
  "on demand";
  const memory = run.upload.memory;
  const waitMs = memory.quotaWaitMs;
  // The clock jumped since the fix was taken: nothing was looked at, so nothing says that all was sent.
  if (!run.upload.parts.source.now(run.upload.parts.map)) run.done(VERDICT.noTime, LIMITS.backoffFirstMs);
  else if (run.refused || memory.rests === "refused") run.done(VERDICT.pinOrPointsRefused, waitMs || Infinity);
  else if (memory.rests === "unknown") run.done(memory.failure, Infinity);
  else if (waitMs > 0) run.done(VERDICT.dailyLimit, waitMs);
  else run.done(VERDICT.allSent, Infinity);
}

/** The run may begin. If not, `done` was called. */
function mayRun(upload: Upload, done: Drained): boolean {
  "on demand";
  const memory = upload.memory;
  const verdict = obstacle(upload.parts, upload.endpoint, memory);
  if (verdict !== VERDICT.allSent) {
    done(verdict, Infinity);
    return false;
  }
  const silentMs = upload.endpoint.silentUntilRawMs - upload.parts.clock.rawMs();
  if (silentMs <= 0) return true;
  if (memory.deaths >= DEATHS_SUSPECT) {
    memory.fault = `the unit restarted in each of the last ${memory.deaths} requests: the next one is made in ${Math.ceil(silentMs / 60000)} min, or at a press`;
    upload.parts.log("warn", memory.fault);
  }
  done(VERDICT.serverNotReached, silentMs);
  return false;
}

/**
 * Each step comes from a timer, so that what the one before was made of has been let go: while a request is under way, neither
 * what planned it nor what will judge its end takes memory.
 */
export function createDrain(upload: Upload): Drain {
  const memory = upload.memory;
  const timers = upload.parts.timers;

  function send(run: DrainRun, job: Job): void {
    if (run.number !== memory.run) return;
    memory.transfer = openTransfer(upload.parts, upload.endpoint, job, (meaning) => {
      memory.transfer = undefined;
      timers.setTimeout(() => endRequest(run, job, meaning), 0);
    });
    memory.transfer.start();
  }

  function plan(run: DrainRun): void {
    if (run.number !== memory.run) return;
    planRequest(
      upload,
      (job) => {
        if (run.number !== memory.run) return;
        if (job) timers.setTimeout(() => send(run, job), 0);
        else finishEmpty(run);
      },
      () => run.proceed(0),
    );
  }

  return {
    run(done) {
      memory.run++;
      if (!mayRun(upload, done)) return;
      const run: DrainRun = {
        upload,
        done,
        number: memory.run,
        failures: 0,
        refused: false,
        proceed(waitMs) {
          timers.setTimeout(() => plan(run), waitMs);
        },
      };
      beginPlanning(upload);
      plan(run);
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
