/** The second-best clock, for networks that block UDP: the `Date` header of an HTTP answer. */
import type { Http, HttpRequest, HttpRequestOptions, Timers } from "../platform/ports.ts";
import type { Clock } from "./clock.ts";
import { type TimeAnswer, TRUE_MAX_MS, TRUE_MIN_MS } from "./sntp.ts";

/** Half of it for the header's whole seconds, the other half for the error of the web server's own clock. */
export const DATE_BOUND_MS = 1000;
const ANSWER_TIMEOUT_MS = 15000;

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
// Servers write header names in upper or lower case.
const DATE_NAME = "date";

/**
 * Reads an IMF-fixdate (RFC 9110, 5.6.7: "Tue, 15 Nov 1994 08:12:31 GMT") that came in answer to a request sent at
 * `sentRawMs`, at `rawMs`. Returns nothing for any other text, and for a date outside the years that are believed.
 */
export function dateHeader(text: string, sentRawMs: number, rawMs: number): TimeAnswer | undefined {
  const fields = /^[A-Z][a-z][a-z], (\d\d) ([A-Z][a-z][a-z]) (\d\d\d\d) (\d\d):(\d\d):(\d\d) GMT$/.exec(text);
  if (!fields) return undefined;
  const month = MONTHS.indexOf(fields[2]) / 3;
  if (month !== Math.floor(month) || month < 0) return undefined;
  const day = parseInt(fields[1], 10);
  // In years that start in March the leap day is the last, so that a formula gives the days of the months.
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
  // The header was written at some moment of its second, and of the round trip.
  const trueMs = (days * 86400 + clockS) * 1000 + 500 + Math.round(roundTripMs / 2);
  if (!(trueMs >= TRUE_MIN_MS && trueMs < TRUE_MAX_MS) || roundTripMs < 0) return undefined;
  return { rawMs, trueMs, boundMs: DATE_BOUND_MS + Math.ceil(roundTripMs / 2) };
}

/**
 * Returns a function that asks a web server for any page and reads the answer's `Date`. `done` is called once, with nothing
 * when there was no usable answer. The page itself is not read.
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
      // Name look-up, connection and handshake block, and may throw.
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
      // The request leaves in the idle loop's next pass, so the time to connect is no part of the round trip.
      sentRawMs = clock.rawMs();
    } catch (_) {
      finish();
    }
  };
}
