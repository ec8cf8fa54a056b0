/** A server of your own over real sockets, in place of the stand-in. */
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import type { RealServer } from "./http-server.ts";
import { sayNetworkError } from "./reach-server.ts";

export interface RealExchanges extends RealServer {
  /** Resolves when no request is under way. */
  settled(): Promise<void>;
  /** How long requests have failed, in ms of real time: since the last that took points. 0 while none failed. */
  failingMs(): number;
  /** "400 Invalid token.", or why there was none. */
  lastAnswer(): string;
  totals: { requests: number; points: number; pointsMaxInRequest: number; bodyBytes: number };
}

/** 200 to a request that only asks for the date, and 429: virtual time that catches up is too fast for a real limit. */
const NO_VERDICT = [200, 429];
type Result = "took points" | "took none" | "failed";

const ANSWER_TIMEOUT_MS = 30_000;
/** Of an answer's body, in messages. */
const EXCERPT_CHARACTERS = 120;

/**
 * A `Date` header as the server would write it at the device's time: virtual time may lag behind, and the firmware holds
 * its clock against the server's. By how many seconds the server's own clock is off stays in it.
 */
function dateAt(nowTrueMs: number, header: string): string {
  const offByS = Math.round((Date.parse(header) + 500 - Date.now()) / 1000);
  return Number.isNaN(offByS) ? header : new Date(nowTrueMs + offByS * 1000).toUTCString();
}

/**
 * `base` is an origin such as "http://127.0.0.1:8080". The path with its query is the device's. `nowTrueMs` tells the
 * simulated Unix time.
 */
export function createRealServer(base: string, nowTrueMs: () => number): RealExchanges {
  const origin = new URL(base);
  let open = 0;
  let wake: (() => void) | undefined;
  let failingSince: number | undefined;
  let lastAnswer = "none";
  const totals = { requests: 0, points: 0, pointsMaxInRequest: 0, bodyBytes: 0 };
  return {
    totals,
    failingMs: () => (failingSince === undefined ? 0 : performance.now() - failingSince),
    lastAnswer: () => lastAnswer,
    async settled() {
      while (open > 0) {
        await new Promise<void>((done) => {
          wake = done;
        });
      }
    },
    exchange(request, done) {
      open++;
      totals.requests++;
      totals.bodyBytes += Buffer.byteLength(request.body, "latin1");
      const startedAt = performance.now();
      let finished = false;
      const finish = (raw: string | undefined, said: string, result: Result) => {
        if (finished) return;
        finished = true;
        open--;
        lastAnswer = said;
        if (result === "failed") failingSince ??= startedAt;
        else if (result === "took points") failingSince = undefined;
        done(raw);
        wake?.();
      };
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) {
        if (!/^(host|connection)$/i.test(name)) headers[name] = String(value);
      }
      const send = origin.protocol === "https:" ? secure : plain;
      const sent = send(
        new URL(request.path, origin),
        { method: request.method, headers, agent: false, timeout: ANSWER_TIMEOUT_MS },
        (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("error", () => finish(undefined, "one that broke off", "failed"));
          response.on("end", () => {
            const body = Buffer.concat(pieces).toString("latin1");
            const taken = response.statusCode === 200 && request.body !== "";
            const points = taken ? (JSON.parse(request.body) as unknown[]).length : 0;
            if (taken) {
              totals.points += points;
              totals.pointsMaxInRequest = Math.max(totals.pointsMaxInRequest, points);
            }
            let head = `HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n`;
            for (const [name, value] of Object.entries(response.headers)) {
              if (name === "transfer-encoding" || name === "content-length") continue;
              head += `${name}: ${name === "date" ? dateAt(nowTrueMs(), String(value)) : value}\r\n`;
            }
            const result =
              points > 0 ? "took points" : NO_VERDICT.includes(response.statusCode ?? 0) ? "took none" : "failed";
            const said = `${response.statusCode} ${body.slice(0, EXCERPT_CHARACTERS)}`;
            finish(`${head}Content-Length: ${body.length}\r\n\r\n${body}`, said.trim(), result);
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`none in ${ANSWER_TIMEOUT_MS / 1000} s`)));
      sent.on("error", (error: NodeJS.ErrnoException) => finish(undefined, sayNetworkError(error), "failed"));
      sent.end(Buffer.from(request.body, "latin1"));
    },
  };
}
