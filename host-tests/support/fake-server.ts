/** An http port whose far end a test scripts: what it answers, when, or how it fails. */
import {
  HANDSHAKE_REFUSED,
  type Http,
  type HttpHandlers,
  type HttpRequestOptions,
  type Timers,
} from "../../firmware/platform/ports.ts";

export interface FakeRequest {
  options: HttpRequestOptions;
  body: string;
  /** Longest piece written at once. */
  pieceCharsMax: number;
  writes: number;
  ended: boolean;
  aborted: boolean;
  /** The answer's end reached its asker. */
  answered: boolean;
  startedMs: number;
  endedMs: number | undefined;
  handlers: HttpHandlers;
}

interface Answering {
  answer: number;
  headers?: { [name: string]: string };
  body?: string;
  afterMs?: number;
  /** After so many characters of the body. Without it once the body is whole. */
  afterChars?: number;
}

export type Behaviour =
  | Answering
  | { fail: "throw-request" | "throw-write" | "handshake" | "silence" | "close" | "error"; afterMs?: number }
  /** After so many characters of the body. */
  | { fail: "reset" | "stall" | "throw-late"; afterChars: number };

export interface FakeServer extends Http {
  /** Batches. */
  requests: FakeRequest[];
  /** Reads by which the server is asked whether it is Blynk's. */
  reads: FakeRequest[];
  /** What becomes of such a read. */
  behaveToRead: () => Behaviour;
  /** Asked with each request's number, from 0, and its pin. The body is whole only when the answer is given. */
  behave: (number: number, request: FakeRequest) => Behaviour;
}

export const OK: Behaviour = { answer: 200, body: "OK" };
/** An error in Blynk's form. */
export const refusal = (message: string, status = 400): Behaviour => ({
  answer: status,
  body: JSON.stringify({ error: { message } }),
});

export function createFakeServer(timers: Timers): FakeServer {
  const server: FakeServer = {
    tls: true,
    requests: [],
    reads: [],
    behaveToRead: () => ({ answer: 200, body: "true" }),
    behave: () => OK,
    request: (options, handlers) => {
      const request: FakeRequest = {
        options,
        body: "",
        pieceCharsMax: 0,
        writes: 0,
        ended: false,
        aborted: false,
        answered: false,
        startedMs: timers.nowMs(),
        endedMs: undefined,
        handlers,
      };
      const isRead = options.method === "GET";
      const number = (isRead ? server.reads : server.requests).push(request) - 1;
      const behaviourNow = () => (isRead ? server.behaveToRead() : server.behave(number, request));
      const early = behaviourNow();
      if ("fail" in early && early.fail === "throw-request") throw new Error(`no host for ${options.path}`);
      const later = (afterMs: number, act: () => void): void => {
        timers.setTimeout(() => {
          if (!request.aborted) act();
        }, afterMs);
      };
      const answer = ({ answer: status, body = "", headers }: Answering, afterMs: number): void =>
        later(afterMs, () => {
          request.answered = true;
          handlers.response(status, { "Content-Length": `${body.length}`, ...headers });
          if (!request.aborted && body !== "") handlers.data(body);
          if (!request.aborted) handlers.close();
        });
      const finish = (): void => {
        const behaviour = behaviourNow();
        const afterMs = ("afterMs" in behaviour && behaviour.afterMs) || 50;
        if ("answer" in behaviour) answer(behaviour, afterMs);
        else if (behaviour.fail === "close") later(afterMs, () => handlers.close());
        else if (behaviour.fail === "error") later(afterMs, () => handlers.error(-15, "No response"));
      };
      return {
        write: (text) => {
          if (request.writes === 0 && "fail" in early && early.fail === "throw-write") {
            throw new Error(`the server refuses the connection for ${options.path}`);
          }
          request.writes++;
          if ("fail" in early && early.fail === "handshake") {
            // In the idle loop, without a drain (libs/network/network.c, ssl_getSocketData).
            if (request.writes === 1) later(300, () => handlers.error(HANDSHAKE_REFUSED, "the TLS handshake failed"));
            return;
          }
          request.body += text;
          request.pieceCharsMax = Math.max(request.pieceCharsMax, text.length);
          if ("fail" in early && "afterChars" in early && request.body.length > early.afterChars) {
            if (early.fail === "throw-late") throw new Error("This socket is closed");
            if (early.fail === "reset") later(5, () => handlers.error(-1, "reset"));
            return;
          }
          if ("answer" in early && request.body.length > (early.afterChars ?? Number.POSITIVE_INFINITY)) {
            answer(early, 5);
            return;
          }
          later(1, () => handlers.drain());
        },
        end: () => {
          request.ended = true;
          request.endedMs = timers.nowMs();
          finish();
        },
        abort: () => {
          request.aborted = true;
        },
      };
    },
  };
  return server;
}
