/** The server's end of a request: the stand-in's answer or a real server's, changed by the script's faults. */
import { answer, type BlynkStandIn, type StandInRequest, type StandInResponse } from "../../blynk-stand-in/stand-in.ts";
import { durationMs } from "../duration.ts";
import type { HttpFault } from "../script.ts";
import type { World } from "../world.ts";
import { type PickFault, storesPoints } from "./http-faults.ts";
import { wire } from "./wire.ts";

/** A server over real sockets, in place of the stand-in. */
export interface RealServer {
  /** Calls back with the whole answer as text, or undefined if the connection failed. */
  exchange(request: StandInRequest, done: (raw: string | undefined) => void): void;
}

/** A request that reached the server or what stood in its place. */
export interface Exchange {
  pin: string;
  /** Of its arrival, since the world began. */
  atMs: number;
  /** The server took the points. */
  stored: boolean;
  /** The whole answer reached the device. */
  answered: boolean;
  fault: string | undefined;
  /** Points in its body. */
  points: number;
}

/** What the server sends back over the connection. */
export interface Reply {
  /** Sends text, then ends the connection. `whole` is false if the answer breaks off. */
  send(raw: string, whole?: boolean): void;
  /** Ends the connection without an answer. */
  end(): void;
}

export interface HttpServer {
  exchanges: Exchange[];
  /** Requests under way on real sockets. */
  waiting(): number;
  serve(request: StandInRequest, connection: { send(raw: string, whole: () => void): void; end(): void }): void;
  /** Notes a request that was reset before it was whole. */
  reset(): void;
}

export interface HttpServerOptions {
  world: World;
  standIn: BlynkStandIn;
  real: RealServer | undefined;
  pickFault: PickFault;
}

export function createHttpServer({ world, standIn, real, pickFault }: HttpServerOptions): HttpServer {
  const exchanges: Exchange[] = [];
  let waiting = 0;

  function note(pin: string, fault: string | undefined, body: string): Exchange {
    // Each begins with a bracket, and one is the body's own.
    const points = Math.max(0, body.split("[").length - 2);
    const exchange = { pin, atMs: world.nowMs(), stored: false, answered: false, fault, points };
    exchanges.push(exchange);
    return exchange;
  }

  function askReal(server: RealServer, request: StandInRequest, exchange: Exchange, reply: Reply): void {
    waiting++;
    server.exchange(request, (raw) => {
      waiting--;
      if (raw === undefined) return reply.end();
      exchange.stored = /^HTTP\/1\.\d 200/.test(raw);
      // The stand-in keeps account of what that server took.
      if (exchange.stored) standIn.handle(request);
      reply.send(raw);
    });
  }

  /** Lets the stand-in judge the request, and take its points or not as the fault says. */
  function askStandIn(request: StandInRequest, fault: HttpFault | undefined): StandInResponse {
    if (fault !== undefined) {
      const stores = storesPoints(fault);
      // A proxy's garbage is not the server's answer and promises no replay. Silence does.
      const status = stores ? 200 : fault.kind === "garbage" ? 400 : 503;
      const given =
        fault.kind === "status"
          ? answer(fault.status ?? 503, fault.body ?? "", request.arrivedMs)
          : answer(status, "OK", request.arrivedMs);
      standIn.fault = () => ({ stores, answer: given, answered: fault.kind === "status" });
    }
    const response = standIn.handle(request);
    standIn.fault = undefined;
    return response;
  }

  return {
    exchanges,
    waiting: () => waiting,
    reset: () => void note("", "reset", ""),
    serve(request, connection) {
      const pin = /[?&]pin=([^&]*)/.exec(request.path)?.[1] ?? "";
      const found = pickFault((kind) => kind !== "refused" && kind !== "tls" && kind !== "reset", {
        pin,
        body: request.body,
      });
      // A wrong Date changes nothing else of what the server does.
      const fault = found?.kind === "date" ? undefined : found;
      const exchange = note(pin, found?.kind, request.body);
      const reply: Reply = {
        end: connection.end,
        send: (raw, whole = true) =>
          connection.send(raw, () => {
            if (whole) exchange.answered = true;
          }),
      };
      if (fault === undefined && real !== undefined) return askReal(real, request, exchange, reply);
      if (fault?.kind === "html" || fault?.kind === "redirect") return reply.send(portalAnswer(fault, world));
      // Everything outside the API is the server's web site.
      if (fault === undefined && !request.path.startsWith("/external/")) {
        const page = answer(200, "<html></html>", request.arrivedMs, "text/html");
        return reply.send(wire({ ...page, headers: { ...page.headers, ...dateOf(found, world) } }));
      }
      const response = askStandIn(request, fault);
      exchange.stored = fault ? storesPoints(fault) : response.status === 200;
      if (fault === undefined) {
        reply.send(wire({ ...response, headers: { ...response.headers, ...dateOf(found, world) } }));
      } else answerWithFault(world, response, fault, reply);
    },
  };
}

/** The `Date` header that a fault changes; nothing if it changes none. */
function dateOf(fault: HttpFault | undefined, world: World): Record<string, string> {
  if (fault?.dateOffset === undefined) return {};
  return { Date: new Date(world.trueMs() + durationMs(fault.dateOffset)).toUTCString() };
}

/** A captive portal: the server sees nothing of the request. Portals send a Date, by their own clock. */
function portalAnswer(fault: HttpFault, world: World): string {
  const dated = dateOf({ ...fault, dateOffset: fault.dateOffset ?? 0 }, world);
  if (fault.kind === "redirect") {
    const headers = { ...dated, Location: "http://portal.example/login", "Content-Length": "0" };
    return wire({ status: 302, headers, body: "" });
  }
  const body = "<html><body>Welcome! Please log in.</body></html>";
  const headers = { ...dated, "Content-Type": "text/html", "Content-Length": String(body.length) };
  return wire({ status: 200, headers, body });
}

function answerWithFault(world: World, response: StandInResponse, fault: HttpFault, reply: Reply): void {
  const changed = { ...response, headers: { ...response.headers, ...dateOf(fault, world), ...fault.headers } };
  switch (fault.kind) {
    case "status":
      reply.send(wire(changed));
      break;
    case "empty":
      reply.send(wire({ status: 200, headers: { ...changed.headers, "Content-Length": "0" }, body: "" }));
      break;
    case "garbage":
      reply.send("\r\n\r\n\u0003\u0001garbage \r\n\r\n");
      break;
    case "continue":
      reply.send(`HTTP/1.1 100 Continue\r\n\r\n${wire(changed)}`);
      break;
    case "short":
      reply.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK", false);
      break;
    case "silent":
      break;
    case "late":
      world.at(world.nowMs() + durationMs(fault.delay ?? 120_000), () => reply.send(wire(changed)));
      break;
    case "lost":
      reply.send("", false);
      break;
  }
}
