/**
 * What Blynk's server itself says of the time: the `Date` of its answer to a harmless read. A captive portal answers as well, and
 * its clock may be years off, so only an answer that no other server would give counts.
 */
import type { Clock } from "../clock/clock.ts";
import { dateHeader } from "../clock/http-date.ts";
import type { TimeAnswer } from "../clock/sntp.ts";
import type { Contact } from "../clock/take-fix.ts";
import type { Http, HttpRequest, Timers } from "../platform/ports.ts";
import { ANSWER_CHARS_MAX, connectedRequest, headerOf, isBlynkAnswer } from "./blynk.ts";

const ANSWER_TIMEOUT_MS = 15000;

/**
 * Returns a function that asks the server once. `server` and `token` as for `batchRequest`. `done` is called once. `answer`
 * is what the server's date says; undefined when there was no usable date, or when nothing proves that it is Blynk's.
 */
export function createServerDate(
  http: Http,
  timers: Timers,
  clock: Clock,
  server: string,
  token: string,
): (done: (answer: TimeAnswer | undefined, contact: Contact) => void) => void {
  return (done) => {
    const session = clock.session();
    let sentRawMs = 0;
    let socket: HttpRequest | undefined;
    let contact: Contact = "silent";
    let finished = false;
    let answer: TimeAnswer | undefined;
    let status = 0;
    let length = "";
    let body = "";

    function finish(): void {
      if (finished) return;
      finished = true;
      timers.clearTimeout(timer);
      if (socket) socket.abort();
      const proven = isBlynkAnswer(status, body) && clock.session() === session;
      done(proven ? answer : undefined, contact);
    }
    function fail(): void {
      if (contact === "silent") contact = "unreached";
      finish();
    }
    const timer = timers.setTimeout(finish, ANSWER_TIMEOUT_MS);
    try {
      // Name look-up, connection and handshake block, and may throw.
      clock.blocked(() => {
        socket = http.request(connectedRequest(server, token), {
          drain() {},
          response(code, headers) {
            contact = "answered";
            status = code;
            length = headerOf(headers, "content-length");
            answer = dateHeader(headerOf(headers, "date"), sentRawMs, clock.rawMs());
          },
          data(text) {
            body = (body + text).substr(0, ANSWER_CHARS_MAX);
            // Some servers keep the connection open in spite of `Connection: close`.
            if (`${body.length}` === length) finish();
          },
          close: finish,
          error: fail,
        });
        socket.end();
      });
      // The request leaves in the idle loop's next pass, so the time to connect is no part of the round trip.
      sentRawMs = clock.rawMs();
    } catch (_) {
      fail();
    }
  };
}
