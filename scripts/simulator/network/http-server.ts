/** The server's end of a request: the stand-in's answer or a real server's, changed by the script's faults. */

import type { StandInServer } from "../../blynk-stand-in/server.ts";
import { answer, type BlynkStandIn, type StandInRequest, type StandInResponse } from "../../blynk-stand-in/stand-in.ts";
import { durationMs } from "../duration.ts";
import type { HttpFault, HttpFaultKind } from "../script.ts";
import type { World } from "../world.ts";
import { type PickFault, storesPoints } from "./http-faults.ts";
import { wire } from "./wire.ts";

/** A request that reached the server or what stood in its place. */
export interface Exchange {
  pin: string;
  /** Of its arrival, since the world began. */
  atMs: number;
  /** The server took the points. */
  readonly stored: boolean;
  /** The whole answer reached the device. */
  answered: boolean;
  fault: string | undefined;
  /** First line of what the server's place sent back: "HTTP/1.1 200 OK". Absent while nothing was sent, and for a real server. */
  statusLine?: string;
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
  /** The fault that meets a request, if any. It counts as used. */
  faultOf(request: StandInRequest): HttpFault | undefined;
  serve(
    request: StandInRequest,
    found: HttpFault | undefined,
    connection: { send(raw: string, whole: () => void): void; end(): void },
  ): void;
  /** Notes a whole request that a real server got. Its answer is to be told: whether it took the points, and its status. */
  noteReal(request: StandInRequest): (took: boolean, status: number) => void;
  /** Notes a request that was reset before it was whole. */
  reset(): void;
}

export interface HttpServerOptions {
  world: World;
  standIn: BlynkStandIn;
  /** With a real server: the stand-in that the requests come to in the end. */
  behind: StandInServer | undefined;
  pickFault: PickFault;
}

export function createHttpServer({ world, standIn, behind, pickFault }: HttpServerOptions): HttpServer {
  const exchanges: Exchange[] = [];

  function note(pin: string, fault: string | undefined, body: string) {
    const exchange: { -readonly [member in keyof Exchange]: Exchange[member] } = {
      pin,
      atMs: world.nowMs(),
      stored: false,
      answered: false,
      fault,
      // Each begins with a bracket, and one is the body's own.
      points: Math.max(0, body.split("[").length - 2),
    };
    exchanges.push(exchange);
    return exchange;
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
    reset: () => void note("", "reset", ""),
    faultOf: (request) =>
      pickFault((kind) => kind !== "refused" && kind !== "tls" && kind !== "reset", {
        host: hostOf(request),
        pin: pinOf(request),
        body: request.body,
      }),
    noteReal(request) {
      const { body } = request;
      const exchange = note(pinOf(request), undefined, body);
      // A proxy may pass a request on and answer in the server's place.
      if (behind) Object.defineProperty(exchange, "stored", { get: () => behind.took(body) });
      return (took, status) => {
        if (status === 200) exchange.answered = true;
        if (behind || !took) return;
        exchange.stored = true;
        // The stand-in keeps account of what that server took.
        standIn.handle(request);
      };
    },
    serve(request, found, connection) {
      // A wrong Date changes nothing else of what the server does.
      const fault = found?.kind === "date" ? undefined : found;
      const exchange = note(pinOf(request), found?.kind, request.body);
      const reply: Reply = {
        end: connection.end,
        send(raw, whole = true) {
          exchange.statusLine = raw.slice(0, Math.max(0, raw.indexOf("\r\n")));
          connection.send(raw, () => {
            if (whole) exchange.answered = true;
          });
        },
      };
      if (fault !== undefined && OTHERS.includes(fault.kind)) return reply.send(othersAnswer(fault, request, world));
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

const pinOf = (request: StandInRequest): string => /[?&]pin=([^&]*)/.exec(request.path)?.[1] ?? "";

/** The `Date` header that a fault changes; nothing if it changes none. */
function dateOf(fault: HttpFault | undefined, world: World): Record<string, string> {
  if (fault?.dateOffset === undefined) return {};
  return { Date: new Date(world.trueMs() + durationMs(fault.dateOffset)).toUTCString() };
}

/** Faults in which something answers in the server's place, which sees nothing of the request. */
const OTHERS: HttpFaultKind[] = ["html", "redirect", "blank", "moved", "flood"];
const HEAD_BYTES = 1_000_000;

function hostOf(request: StandInRequest): string {
  return String(request.headers.Host ?? "").replace(/:\d+$/, "");
}

/** Captive portals and proxies send a Date, by their own clock. */
function othersAnswer(fault: HttpFault, request: StandInRequest, world: World): string {
  const dated = dateOf({ ...fault, dateOffset: fault.dateOffset ?? 0 }, world);
  if (fault.kind === "blank") return wire({ status: 200, headers: { ...dated, "Content-Length": "0" }, body: "" });
  if (fault.kind === "moved") {
    const headers = { ...dated, Location: `${fault.moveTo}${request.path}`, "Content-Length": "0" };
    return wire({ status: 308, headers, body: "" });
  }
  if (fault.kind === "flood") {
    const padding = "x".repeat(50);
    const lines = Math.ceil((fault.headBytes ?? HEAD_BYTES) / `X-Padding-00000: ${padding}\r\n`.length);
    const headers: Record<string, string> = { ...dated };
    for (let i = 0; i < lines; i++) headers[`X-Padding-${String(i).padStart(5, "0")}`] = padding;
    return wire({ status: 200, headers, body: "" });
  }
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
