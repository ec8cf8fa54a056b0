/** The stand-in behind real sockets, with the failures of a real server and a real network. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { certificate } from "./certificate.ts";
import { digest } from "./request.ts";
import type { BlynkStandIn, StandInResponse } from "./stand-in.ts";

/**
 * What happens to a request on its way. Where nothing else is said, the stand-in has judged and stored it, and only the
 * answer suffers.
 */
export type SocketFault =
  /** Closes the connection with RST after this many bytes of the body. The stand-in never sees the request. */
  | { kind: "resetAfter"; bodyBytes: number }
  /** Takes the request and never answers. `stored` says whether the stand-in sees it. */
  | { kind: "silent"; stored: boolean }
  /** Loses the answer: the socket closes without a byte. */
  | { kind: "hangUp" }
  | { kind: "delay"; ms: number }
  /** Sends `HTTP/1.1 100 Continue` before the answer. */
  | { kind: "continueFirst" }
  /** Promises a body of 100 bytes and sends three. */
  | { kind: "cutShort" }
  /** Sends these bytes in place of an answer, then FIN. Nothing is stored. */
  | { kind: "raw"; bytes: string }
  /** Sends this answer in place of the stand-in's. Nothing is stored. */
  | { kind: "answer"; answer: StandInResponse };

export interface StandInServer {
  /** "http://127.0.0.1:41234" */
  url: string;
  port: number;
  standIn: BlynkStandIn;
  /** Unix time in ms. May be set while the server runs. */
  nowMs: () => number;
  /** Whether the stand-in has answered OK to an upload with this body. */
  took(body: string): boolean;
  /** Called for each request, in order. undefined lets the request through. May be set while the server runs. */
  fault: ((request: { method: string; index: number }) => SocketFault | undefined) | undefined;
  /** How many requests arrived, at least with their head. */
  requests(): number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

export interface ServerOptions {
  tls?: boolean;
  /** Unix time in ms; default the machine's. */
  nowMs?: () => number;
  /** Default: any free port. A number brings a server back where it was before. */
  port?: number;
}

/** Espruino's mbedTLS: TLS 1.2 with RSA or DHE-RSA key exchange (libs/crypto/mbedtls/config.h). */
const ESPRUINO_CIPHERS = "AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384";

/** Listens on 127.0.0.1, on a free port unless one is named. */
export async function startServer(standIn: BlynkStandIn, options: ServerOptions = {}): Promise<StandInServer> {
  const taken = new Set<string>();
  const sockets = new Set<Socket>();
  let requests = 0;

  const listener: RequestListener = (request, response) => {
    const fault = self.fault?.({ method: request.method ?? "", index: requests++ });
    if (fault?.kind === "resetAfter") {
      resetAfter(request, fault.bodyBytes);
      return;
    }
    readBody(request, (body) => {
      const take = () => {
        const arrivedMs = self.nowMs();
        const headers = request.headers as Record<string, string>;
        const asked = { method: request.method ?? "", path: request.url ?? "", headers, body, arrivedMs };
        const response = standIn.handle(asked);
        if (response.status === 200 && body !== "") taken.add(digest(body));
        return response;
      };
      answer(response, take, fault);
    });
  };
  const server = options.tls
    ? createTlsServer(
        { ...(await certificate()), ciphers: ESPRUINO_CIPHERS, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
        listener,
      )
    : createServer(listener);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // Tests make clients disappear in the middle of a request: that is not an error of the server.
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const self: StandInServer = {
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    standIn,
    nowMs: options.nowMs ?? Date.now,
    took: (body) => taken.has(digest(body)),
    fault: undefined,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return self;
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    // A body that was cut off also ends, but it is not complete: no server acts on it.
    if (request.complete) done(Buffer.concat(pieces).toString("latin1"));
  });
}

function resetAfter(request: IncomingMessage, bodyBytes: number): void {
  let seen = 0;
  const count = (piece: { length: number }) => {
    seen += piece.length;
    if (seen >= bodyBytes) request.socket.resetAndDestroy();
  };
  request.on("data", count);
  count("");
}

function answer(response: ServerResponse, take: () => StandInResponse, fault: SocketFault | undefined): void {
  const socket = response.socket;
  if (fault?.kind === "raw") {
    socket?.end(fault.bytes);
    return;
  }
  if (fault?.kind === "answer") {
    send(response, fault.answer);
    return;
  }
  if (fault?.kind === "silent") {
    if (fault.stored) take();
    return;
  }
  const taken = take();
  if (fault?.kind === "hangUp") socket?.end();
  else if (fault?.kind === "cutShort") socket?.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK\n");
  else if (fault?.kind === "delay") setTimeout(() => send(response, taken), fault.ms);
  else {
    if (fault?.kind === "continueFirst") response.writeContinue();
    send(response, taken);
  }
}

function send(response: ServerResponse, answer: StandInResponse): void {
  // The Date comes from the stand-in's clock.
  response.sendDate = false;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
