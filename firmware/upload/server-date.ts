/**
 * What Blynk's server itself says: that it is Blynk's, and the time, by the `Date` of its answer to a harmless read. A captive
 * portal answers as well, and its clock may be years off, so only an answer that no other server would give counts.
 */
import type { Clock } from "../clock/clock.ts";
import { dateHeader } from "../clock/http-date.ts";
import type { TimeAnswer } from "../clock/sntp.ts";
import { ANSWERED, type Contact, FOREIGN } from "../clock/take-fix.ts";
import { HANDSHAKE_REFUSED, type Http, type HttpRequest, type Timers } from "../platform/ports.ts";
import { ANSWER_CHARS_MAX, type Answer, connectedRequest, headerOf, isBlynkAnswer, readAnswer } from "./blynk.ts";
import { type Endpoint, followMove, MET } from "./endpoint.ts";

const ANSWER_TIMEOUT_MS = 15000;

/**
 * Asks the server once. `done` is called once. `answer` is what the server's date says; undefined when there was no usable date,
 * or when nothing proves that it is Blynk's. The endpoint learns whether it is, and to which region it sends.
 */
export type AskServer = (done: (answer: TimeAnswer | undefined, contact: Contact) => void) => void;

export function createServerDate(http: Http, timers: Timers, clock: Clock, endpoint: Endpoint): AskServer {
  "on demand";
  return (done) => {
    const session = clock.session();
    const options = connectedRequest(endpoint.server, endpoint.token);
    let sentRawMs = 0;
    let socket: HttpRequest | undefined;
    let contact: Contact = "";
    let finished = false;
    let answer: TimeAnswer | undefined;
    let status = 0;
    let length = "";
    let headers: Answer["headers"] = {};
    let body = "";

    function finish(): void {
      if (finished) return;
      finished = true;
      timers.clearTimeout(timer);
      if (socket) socket.abort();
      const meaning = readAnswer({ status, headers, body, chars: body.length }, true, answer ? answer.trueMs : NaN);
      const silentMs = meaning.retryAfterMs;
      const proven = isBlynkAnswer(status, body, meaning.proof);
      if (proven) endpoint.met = MET.blynk;
      // The next request asks there. A server that has trouble may be Blynk's.
      else if (!followMove(endpoint, meaning.location, options.path)) {
        if (silentMs > 0) endpoint.silentUntilRawMs = clock.rawMs() + silentMs;
        if (status < 500 && status !== 408 && status !== 429 && contact === ANSWERED) contact = FOREIGN;
      }
      done(proven && clock.session() === session ? answer : undefined, contact);
    }
    function fail(why: string): void {
      if (contact === "") contact = why;
      finish();
    }
    const timer = timers.setTimeout(finish, ANSWER_TIMEOUT_MS);
    try {
      // Name look-up, connection and handshake block, and may throw.
      clock.blocked(() => {
        socket = http.request(options, {
          drain() {
            // After `end` nothing would tell that the request left.
            (socket as HttpRequest).end();
          },
          response(code, given) {
            contact = ANSWERED;
            endpoint.met = Math.max(endpoint.met, MET.somebody);
            status = code;
            headers = given;
            length = headerOf(headers, "content-length");
            answer = dateHeader(headerOf(headers, "date"), sentRawMs, clock.rawMs());
          },
          data(text) {
            body = (body + text).substr(0, ANSWER_CHARS_MAX);
            // Some servers keep the connection open in spite of `Connection: close`.
            if (`${body.length}` === length) finish();
          },
          close: finish,
          error(code, message) {
            // Another server may be there, or one that Espruino's TLS does not suit.
            fail(code === HANDSHAKE_REFUSED ? `${FOREIGN}: ${message}` : message);
          },
        });
        socket.write("");
      });
      // The request leaves in the idle loop's next pass, so the time to connect is no part of the round trip.
      sentRawMs = clock.rawMs();
    } catch (error) {
      fail(`${error}`);
    }
  };
}
