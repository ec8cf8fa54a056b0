/** A server of your own over real sockets, in place of the stand-in. */
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import type { RealServer } from "./http-server.ts";

export interface RealExchanges extends RealServer {
  /** Resolves when no request is under way. */
  settled(): Promise<void>;
  totals: { requests: number; points: number; pointsMaxInRequest: number; bodyBytes: number };
}

const ANSWER_TIMEOUT_MS = 60_000;

/** `base` is an origin such as "http://127.0.0.1:8080". The path with its query is the device's. */
export function createRealServer(base: string): RealExchanges {
  const origin = new URL(base);
  let open = 0;
  let wake: (() => void) | undefined;
  const totals = { requests: 0, points: 0, pointsMaxInRequest: 0, bodyBytes: 0 };
  return {
    totals,
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
      let finished = false;
      const finish = (raw: string | undefined) => {
        if (finished) return;
        finished = true;
        open--;
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
          response.on("error", () => finish(undefined));
          response.on("end", () => {
            const body = Buffer.concat(pieces).toString("latin1");
            if (response.statusCode === 200) {
              const points = request.body === "" ? 0 : (JSON.parse(request.body) as unknown[]).length;
              totals.points += points;
              totals.pointsMaxInRequest = Math.max(totals.pointsMaxInRequest, points);
            }
            let head = `HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\n`;
            for (const [name, value] of Object.entries(response.headers)) {
              if (name !== "transfer-encoding" && name !== "content-length") head += `${name}: ${value}\r\n`;
            }
            finish(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
          });
        },
      );
      sent.on("timeout", () => sent.destroy());
      sent.on("error", () => finish(undefined));
      sent.end(Buffer.from(request.body, "latin1"));
    },
  };
}
