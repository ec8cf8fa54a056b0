/** One HTTP request of the device, as libs/network/socketserver.c and http.c carry it out. */
import type { Boot } from "../boot.ts";
import type { TcpLink } from "../network/connection.ts";
import type { Network } from "../network/network.ts";
import type { Emitters } from "./emitter.ts";

type Emitter = Record<string, unknown>;

export interface RequestOptions {
  host?: string;
  port?: number;
  path?: string;
  method?: string;
  headers?: Record<string, unknown>;
  protocol?: string;
}

/** The request as JavaScript sees it, with the hidden members of the interpreter. */
export interface Request extends Emitter {
  /** Close now. */
  clsNow?: boolean;
  /** Close once all is sent. */
  cls?: boolean;
  sckt?: number;
  /** Data to send; a string once the head is made. */
  dSnd?: string;
  /** Received and not handed on yet. */
  dRcv?: string;
  res: Emitter & { statusCode?: string };
  opt: RequestOptions;
}

/** What C keeps beside the JavaScript object. */
export interface Connection {
  request: Request;
  link: TcpLink | undefined;
  hadHeaders: boolean;
  /** Bytes of the body still to come; may go negative. */
  toReceive: number;
  chunked: boolean;
  ended: boolean;
  sending: string;
}

/** libs/network/socketerrors.h */
const CLOSED = -1;
const UNSENT_DATA = -8;
const NO_RESPONSE = -15;
const ERROR_TEXT: Record<number, string> = { [UNSENT_DATA]: "unsent data", [NO_RESPONSE]: "no response" };
const CHUNK_BYTES = 536;
/** What an ESP32's pool holds of a head beside the firmware and a delivery: 6 kB go, 8 kB do not (run on such a pool). */
const HELD_BYTES_MAX = 7000;

export interface HttpClient {
  /** Sends data, after the head if that is not sent yet; connects if need be. Throws as Espruino does. */
  write(connection: Connection, data: string | undefined): void;
  /** The connection's share of an idle pass (socketClientConnectionsIdle). Returns when it wants the next pass. */
  idle(connection: Connection): number;
}

export interface HttpClientOptions {
  boot: Boot;
  network: Network;
  emitters: Emitters;
  /** An error as the interpreter throws it. */
  internalError(text: string): Error;
  /** An error that no program can catch goes to the console. */
  reportUncaught(text: string): void;
  /** The pool is full. */
  outOfMemory(): void;
  /** The connection is closed and will not be used again. */
  onClosed(connection: Connection): void;
}

export function createConnection(request: Request): Connection {
  return {
    request,
    link: undefined,
    hadHeaders: false,
    toReceive: 0,
    chunked: false,
    ended: false,
    sending: "",
  };
}

function held(connection: Connection): string {
  return connection.request.dRcv ?? "";
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { boot, network, emitters, internalError } = options;
  const { world } = boot;

  const fire = (object: Emitter, event: string, args: unknown[]) =>
    boot.queue(emitters.handler(object, event), object, args);

  function connect(connection: Connection): void {
    const { request } = connection;
    if (connection.link !== undefined) return;
    const host = request.opt.host ?? "127.0.0.1";
    if (!network.resolves(host, boot.block)) throw connectFailed(request, "Unable to locate host");
    const secure = request.opt.protocol === "https:";
    const link = network.connect({ host, port: request.opt.port ?? (secure ? 443 : 80), secure }, boot.block);
    boot.check();
    if (!link) throw connectFailed(request, "Unable to create socket");
    link.onActivity = () => boot.wake();
    connection.link = link;
    request.sckt = 1;
  }

  function connectFailed(request: Request, text: string): Error {
    request.clsNow = true;
    boot.wake();
    return internalError(text);
  }

  function end(connection: Connection): void {
    if (connection.ended) return;
    connection.ended = true;
    fire(connection.request.res, "end", []);
  }

  function pushData(connection: Connection): void {
    if (held(connection) === "" || !connection.hadHeaders) return;
    const { res } = connection.request;
    const callback = emitters.handler(res, "data");
    let data = held(connection);
    connection.request.dRcv = "";
    if (connection.chunked) data = takeChunks(connection, data);
    else connection.toReceive -= data.length;
    if (data !== "" && callback) boot.call(callback, res, [data]);
  }

  /** Returns an error code, 0 for none. */
  function send(connection: Connection, link: TcpLink): { error: number; sent: boolean } {
    const { request } = connection;
    const sent = link.send(connection.sending.slice(0, CHUNK_BYTES));
    if (sent < 0) return { error: sent, sent: false };
    if (sent === 0) return { error: 0, sent: false };
    connection.sending = connection.sending.slice(sent);
    if (connection.sending === "" && !request.cls) fire(request, "drain", [request]);
    return { error: 0, sent: true };
  }

  /** The answer, or more of it, has arrived. */
  function take(connection: Connection, received: string): void {
    connection.request.dRcv = held(connection) + received;
    if (held(connection).length > HELD_BYTES_MAX) options.outOfMemory();
    else if (connection.hadHeaders) pushData(connection);
    else if (parseHeaders(connection)) fire(connection.request, "connect", [connection.request.res]);
  }

  /** Sends and receives. Returns whether the connection has to close, with which error, and whether it is busy. */
  function exchange(connection: Connection, link: TcpLink): { closeNow: boolean; error: number; busy: boolean } {
    let closeNow = false;
    let error = 0;
    let busy = false;
    if (connection.sending !== "") {
      const result = send(connection, link);
      error = result.error;
      closeNow = error < 0;
      busy = result.sent;
    } else {
      if (connection.request.cls) closeNow = true;
      if (connection.toReceive > 0 || !connection.hadHeaders) closeNow = false;
      else end(connection);
    }
    const received = link.receive(CHUNK_BYTES);
    if (received === undefined) return { closeNow: true, error: connection.hadHeaders ? CLOSED : NO_RESPONSE, busy };
    if (received !== "") {
      take(connection, received);
      busy = true;
    }
    return { closeNow, error, busy };
  }

  function close(connection: Connection, reason: number): void {
    const { request } = connection;
    if (connection.hadHeaders) pushData(connection);
    const error = connection.sending !== "" && reason === CLOSED ? UNSENT_DATA : reason;
    connection.link?.close();
    options.onClosed(connection);
    const failed = error < 0 && error !== CLOSED;
    if (failed) fire(request, "error", [{ code: error, message: ERROR_TEXT[error] ?? "unknown error" }]);
    end(connection);
    fire(request.res, "close", [failed]);
    request.cls = true;
    // The exception is left over from the idle loop, and printed after the events of this pass.
    const refusal = connection.link?.refusal;
    if (refusal !== undefined) boot.queue(() => options.reportUncaught(refusal), undefined, []);
  }

  return {
    write(connection, data) {
      boot.check();
      const { request } = connection;
      if (request.clsNow || request.cls) throw new Error("This socket is closed");
      if (request.dSnd === undefined) {
        request.dSnd = "";
        connection.sending = head(request.opt);
      }
      if (data !== undefined) connection.sending += data;
      connect(connection);
      boot.wake();
    },
    idle(connection) {
      const { request, link } = connection;
      let result = { closeNow: request.clsNow === true, error: 0, busy: false };
      if (link) {
        if (connection.hadHeaders) pushData(connection);
        if (!boot.alive()) return Number.POSITIVE_INFINITY;
        if (request.clsNow) result.closeNow = true;
        if (!result.closeNow) result = exchange(connection, link);
      }
      if (result.closeNow && boot.alive()) close(connection, result.error);
      else if (held(connection) !== "" && connection.hadHeaders) result.busy = true;
      return result.busy ? world.nowMs() + boot.timing.socketPassMs : Number.POSITIVE_INFINITY;
    },
  };
}

function head(options: RequestOptions): string {
  let text = `${options.method} ${options.path} HTTP/1.1\r\nUser-Agent: Espruino 2v29.277\r\nConnection: close\r\n`;
  let hasHost = false;
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (name.toLowerCase() === "host") hasHost = true;
    if (name.toLowerCase() === "transfer-encoding") throw new Error("the simulator offers no chunked requests");
    text += `${name}: ${value}\r\n`;
  }
  const { host, port } = options;
  if (!hasHost) text += `Host: ${host}${port && port !== 80 ? `:${port}` : ""}\r\n`;
  return `${text}\r\n`;
}

/** httpParseHeaders: the status is the text between the first two blanks or carriage returns. False: not all is here. */
function parseHeaders(connection: Connection): boolean {
  const received = held(connection);
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const text = received.slice(0, end + 4);
  connection.request.dRcv = received.slice(end + 4);
  const first = text.search(/[ \r]/);
  const rest = text.slice(first + 1).search(/[ \r]/);
  const second = rest < 0 ? text.length : first + 1 + rest;
  const firstLine = text.indexOf("\r");
  const headers: Record<string, string> = {};
  for (const line of text.slice(0, end).split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).trimStart();
    if (colon > 0 && value !== "") headers[line.slice(0, colon)] = value;
  }
  const { res } = connection.request;
  res.headers = headers;
  res.httpVersion = text.slice(5, first);
  res.statusCode = text.slice(first + 1, second);
  res.statusMessage = text.slice(second + 1, Math.max(firstLine, second + 1));
  connection.chunked = (headers["Transfer-Encoding"] ?? "").toLowerCase() === "chunked";
  connection.toReceive = connection.chunked ? 1 : Number.parseInt(headers["Content-Length"] ?? "0", 10) || 0;
  connection.hadHeaders = true;
  return true;
}

/** Takes the whole chunks out of what was received; the rest goes back to the buffer. */
function takeChunks(connection: Connection, received: string): string {
  let rest = received;
  let data = "";
  for (;;) {
    const line = rest.indexOf("\r\n");
    const length = line < 0 ? Number.NaN : Number.parseInt(rest.slice(0, line), 16);
    if (length === 0) {
      connection.toReceive = 0;
      return data;
    }
    if (Number.isNaN(length) || rest.length < line + 4 + length) break;
    data += rest.slice(line + 2, line + 2 + length);
    rest = rest.slice(line + 4 + length);
  }
  connection.request.dRcv = rest;
  return data;
}
