/** One request: connects, streams a batch from flash to the socket, reads the answer. */
import { LIMITS } from "../limits.ts";
import { ANSWER_TOO_LONG, HANDSHAKE_REFUSED, type HttpRequest } from "../platform/ports.ts";
import { isAhead } from "../storage/ledger/ledger.ts";
import { accountOf } from "../storage/ledger/state.ts";
import { recordAttempt } from "../storage/ledger/writing.ts";
import { type Batch, openBatch } from "./batch.ts";
import { ANSWER_CHARS_MAX, type Answer, batchRequest, headerOf, type Meaning, readAnswer } from "./blynk.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Job } from "./job.ts";
import type { Outcome } from "./outcome.ts";
import type { UploadParts } from "./upload-parts.ts";

export interface Transfer {
  /** Makes the request. Call it once. */
  start(): void;
  /** Gives the started request up, for a reason in words. Does nothing once it has ended. */
  abandon(why: string): void;
}

/** Fewer characters are not worth a packet: the short pieces of thinned runs are put together. */
const WRITE_CHARS_MIN = 400;

/** The request for one job, not made yet. `done` is called once, from a timer. */
export function openTransfer(
  parts: UploadParts,
  endpoint: Endpoint,
  job: Job,
  done: (meaning: Meaning) => void,
): Transfer {
  "on demand";
  const attempt = job.attempt;
  const batch: Batch = openBatch(parts, job.run);
  const answer: Answer = { status: NaN, headers: {}, body: "", chars: 0 };
  let answered = false;
  let charged = false;
  let whole = false;
  let over = false;
  let timer = 0;
  let request: HttpRequest | undefined;

  function conclude(meaning: Meaning): void {
    if (over) return;
    over = true;
    parts.timers.clearTimeout(timer);
    if (request) request.abort();
    parts.timers.setTimeout(() => {
      // Whoever answers may have got the request, even if it was never told that it left.
      if (answered) charge();
      done(meaning);
    }, 0);
  }

  function give(outcome: Outcome, why: string): void {
    conclude({ outcome, retryAfterMs: 0, location: "", text: why, proof: false, whole });
  }

  function abandon(why: string): void {
    give(whole ? "unknown" : charged ? "cut" : "unreached", why);
  }

  function end(why: string): void {
    const now = parts.source.now(parts.map);
    if (answered) conclude(readAnswer(answer, whole, now ? now.trueMs : Infinity));
    else abandon(why);
  }

  /** Notes that the request is on its way. What came before can't be accepted by anybody. */
  function charge(): void {
    if (charged) return;
    charged = true;
    attempt.rawMs = parts.clock.rawMs();
    recordAttempt(parts.storage.ledger, attempt);
  }

  /** Writes the next piece of the body, or the last and the end. */
  function stream(): void {
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
      abandon("a page decayed while it was sent");
      return;
    }
    const socket = request as HttpRequest;
    try {
      if (text !== "") socket.write(text);
      if (!more) {
        socket.write("]");
        whole = true;
        socket.end();
      }
    } catch (error) {
      abandon(String(error));
    }
  }

  /** The head and the first bracket have left: TLS came about, too. */
  function begin(): void {
    if (over) return;
    if (isAhead(accountOf(parts.storage.ledger, attempt.pin).cursor, attempt.from)) {
      abandon("the ring was full, and let go of what was to be sent");
      return;
    }
    charge();
    stream();
  }

  function start(): void {
    timer = parts.timers.setTimeout(() => end("no answer in time"), LIMITS.answerTimeoutMs);
    try {
      parts.clock.blocked(() => {
        const options = batchRequest(endpoint.server, endpoint.token, attempt.pin, attempt.bodyBytes);
        request = parts.http.request(options, {
          drain() {
            if (charged) stream();
            // From a timer: the ledger throws when the flash fails.
            else parts.timers.setTimeout(begin, 0);
          },
          response(status, headers) {
            answered = true;
            answer.status = status;
            answer.headers = headers;
            if (headerOf(headers, "content-length") === "0") end("");
          },
          data(text) {
            answer.chars += text.length;
            answer.body = (answer.body + text).substr(0, ANSWER_CHARS_MAX);
            // Some servers keep the connection open in spite of `Connection: close`.
            if (`${answer.chars}` === headerOf(answer.headers, "content-length")) end("");
          },
          close() {
            end("closed without an answer");
          },
          error(code, message) {
            if (code === ANSWER_TOO_LONG) {
              answered = true;
              give(whole ? "foreign" : "foreignCut", message);
            } else if (code === HANDSHAKE_REFUSED) give("handshake", message);
            else end(`error ${code}: ${message}`);
          },
        });
        // Connects, or throws. TLS shakes hands later, in the idle loop. A body of one bracket can't be accepted, so nothing is
        // charged until it has left.
        if (!over) request.write("[");
      });
    } catch (error) {
      give("unreached", String(error));
    }
  }

  return { start, abandon };
}
