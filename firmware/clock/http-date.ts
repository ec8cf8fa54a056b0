/** The second-best clock, for networks that let no UDP through: the `Date` header of an HTTP answer. */
import type { Http, HttpRequest, HttpRequestOptions, Timers } from "../platform/ports.ts";
import type { Clock } from "./clock.ts";
import { type TimeAnswer, TRUE_MAX_MS, TRUE_MIN_MS } from "./sntp.ts";

/** The header counts whole seconds, and a web server's clock is given as much again. */
export const DATE_BOUND_MS = 1000;
const ANSWER_TIMEOUT_MS = 15000;

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
// How header names are written is the server's choice.
const DATE_NAME = "date";

/**
 * Reads an IMF-fixdate (RFC 9110, 5.6.7: "Tue, 15 Nov 1994 08:12:31 GMT") that came in answer to a request sent at
 * `sentRawMs`, at `rawMs`. Nothing when it is anything else or no date of our time.
 */
export function dateHeader(text: string, sentRawMs: number, rawMs: number): TimeAnswer | undefined {
  const fields = /^[A-Z][a-z][a-z], (\d\d) ([A-Z][a-z][a-z]) (\d\d\d\d) (\d\d):(\d\d):(\d\d) GMT$/.exec(text);
  if (!fields) return undefined;
  const month = MONTHS.indexOf(fields[2]) / 3;
  if (month !== Math.floor(month) || month < 0) return undefined;
  const day = parseInt(fields[1], 10);
  // Years counted from March put the leap day last, so that the months' days are a formula.
  const year = parseInt(fields[3], 10) - (month < 2 ? 1 : 0);
  const monthsFromMarch = (month + 10) % 12;
  const days =
    year * 365 +
    Math.floor(year / 4) -
    Math.floor(year / 100) +
    Math.floor(year / 400) +
    Math.floor((monthsFromMarch * 153 + 2) / 5) +
    day -
    719469;
  const clockS = parseInt(fields[4], 10) * 3600 + parseInt(fields[5], 10) * 60 + parseInt(fields[6], 10);
  const roundTripMs = rawMs - sentRawMs;
  // Written somewhere in the second, somewhere in the round trip.
  const trueMs = (days * 86400 + clockS) * 1000 + 500 + Math.round(roundTripMs / 2);
  if (!(trueMs >= TRUE_MIN_MS && trueMs < TRUE_MAX_MS) || roundTripMs < 0) return undefined;
  return { rawMs, trueMs, boundMs: DATE_BOUND_MS + Math.ceil(roundTripMs / 2) };
}

/**
 * Asks a web server for any page and reads the answer's `Date`; returns how to ask. `done` is called once, with nothing
 * when there was no usable answer. Whatever the page says is not read.
 */
export function createHttpDate(
  http: Http,
  timers: Timers,
  clock: Clock,
  server: Pick<HttpRequestOptions, "protocol" | "host" | "port">,
): (done: (answer: TimeAnswer | undefined) => void) => void {
  return (done) => {
    const session = clock.session();
    let sentRawMs = 0;
    let request: HttpRequest | undefined;
    let finished = false;
    /** Anything but a header's text (an error's number, nothing) means that there is no answer. */
    function finish(text?: unknown): void {
      if (finished) return;
      finished = true;
      timers.clearTimeout(timer);
      const rawMs = clock.rawMs();
      if (request) request.abort();
      done(typeof text === "string" && clock.session() === session ? dateHeader(text, sentRawMs, rawMs) : undefined);
    }
    function ignore(): void {}
    const timer = timers.setTimeout(finish, ANSWER_TIMEOUT_MS);
    try {
      // Name, connection and handshake block, and may throw.
      clock.blocked(() => {
        const options: HttpRequestOptions = {
          protocol: server.protocol,
          host: server.host,
          port: server.port,
          path: "/",
          method: "GET",
          headers: {},
        };
        request = http.request(options, {
          drain: ignore,
          data: ignore,
          close: finish,
          error: finish,
          response(_status, headers) {
            for (const name in headers) if (name.toLowerCase() === DATE_NAME) finish(headers[name]);
            finish();
          },
        });
        request.end();
      });
      // The request leaves in the idle loop's next pass: connecting was no part of the answer's way.
      sentRawMs = clock.rawMs();
    } catch (_) {
      finish();
    }
  };
}
