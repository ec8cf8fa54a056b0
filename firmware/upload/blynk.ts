/** Blynk's batch upload: the request, and what each answer means. Source: Blynk's upload-set-of-data-with-timestamps-api page. */
import { LIMITS } from "../limits.ts";
import type { HttpRequestOptions } from "../platform/ports.ts";
import type { Outcome } from "./outcome.ts";

export interface Meaning {
  outcome: Outcome;
  /** Wait that the server asked for, else 0. */
  retryAfterMs: number;
  /** Where a 308 leads, as the server wrote it; else "". */
  location: string;
  /** For the log; "" when all is well. */
  text: string;
  /** The answer has a form of Blynk's own, so Blynk gave it: `OK`, or `{"error":{"message":"…"}}`. */
  proof: boolean;
  /** The request's body had left to its end. Otherwise nobody can have accepted its points, whatever the answer says. */
  whole: boolean;
}

/** Only this much of an answer's body is kept: a captive portal's page may be longer than the memory. */
export const ANSWER_CHARS_MAX = 400;

export interface Answer {
  status: number;
  headers: { [name: string]: string };
  /** Its first `ANSWER_CHARS_MAX` characters. */
  body: string;
  /** Characters of the body that arrived. */
  chars: number;
}

/** Request for one batch. `server` is an origin without a path, as settings.ts checks it. */
export function batchRequest(server: string, token: string, pin: number, bodyBytes: number): HttpRequestOptions {
  "on demand";
  const secure = server.substr(0, 6) === "https:";
  const authority = server.substr(secure ? 8 : 7);
  const colon = authority.lastIndexOf(":");
  // A colon within brackets belongs to an IPv6 address.
  const hasPort = colon > authority.lastIndexOf("]");
  return {
    protocol: secure ? "https:" : "http:",
    host: hasPort ? authority.substr(0, colon) : authority,
    port: hasPort ? parseInt(authority.substr(colon + 1), 10) : secure ? 443 : 80,
    path: `/external/api/batch/update?token=${token}&pin=v${pin}`,
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Length": bodyBytes },
  };
}

/**
 * A read that changes nothing and that Blynk answers in a way of its own, so that the answer's `Date` is known to be the
 * server's:
 * Blynk's page device-https-api/is-device-connected. `server` and `token` as for `batchRequest`.
 */
export function connectedRequest(server: string, token: string): HttpRequestOptions {
  const request = batchRequest(server, token, 0, 0);
  request.path = `/external/api/isHardwareConnected?token=${token}`;
  request.method = "GET";
  request.headers = {};
  return request;
}

/** Whether a body is an error in Blynk's form, `{"error":{"message":"…"}}`. `body` without blanks around it. */
function isBlynkError(body: string): boolean {
  return body.substr(0, 21) === '{"error":{"message":"' && body.substr(-3) === '"}}';
}

/** Whether Blynk answered a `connectedRequest`: `true`, `false`, or an error in Blynk's form. `proof`: of its `Meaning`. */
export function isBlynkAnswer(status: number, body: string, proof: boolean): boolean {
  const text = body.trim();
  return status === 200 ? text === "true" || text === "false" : status === 400 && proof;
}

/** The value of a header whose name is given in lower case, "" when there is none. */
export function headerOf(headers: { [name: string]: string }, name: string): string {
  const names = Object.keys(headers);
  for (let i = 0; i < names.length; i++) if (names[i].toLowerCase() === name) return String(headers[names[i]]).trim();
  return "";
}

/** `100 Continue` reaches Espruino's program as the response, with the real one as its body. */
function unwrapContinue(answer: Answer): Answer {
  const found = answer.body.match(/^\s*HTTP\/1\.\d (\d\d\d)/);
  // No indexOf: Espruino's also finds a text of which only the beginning stands at the end.
  const blank = answer.body.match(/\r\n\r\n/);
  if (!found || !blank) return { status: NaN, headers: {}, body: "", chars: 0 };
  const headers: { [name: string]: string } = {};
  const end = blank.index as number;
  const lines = answer.body.substr(0, end).split("\r\n");
  for (let i = 1; i < lines.length; i++) {
    const colon = lines[i].indexOf(":");
    if (colon > 0) headers[lines[i].substr(0, colon)] = lines[i].substr(colon + 1);
  }
  const body = answer.body.substr(end + 4);
  return { status: parseInt(found[1], 10), headers, body, chars: answer.chars - end - 4 };
}

/** `Retry-After`, in seconds or as a date; 0 when it is absent or unreadable. `nowTrueMs`: NaN when it is not known. */
function retryAfterMs(headers: { [name: string]: string }, nowTrueMs: number): number {
  const text = headerOf(headers, "retry-after");
  if (text === "") return 0;
  const waitMs = text.match(/^\d+$/) ? parseInt(text, 10) * 1000 : Date.parse(text) - nowTrueMs;
  return waitMs > 0 ? Math.min(waitMs, LIMITS.retryAfterMaxMs) : 0;
}

/** What a complete answer means. `whole`: the request's body had been sent to its end. */
export function readAnswer(given: Answer, whole: boolean, nowTrueMs: number): Meaning {
  "on demand";
  const answer = given.status === 100 ? unwrapContinue(given) : given;
  const status = answer.status;
  const waitMs = retryAfterMs(answer.headers, nowTrueMs);
  const length = headerOf(answer.headers, "content-length");
  const cutShort = length.match(/^\d+$/) !== null && answer.chars < parseInt(length, 10);
  const body = answer.body.trim();
  const proof = isBlynkError(body);
  const unknown: Outcome = whole ? "unknown" : "cut";

  function meaning(outcome: Outcome, text: string): Meaning {
    const location = status === 308 ? headerOf(answer.headers, "location") : "";
    return { outcome, retryAfterMs: waitMs, location, text, proof, whole };
  }
  if (!(status >= 200 && status < 600)) return meaning(unknown, "the answer is not HTTP: a captive portal or a proxy?");
  const text = `the server answered ${status}`;
  if (status >= 500 || status === 408 || status === 429) return meaning(whole ? "busy" : "cut", text);
  if (status === 413) return meaning("smaller", text);
  if (cutShort) return meaning(unknown, "the answer was cut short");
  if (status === 200 && whole && (body === "OK" || body === "")) {
    return { outcome: "sent", retryAfterMs: 0, location: "", text: "", proof: body === "OK", whole };
  }
  if (!(proof && status >= 400)) {
    const foreign: Outcome = whole ? "foreign" : "foreignCut";
    return meaning(foreign, `somebody else answered (${status}): a captive portal or a proxy?`);
  }
  if (status === 401 || status === 403 || status === 404 || status === 405) return meaning("stop", text);
  if (status === 400) {
    if (body.indexOf("Invalid token") >= 0) return meaning("stop", "the token is refused");
    if (body.indexOf("Unknown content type") >= 0) return meaning("stop", "the content type is refused");
    if (body.indexOf("Wrong pin format") >= 0) return meaning("pin", "no such datastream");
    if (body.indexOf("Too much data") >= 0) return meaning("smaller", "too many points");
  }
  return meaning("refused", text);
}
