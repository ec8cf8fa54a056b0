/** The world beyond the access point: names, packets with latency, time servers and the HTTP server, with their faults. */
import type { BlynkStandIn, StandInRequest } from "../blynk-stand-in/stand-in.ts";
import { answer } from "../blynk-stand-in/stand-in.ts";
import { ntpAnswer } from "./ntp-answer.ts";
import type { Prng } from "./prng.ts";
import { durationMs, type HttpFault, type NtpFault, type Script, within } from "./script.ts";
import { parseHead, wire } from "./wire.ts";
import type { World } from "./world.ts";

/** A whole answer as it goes over the wire, or "none" for a connection that is never answered. */
export interface RealServer {
  /** Sends over real sockets; calls back with the raw answer, or undefined if the connection failed. */
  exchange(request: StandInRequest, done: (raw: string | undefined) => void): void;
}

/** The device's end of a TCP connection. */
export interface TcpLink {
  /** Returns how many characters were taken: 0 when the send buffer is full, −1 when the connection is gone. */
  send(data: string): number;
  /** Up to `max` characters; "" if there are none yet; undefined when the connection has ended. */
  receive(max: number): string | undefined;
  close(): void;
  /** True when `receive` has something to tell or `send` takes more. */
  onActivity: (() => void) | undefined;
}

export interface Exchange {
  pin: string;
  atMs: number;
  /** The server took the points. */
  stored: boolean;
  /** The whole answer reached the device. */
  answered: boolean;
  fault: string | undefined;
}

export interface Network {
  /** Whether the device's packets go anywhere: it is joined, and there is an Internet behind. */
  reachable(): boolean;
  /** Blocks as long as a look-up does. */
  resolves(host: string, block: (ms: number) => void): boolean;
  /** Blocks as long as connecting does. Undefined: refused, unreachable or the handshake failed. */
  connect(host: string, port: number, tls: boolean, block: (ms: number) => void): TcpLink | undefined;
  /** One datagram; an answer, if any, comes back through `receive`. */
  datagram(data: string, host: string, port: number, receive: (data: string, from: string, port: number) => void): void;
  /** The radio is on the access point, or not. Connections that are open when it goes stay silent or break. */
  setJoined(joined: boolean): void;
  /** A time server's answer, a true one, reaches the device. */
  onTime: (() => void) | undefined;
  exchanges: Exchange[];
  /** Requests under way on real sockets: virtual time waits for them. */
  waiting(): number;
}

/** lwIP's default send buffer, TCP_SND_BUF of the ESP32 builds. */
const SEND_BUFFER_BYTES = 5744;
const SEGMENT_BYTES = 536;
const NAME_KEPT_MS = 60_000;

export function createNetwork(
  world: World,
  prng: Prng,
  script: Script,
  standIn: BlynkStandIn,
  real: RealServer | undefined,
): Network {
  const latency = { minMs: 20, maxMs: 200, upExtraMs: 0, ...script.latency };
  const exchanges: Exchange[] = [];
  const uses = new Map<HttpFault, number>();
  const timeServers: string[] = [];
  const open = new Set<Connection>();
  const names = new Map<string, number>();
  let joined = false;
  let waiting = 0;
  let baseMs = prng.between(latency.minMs, latency.maxMs);
  let baseUntilMs = 0;

  function oneWayMs(up: boolean): number {
    const extra = up ? latency.upExtraMs : 0;
    if (latency.asymmetric) return prng.between(latency.minMs, latency.maxMs) + extra;
    // The path is as long as it is for a second or so, then it may be another: both ways of an exchange are alike.
    if (world.nowMs() >= baseUntilMs) {
      baseMs = prng.between(latency.minMs, latency.maxMs);
      baseUntilMs = world.nowMs() + prng.between(500, 2000);
    }
    return baseMs + prng.between(0, 5) + extra;
  }

  function faultIs(kind: string): boolean {
    return (script.wifi ?? []).some((fault) => fault.kind === kind && within(fault, world.nowMs()));
  }

  function reachable(): boolean {
    return joined && !faultIs("no-internet");
  }

  function httpFault(kinds: (kind: string) => boolean, pin: string | undefined): HttpFault | undefined {
    for (const fault of script.http ?? []) {
      if (!kinds(fault.kind) || !within(fault, world.nowMs())) continue;
      if (fault.pin !== undefined && fault.pin !== pin) continue;
      const used = uses.get(fault) ?? 0;
      if (fault.times !== undefined && used >= fault.times) continue;
      if (fault.share !== undefined && !prng.chance(fault.share)) continue;
      uses.set(fault, used + 1);
      return fault;
    }
    return undefined;
  }

  interface Connection extends TcpLink {
    lose(): void;
  }

  function connection(): Connection {
    let inFlight = 0;
    let lastUpMs = 0;
    let lastDownMs = 0;
    let received = "";
    let ended = false; // the other side's FIN or RST has arrived
    let closed = false;
    let silent = false; // packets vanish
    let headText = "";
    let request: StandInRequest | undefined;
    let bodyBytes = 0;
    let bodyGot = 0;
    const bodyPieces: string[] = [];
    let serverBytes = 0;
    let served = false;
    const early = httpFault((kind) => kind === "reset", undefined);
    const resetAfter = early ? (early.afterBytes ?? 2000) : Number.POSITIVE_INFINITY;

    const link: Connection = {
      onActivity: undefined,
      send(data) {
        if (ended || closed) return -1;
        const room = Math.min(SEND_BUFFER_BYTES - inFlight, SEGMENT_BYTES, data.length);
        if (room <= 0) return 0;
        const piece = data.slice(0, room);
        inFlight += room;
        const arriveMs = Math.max(lastUpMs, world.nowMs() + oneWayMs(true));
        lastUpMs = arriveMs;
        world.at(arriveMs, () => arrive(piece));
        world.at(arriveMs + oneWayMs(false), () => {
          if (silent) return;
          const wasFull = inFlight >= SEND_BUFFER_BYTES;
          inFlight -= room;
          if (wasFull) link.onActivity?.();
        });
        return room;
      },
      receive(max) {
        if (received.length > 0) {
          const piece = received.slice(0, max);
          received = received.slice(max);
          return piece;
        }
        return ended || closed ? undefined : "";
      },
      close() {
        closed = true;
        open.delete(link);
      },
      lose() {
        silent = true;
        // lwIP aborts a connection when its interface goes only sometimes; else it hangs until somebody gives up.
        if (prng.chance(0.5)) world.at(world.nowMs() + prng.between(0, 3000), end);
      },
    };

    function end(): void {
      ended = true;
      link.onActivity?.();
    }

    /** Sends text to the device, then perhaps the end of the connection. */
    function down(text: string, then: "end" | "stay", whole?: () => void): void {
      lastDownMs = Math.max(lastDownMs, world.nowMs() + oneWayMs(false));
      world.at(lastDownMs, () => {
        if (silent || closed) return;
        received += text;
        if (then === "end") ended = true;
        whole?.();
        link.onActivity?.();
      });
    }

    function arrive(piece: string): void {
      if (silent || served) return;
      serverBytes += piece.length;
      if (serverBytes > resetAfter) {
        served = true;
        exchanges.push({ pin: "", atMs: world.nowMs(), stored: false, answered: false, fault: "reset" });
        world.at(world.nowMs() + oneWayMs(false), () => (silent ? undefined : end()));
        return;
      }
      if (request === undefined) {
        headText += piece;
        const headEnd = headText.indexOf("\r\n\r\n");
        if (headEnd < 0) return;
        request = parseHead(headText.slice(0, headEnd));
        const length = Object.keys(request.headers).find((name) => name.toLowerCase() === "content-length");
        bodyBytes = length === undefined ? 0 : Number(request.headers[length]);
        piece = headText.slice(headEnd + 4);
      }
      bodyPieces.push(piece);
      bodyGot += piece.length;
      if (bodyGot < bodyBytes) return;
      served = true;
      request.body = bodyPieces.join("");
      request.arrivedMs = Math.floor(world.trueMs());
      serve(request);
    }

    function serve(request: StandInRequest): void {
      const pin = /[?&]pin=([^&]*)/.exec(request.path)?.[1] ?? "";
      const fault = httpFault((kind) => kind !== "refused" && kind !== "tls" && kind !== "reset", pin);
      const record: Exchange = { pin, atMs: world.nowMs(), stored: false, answered: false, fault: fault?.kind };
      exchanges.push(record);
      const reply = (raw: string, then: "end" | "stay" = "end", whole = true) =>
        down(raw, then, () => {
          if (whole) record.answered = true;
        });
      if (real && !fault) {
        waiting++;
        real.exchange(request, (raw) => {
          waiting--;
          if (raw === undefined) return end();
          record.stored = /^HTTP\/1\.\d 200/.test(raw);
          // The stand-in keeps the book of what that server took.
          if (record.stored) standIn.handle(request);
          reply(raw);
        });
        return;
      }
      answerWith(request, fault, record, reply);
    }

    function answerWith(
      request: StandInRequest,
      fault: HttpFault | undefined,
      record: Exchange,
      reply: (raw: string, then?: "end" | "stay", whole?: boolean) => void,
    ): void {
      const portal = (status: number, body: string, headers: Record<string, string>) =>
        reply(wire({ status, headers: { ...headers, "Content-Length": String(body.length) }, body }));
      if (fault?.kind === "html" || fault?.kind === "redirect") {
        if (fault.kind === "redirect") portal(302, "", { Location: "http://portal.example/login" });
        else portal(200, "<html><body>Welcome! Please log in.</body></html>", { "Content-Type": "text/html" });
        return;
      }

      // Whatever is no part of the API is the server's web site.
      if (!request.path.startsWith("/external/") && !fault) {
        reply(wire(answer(200, "<html></html>", request.arrivedMs, "text/html")));
        return;
      }
      const stored = storesFault(fault);
      standIn.fault =
        fault === undefined
          ? undefined
          : () => ({
              stores: stored,
              answer:
                fault.kind === "status"
                  ? answer(fault.status ?? 503, fault.body ?? "", request.arrivedMs)
                  : // A proxy's garbage is no answer of the server's, and promises no replay; silence does.
                    answer(stored ? 200 : fault.kind === "garbage" ? 400 : 503, "OK", request.arrivedMs),
            });
      const normal = standIn.handle(request);
      standIn.fault = undefined;
      record.stored = fault ? stored : normal.status === 200;
      if (!fault) {
        reply(wire(normal));
        return;
      }
      const ok = { ...normal, headers: { ...normal.headers, ...fault.headers } };
      switch (fault.kind) {
        case "status":
          reply(wire(ok));
          break;
        case "empty":
          reply(wire({ status: 200, headers: { ...ok.headers, "Content-Length": "0" }, body: "" }));
          break;
        case "garbage":
          reply("\r\n\r\n\u0003\u0001garbage \r\n\r\n");
          break;
        case "continue":
          reply(`HTTP/1.1 100 Continue\r\n\r\n${wire(ok)}`);
          break;
        case "short":
          reply("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK", "end", false);
          break;
        case "silent":
          break;
        case "late":
          world.at(world.nowMs() + durationMs(fault.delay ?? 120_000), () => reply(wire(ok)));
          break;
        case "lost":
          reply("", "end", false);
          break;
      }
    }
    open.add(link);
    return link;
  }

  const found: Network = {
    exchanges,
    onTime: undefined,
    reachable,
    waiting: () => waiting,
    setJoined(value) {
      if (joined && !value) {
        names.clear();
        for (const link of open) link.lose();
        open.clear();
      }
      joined = value;
    },
    resolves(host, block) {
      if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return true;
      const dead = !joined || faultIs("no-internet") || (script.dns ?? []).some((one) => within(one, world.nowMs()));
      // lwIP keeps names for as long as their TTL says; a minute is short.
      if (joined && (names.get(host) ?? -1) > world.nowMs()) return true;
      // lwIP asks again after 1 s, four times, before it gives a name up; without an interface it gives up at once.
      block(!joined ? 1 : dead ? 4000 : oneWayMs(true) + oneWayMs(false));
      if (dead || !joined) return false;
      names.set(host, world.nowMs() + NAME_KEPT_MS);
      return true;
    },
    connect(_host, _port, tls, block) {
      if (!joined) return undefined;
      if (!reachable()) {
        // SYNs vanish: lwIP retries for some 18 s.
        block(18_000);
        return undefined;
      }
      block(oneWayMs(true) + oneWayMs(false));
      if (!joined || httpFault((kind) => kind === "refused", undefined)) return undefined;
      if (tls) {
        // Two more round trips and RSA on a 240 MHz core: UNVERIFIED on a board.
        block(2 * (oneWayMs(true) + oneWayMs(false)) + 1500);
        if (!joined || httpFault((kind) => kind === "tls", undefined)) return undefined;
      }
      return connection();
    },
    datagram(data, host, port, receive) {
      if (!reachable() || port !== 123 || data.length < 48) return;
      if (!timeServers.includes(host)) timeServers.push(host);
      const server = timeServers.indexOf(host);
      const ntp = (kind: string): NtpFault | undefined =>
        (script.ntp ?? []).find(
          (fault) =>
            fault.kind === kind &&
            within(fault, world.nowMs()) &&
            (fault.server === undefined || fault.server === server) &&
            (fault.share === undefined || prng.chance(fault.share)),
        );
      if (ntp("blocked")) return;
      const upMs = oneWayMs(true);
      const downMs = oneWayMs(false) + durationMs(ntp("late")?.delay ?? 0);
      const offsetMs = durationMs(ntp("lies")?.offset ?? 0);
      const flags = {
        kiss: ntp("kiss") !== undefined,
        alarm: ntp("unsynchronized") !== undefined,
        stale: !!ntp("stale"),
      };
      world.at(world.nowMs() + upMs, () => {
        const reply = ntpAnswer(data, world.trueMs() + offsetMs, flags);
        world.at(world.nowMs() + downMs, () => {
          if (!reachable()) return;
          if (offsetMs === 0 && !flags.kiss && !flags.alarm && !flags.stale) found.onTime?.();
          receive(reply, `10.0.0.${server + 1}`, 123);
        });
      });
    },
  };
  return found;
}

function storesFault(fault: HttpFault | undefined): boolean {
  if (!fault) return true;
  if (["empty", "continue", "short", "late", "lost"].includes(fault.kind)) return true;
  return fault.kind !== "garbage" && (fault.stored ?? false);
}
