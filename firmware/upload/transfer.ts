/** One request: connects, streams a batch from flash to the socket, reads the answer. */
import { LIMITS } from "../limits.ts";
import type { HttpRequest } from "../platform/ports.ts";
import { type Batch, openBatch } from "./batch.ts";
import { ANSWER_CHARS_MAX, type Answer, batchRequest, headerOf, type Meaning, readAnswer } from "./blynk.ts";
import type { Job } from "./job.ts";
import type { UploadParts } from "./upload-parts.ts";

export interface Transfer {
  /** Makes the request. Call it once. */
  start(): void;
  /** Gives the started request up, for a reason in words. Does nothing once it has ended. */
  abandon(why: string): void;
}

export interface TransferSettings {
  /** An origin, as settings.ts checks it; "" when there is none. */
  server: string;
  /** Goes into requests and nowhere else. */
  token: string;
}

/** Fewer characters are not worth a packet: the short pieces of thinned runs are put together. */
const WRITE_CHARS_MIN = 400;

/** The request for one job, not made yet. `done` is called once, from a timer. */
export function openTransfer(
  parts: UploadParts,
  settings: TransferSettings,
  job: Job,
  done: (meaning: Meaning) => void,
): Transfer {
  const attempt = job.attempt;
  const batch: Batch = openBatch(parts.ring, parts.map, job.run);
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
    parts.timers.setTimeout(() => done(meaning), 0);
  }

  function abandon(why: string): void {
    conclude({ outcome: whole ? "unknown" : charged ? "cut" : "unreached", retryAfterMs: 0, text: why, proof: false });
  }

  function end(why: string): void {
    const now = parts.map.now();
    if (answered) conclude(readAnswer(answer, whole, now ? now.trueMs : Infinity));
    else abandon(why);
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

  function start(): void {
    timer = parts.timers.setTimeout(() => end("no answer in time"), LIMITS.answerTimeoutMs);
    try {
      parts.clock.blocked(() => {
        request = parts.http.request(batchRequest(settings.server, settings.token, attempt.pin, attempt.bodyBytes), {
          drain() {
            if (charged) stream();
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
            end(`error ${code}: ${message}`);
          },
        });
        // Connects, or throws. A body of one bracket cannot be accepted, so nothing has to be charged before.
        if (!over) request.write("[");
      });
    } catch (error) {
      abandon(String(error));
    }
    if (over) return;
    attempt.rawMs = parts.clock.rawMs();
    parts.ledger.recordAttempt(attempt);
    charged = true;
  }

  return { start, abandon };
}
