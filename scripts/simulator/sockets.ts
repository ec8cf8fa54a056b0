/** `require("http")` and `require("dgram")` as libs/network/socketserver.c has them, on the simulated network. */
import { type Boot, TIMING } from "./boot.ts";
import type { Network, TcpLink } from "./network.ts";

type Emitter = Record<string, unknown>;
type Handlers = (object: Emitter, event: string) => unknown;

/** The error codes of libs/network/socketerrors.h. */
const ERROR_TEXT: Record<number, string> = { [-8]: "unsent data", [-15]: "no response" };
const CLOSED = -1;
const UNSENT_DATA = -8;
const NO_RESPONSE = -15;
const CHUNK_BYTES = 536;

interface Request extends Emitter {
  clsNow?: boolean;
  cls?: boolean;
  sckt?: number;
  dSnd?: string;
  res: Emitter & { statusCode?: string };
  opt: {
    host?: string;
    port?: number;
    path?: string;
    method?: string;
    headers?: Record<string, unknown>;
    protocol?: string;
  };
}

/** What C keeps beside the JavaScript object. */
interface Connection {
  request: Request;
  link: TcpLink | undefined;
  /** Received, not yet handed on. */
  buffer: string;
  hadHeaders: boolean;
  /** Bytes of the body still to come; may go negative. */
  toReceive: number;
  chunked: boolean;
  ended: boolean;
  sending: string;
}

export interface Sockets {
  http: Record<string, unknown>;
  dgram: Record<string, unknown>;
  /** `global["\xFF"].HttpCC`: firmware closes a stuck request by setting `clsNow` on its entry. */
  open: Request[];
}

export function createSockets(
  boot: Boot,
  network: Network,
  inEmitter: (object: Emitter) => Emitter,
  handlers: Handlers,
  internalError: (text: string) => Error,
): Sockets {
  const { world } = boot;
  const open: Request[] = [];
  const connections = new Map<Request, Connection>();
  const datagrams: (() => void)[] = [];

  const fire = (object: Emitter, event: string, args: unknown[]) => boot.queue(handlers(object, event), object, args);

  function connect(connection: Connection): void {
    const { request } = connection;
    if (connection.link !== undefined) return;
    const options = request.opt;
    const host = options.host ?? "127.0.0.1";
    if (!network.resolves(host, boot.block)) {
      request.clsNow = true;
      boot.wake();
      throw internalError("Unable to locate host");
    }
    const tls = options.protocol === "https:";
    const link = network.connect(host, options.port || (tls ? 443 : 80), tls, boot.block);
    boot.check();
    if (!link) {
      request.clsNow = true;
      boot.wake();
      throw internalError("Unable to create socket");
    }
    link.onActivity = () => boot.wake();
    connection.link = link;
    request.sckt = 1;
  }

  function write(connection: Connection, data: string | undefined): void {
    boot.check();
    const { request } = connection;
    if (request.clsNow || request.cls) throw new Error("This socket is closed");
    if (request.dSnd === undefined) {
      request.dSnd = "";
      connection.sending = head(request);
    }
    if (data !== undefined) connection.sending += data;
    connect(connection);
    boot.wake();
  }

  function head(request: Request): string {
    const { opt } = request;
    let text = `${opt.method} ${opt.path} HTTP/1.1\r\nUser-Agent: Espruino 2v29.277\r\nConnection: close\r\n`;
    let hasHost = false;
    for (const [name, value] of Object.entries(opt.headers ?? {})) {
      if (name.toLowerCase() === "host") hasHost = true;
      if (name.toLowerCase() === "transfer-encoding") throw new Error("the simulator offers no chunked requests");
      text += `${name}: ${value}\r\n`;
    }
    if (!hasHost) text += `Host: ${opt.host}${opt.port && opt.port !== 80 ? `:${opt.port}` : ""}\r\n`;
    return `${text}\r\n`;
  }

  /** httpParseHeaders: the status is whatever stands between the first two blanks or carriage returns. */
  function parseHeaders(connection: Connection): boolean {
    const end = connection.buffer.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const text = connection.buffer.slice(0, end + 4);
    connection.buffer = connection.buffer.slice(end + 4);
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

  function pushData(connection: Connection): void {
    if (connection.buffer === "" || !connection.hadHeaders) return;
    const callback = handlers(connection.request.res, "data");
    let data = connection.buffer;
    connection.buffer = "";
    if (connection.chunked) data = takeChunks(connection, data);
    else connection.toReceive -= data.length;
    if (data !== "" && typeof callback === "function") {
      boot.call(callback as () => void, connection.request.res, [data]);
    }
  }

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
    connection.buffer = rest;
    return data;
  }

  /** One connection's share of socketClientConnectionsIdle. Returns when it wants the next pass. */
  function idle(connection: Connection): number {
    const { request, link } = connection;
    const { res } = request;
    let closeNow = request.clsNow === true;
    let error = 0;
    let next = Number.POSITIVE_INFINITY;
    if (link) {
      if (connection.hadHeaders) pushData(connection);
      if (!boot.alive()) return next;
      if (!closeNow && request.clsNow) closeNow = true;
      if (!closeNow) {
        if (connection.sending !== "") {
          const sent = link.send(connection.sending.slice(0, CHUNK_BYTES));
          if (sent < 0) {
            closeNow = true;
            error = sent;
          } else if (sent > 0) {
            connection.sending = connection.sending.slice(sent);
            if (connection.sending === "" && !request.cls) fire(request, "drain", [request]);
            next = world.nowMs() + TIMING.socketPassMs;
          }
        } else {
          if (request.cls) closeNow = true;
          if (connection.toReceive > 0 || !connection.hadHeaders) closeNow = false;
          else if (!connection.ended) {
            connection.ended = true;
            fire(res, "end", []);
          }
        }
        const received = link.receive(CHUNK_BYTES);
        if (received === undefined) {
          closeNow = true;
          error = CLOSED;
          if (!connection.hadHeaders) error = NO_RESPONSE;
        } else if (received !== "") {
          connection.buffer += received;
          next = world.nowMs() + TIMING.socketPassMs;
          if (!connection.hadHeaders) {
            if (parseHeaders(connection)) fire(request, "connect", [res]);
          } else pushData(connection);
        }
      }
    }
    if (closeNow && boot.alive()) close(connection, error);
    else if (connection.buffer !== "" && connection.hadHeaders) next = world.nowMs() + TIMING.socketPassMs;
    return next;
  }

  function close(connection: Connection, reason: number): void {
    const { request } = connection;
    let error = reason;
    if (connection.hadHeaders) pushData(connection);
    if (connection.sending !== "" && error === CLOSED) error = UNSENT_DATA;
    connection.link?.close();
    connections.delete(request);
    open.splice(open.indexOf(request), 1);
    const failed = error < 0 && error !== CLOSED;
    if (failed) fire(request, "error", [{ code: error, message: ERROR_TEXT[error] ?? "unknown error" }]);
    if (!connection.ended) {
      connection.ended = true;
      fire(request.res, "end", []);
    }
    fire(request.res, "close", [failed]);
    request.cls = true;
  }

  boot.onIdle(() => {
    let next = Number.POSITIVE_INFINITY;
    // What was given to a UDP socket leaves in the next pass, not before.
    for (const send of datagrams.splice(0)) send();
    for (const connection of [...connections.values()]) next = Math.min(next, idle(connection));
    return next;
  });
  boot.onEnd(() => {
    for (const connection of connections.values()) connection.link?.close();
    connections.clear();
  });

  function request(options: Request["opt"], callback: unknown): Request {
    boot.check();
    if (typeof options !== "object") throw new Error("Expecting Options to be an Object");
    const made = inEmitter({
      type: 2,
      res: inEmitter({}),
      opt: options,
      write(data: unknown) {
        write(connection, String(data));
        return false;
      },
      end(data?: unknown) {
        // An exception does not stop C code: the request is closed all the same.
        try {
          if (data !== undefined) write(connection, String(data));
          else write(connection, undefined);
        } finally {
          made.cls = true;
        }
      },
    }) as Request;
    if (callback !== undefined) (made.on as (event: string, callback: unknown) => void)("connect", callback);
    const connection: Connection = {
      request: made,
      link: undefined,
      buffer: "",
      hadHeaders: false,
      toReceive: 0,
      chunked: false,
      ended: false,
      sending: "",
    };
    connections.set(made, connection);
    open.push(made);
    return made;
  }

  function createSocket(): Emitter {
    boot.check();
    let closed = false;
    const socket = inEmitter({
      send(buffer: string, a: number, b: unknown, c?: number, d?: string) {
        boot.check();
        if (closed) throw new Error("This socket is closed");
        const long = typeof c === "number";
        const data = long ? buffer.slice(a, a + Number(b)) : buffer;
        const port = long ? c : a;
        const host = String(long ? d : b);
        // A name that does not resolve gives 0.0.0.0: the datagram goes nowhere, and nothing tells.
        if (!network.resolves(host, boot.block)) return;
        datagrams.push(() =>
          network.datagram(data, host, port, (reply, address, from) => {
            if (closed || !boot.alive()) return;
            fire(socket, "message", [reply, { address, port: from, size: reply.length }]);
          }),
        );
        boot.wake();
      },
      close() {
        if (closed) return;
        closed = true;
        fire(socket, "close", [false]);
      },
    });
    return socket;
  }

  return {
    open,
    http: {
      request,
      get: (options: Request["opt"], callback: unknown) => {
        const made = request({ ...options, method: "GET" }, callback);
        (made.end as () => void)();
        return made;
      },
    },
    dgram: { createSocket },
  };
}
