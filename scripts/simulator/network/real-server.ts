/**
 * A server of your own over real sockets, in place of the stand-in. It gets the device's bytes as they leave, and the device
 * its bytes as they come: chunks, answers that come before the body is whole, headers of any size.
 */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import type { StandInRequest } from "../../blynk-stand-in/stand-in.ts";
import { sayNetworkError } from "../../build/network-error.ts";
import { type AnswerReader, createAnswerReader, headerLine } from "./answer-reader.ts";
import { probe, type Reached } from "./probe.ts";

/** Where the device connects to. */
export interface Address {
  host: string;
  port: number;
  secure: boolean;
}

/** The device's end, as the server's bytes reach it. */
export interface Downstream {
  data(text: string): void;
  /** The server has closed. */
  end(): void;
}

/** A connection over a real socket. */
export interface RealConnection {
  /** Says who gets what comes. */
  listen(down: Downstream): void;
  write(piece: string): void;
  /** The request is whole, and was written. `judged` is called once its answer is: whether the server took the points. */
  whole(request: StandInRequest, judged: (took: boolean, status: number) => void): void;
  /** The device has taken this much of what came. */
  consumed(characters: number): void;
  close(): void;
}

export interface RealServer {
  /** Blocks. "refused" and "tls" say why there is no connection. */
  open(address: Address, nowMs: number): RealConnection | Exclude<Reached, "open">;
  /** Connections that virtual time has to wait for. */
  waiting(): number;
  /** Resolves when there are none. */
  settled(): Promise<void>;
  /** True Unix ms of the first request that failed since the last that took points; Infinity when none did. */
  failsSinceMs(): number;
  /** "400 Invalid token.", or why there was none. */
  lastAnswer(): string;
  totals: { requests: number; bodyBytes: number };
}

export interface RealServerOptions {
  /** The simulated Unix time. */
  nowTrueMs: () => number;
  /** There are servers that live in the simulated time, beside others that have the machine's. */
  inSimulatedTime?: boolean;
  /** The origin that stands for an address at `nowMs` after power-on. Default: the address itself. */
  route?: (host: string, port: number, nowMs: number) => string;
}

/** Virtual time that catches up is too fast for a real limit: this answer is no failure. */
const TOO_MANY = 429;
/** Real time that virtual time waits for an answer. The device itself waits for longer, which costs no real time then. */
const ANSWER_TIMEOUT_MS = 5000;
/**
 * Real time that a server gets to answer before it has the whole body, as proxies do to a request that they refuse, and to
 * close after its answer. It may come later, too: a device has to cope with both.
 */
const GRACE_MS = 20;
/** What may be under way to the device: lwIP's TCP_WND of the ESP32 builds. */
const WINDOW_BYTES = 5744;
/** Of an answer's body, in messages. */
const EXCERPT_CHARACTERS = 120;

/** What all connections of a run share. */
interface Shared {
  options: RealServerOptions;
  /** Of those that are still expected to answer, or to close. */
  expecting: Set<object>;
  wake(): void;
  /** The server has said something that only Blynk's does. */
  proven: boolean;
  conclude(said: string, result: "took points" | "took none" | "failed"): void;
}

export function createRealServer(options: RealServerOptions): RealServer {
  let wake: (() => void) | undefined;
  let failsSinceMs = Number.POSITIVE_INFINITY;
  let lastAnswer = "none";
  const totals = { requests: 0, bodyBytes: 0 };
  const shared: Shared = {
    options,
    expecting: new Set(),
    proven: false,
    wake: () => wake?.(),
    conclude(said, result) {
      lastAnswer = said;
      if (result === "took points") failsSinceMs = Number.POSITIVE_INFINITY;
      else if (result === "failed") failsSinceMs = Math.min(failsSinceMs, options.nowTrueMs());
    },
  };
  return {
    totals,
    failsSinceMs: () => failsSinceMs,
    lastAnswer: () => lastAnswer,
    waiting: () => shared.expecting.size,
    async settled() {
      while (shared.expecting.size > 0) {
        await new Promise<void>((done) => {
          wake = done;
        });
      }
    },
    open({ host, port, secure }, nowMs) {
      const asked = `${secure ? "https" : "http"}://${host}:${port}`;
      const { hostname, protocol, port: routed } = new URL(options.route?.(host, port, nowMs) ?? asked);
      const address = {
        host: hostname.replace(/^\[|\]$/g, ""),
        port: Number(routed) || (protocol === "https:" ? 443 : 80),
        secure: protocol === "https:",
      };
      const reached = probe(address.host, address.port, address.secure);
      if (reached !== "open") {
        const why = reached === "tls" ? "the TLS handshake failed" : "the connection was refused";
        shared.conclude(why, "failed");
        return reached;
      }
      const connection = openConnection(shared, address);
      return {
        ...connection,
        whole(request, judged) {
          totals.requests++;
          totals.bodyBytes += request.body.length;
          connection.whole(request, judged);
        },
      };
    },
  };
}

function openConnection(shared: Shared, address: Address): RealConnection {
  const { host, port } = address;
  const servername = isIP(host) === 0 ? host : undefined;
  const socket: Socket = address.secure ? connectSecure({ host, port, servername }) : connectPlain({ host, port });
  const answer: AnswerReader = createAnswerReader((line) => dateAt(shared.options, line));
  let down: Downstream = { data: () => {}, end: () => {} };
  let underWay = 0;
  let patience: NodeJS.Timeout | undefined;
  let request: { asked: StandInRequest; judged: (took: boolean, status: number) => void } | undefined;
  let concluded = false;
  let closed = false;

  /** Virtual time waits for this connection, for `ms` of real time at most. */
  function expect(ms: number, late: () => void = () => {}): void {
    clearTimeout(patience);
    shared.expecting.add(socket);
    patience = setTimeout(() => {
      late();
      expectNothing();
    }, ms);
  }

  function expectNothing(): void {
    clearTimeout(patience);
    shared.expecting.delete(socket);
    shared.wake();
  }

  /** Judges the answer once. `missing` says why there is none. Before the request is whole, nobody can have taken it. */
  function conclude(missing: string): void {
    if (concluded) return;
    concluded = true;
    const { status, body } = answer.result();
    const there = answer.whole();
    const took = there && request !== undefined && tookPoints(shared, request.asked, status, body);
    const isRead = request?.asked.body === "" && status === 200 && isBlynkBody(body);
    const noFailure = there && (status === TOO_MANY || isRead);
    const excerpt = `${status} ${body.slice(0, EXCERPT_CHARACTERS)}`.trim();
    shared.conclude(there ? excerpt : missing, took ? "took points" : noFailure ? "took none" : "failed");
    request?.judged(took, there ? status : 0);
  }

  socket.setNoDelay(true);
  socket.on("data", (bytes: Buffer) => {
    if (closed) return;
    const text = answer.add(bytes.toString("latin1"));
    underWay += text.length;
    if (text !== "") down.data(text);
    if (answer.whole()) {
      conclude("");
      expect(GRACE_MS);
    } else if (underWay > WINDOW_BYTES) {
      socket.pause();
      expectNothing();
    } else if (request === undefined && shared.expecting.has(socket)) expect(ANSWER_TIMEOUT_MS);
  });
  const over = (error?: NodeJS.ErrnoException) => {
    if (!closed) {
      closed = true;
      const rest = answer.end();
      if (rest !== "") down.data(rest);
      conclude(error ? sayNetworkError(error) : "one that broke off");
      down.end();
    }
    expectNothing();
    socket.destroy();
  };
  socket.on("end", () => over());
  socket.on("close", () => over());
  socket.on("error", over);

  return {
    listen(to) {
      down = to;
    },
    write(piece) {
      if (closed) return;
      const first = socket.bytesWritten === 0 && request === undefined;
      socket.write(Buffer.from(piece, "latin1"));
      if (first) expect(GRACE_MS);
    },
    whole(asked, judged) {
      request = { asked, judged };
      if (concluded) judged(false, answer.whole() ? answer.result().status : 0);
      else expect(ANSWER_TIMEOUT_MS, () => conclude(`none in ${ANSWER_TIMEOUT_MS / 1000} s`));
    },
    consumed(characters) {
      underWay -= characters;
      if (closed || !socket.isPaused() || underWay > WINDOW_BYTES / 2) return;
      socket.resume();
      expect(GRACE_MS);
    },
    close() {
      closed = true;
      conclude("one that the device did not wait for");
      expectNothing();
      socket.destroy();
    },
  };
}

/**
 * Whether the server took the points: 200 with Blynk's `OK`, or with nothing from a server that has answered as Blynk does.
 * Anybody can say 200 with an empty body: Caddy 2.6.2 does where nothing is configured.
 */
function tookPoints(shared: Shared, request: StandInRequest, status: number, body: string): boolean {
  const text = body.trim();
  if (text === "OK" || (request.body === "" && isBlynkBody(text)) || text.startsWith('{"error":')) shared.proven = true;
  if (status !== 200 || request.body === "") return false;
  return text === "OK" || (text === "" && shared.proven);
}

/** The answer to `isHardwareConnected`, the only read that the firmware makes. A login page says 200 too. */
function isBlynkBody(body: string): boolean {
  return /^\s*(true|false)\s*$/.test(body);
}

/**
 * A `Date` header as the server would write it at the device's time: virtual time may lag behind, and the firmware holds
 * its clock against the server's. By how many seconds the server's own clock is off stays in it.
 */
function dateAt({ nowTrueMs, inSimulatedTime }: RealServerOptions, line: string): string {
  const dateMs = Date.parse(headerLine(line, "date") ?? "");
  const offByMs = dateMs + 500 - Date.now();
  if (Number.isNaN(dateMs)) return line;
  if (inSimulatedTime && Math.abs(dateMs - nowTrueMs()) < Math.abs(offByMs)) return line;
  return `Date: ${new Date(nowTrueMs() + Math.round(offByMs / 1000) * 1000).toUTCString()}`;
}
