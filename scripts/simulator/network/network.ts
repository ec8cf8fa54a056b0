/** What lies beyond the radio: names, packets with latency, time servers and the HTTP server, with the script's faults. */
import type { BlynkStandIn } from "../../blynk-stand-in/stand-in.ts";
import { within } from "../duration.ts";
import type { Prng } from "../prng.ts";
import type { Script, WifiFaultKind } from "../script.ts";
import type { World } from "../world.ts";
import { type Connection, createConnection, createRefusedLink, type TcpLink } from "./connection.ts";
import { createFaultPicker } from "./http-faults.ts";
import { createHttpServer, type Exchange, type RealServer } from "./http-server.ts";
import { createOneWay } from "./latency.ts";
import { createTimeServers, type Receive } from "./time-servers.ts";

export interface Network {
  /** Whether the device's packets go anywhere: it is joined, and the access point has Internet. */
  reachable(): boolean;
  /** Blocks as long as a look-up does. */
  resolves(host: string, block: (ms: number) => void): boolean;
  /** Blocks as long as connecting does. Undefined: refused or unreachable. */
  connect(tls: boolean, block: (ms: number) => void): TcpLink | undefined;
  /** One datagram; an answer, if any, comes back through `receive`. */
  datagram(data: string, host: string, port: number, receive: Receive): void;
  /** The radio has joined the access point, or left it. Connections that are open then go silent or break. */
  setJoined(joined: boolean): void;
  /** Called when a true answer of a time server reaches the device. */
  onTime(listener: () => void): void;
  exchanges: Exchange[];
  /** When the device last used its radio, in ms since the world began. */
  lastUsedMs(): number;
  /** Requests under way on real sockets: virtual time waits for them. */
  waiting(): number;
}

export interface NetworkOptions {
  world: World;
  prng: Prng;
  script: Script;
  standIn: BlynkStandIn;
  /** Takes the place of the stand-in. */
  real?: RealServer;
}

const NTP_PORT = 123;
const NTP_BYTES = 48;
/** lwIP keeps a name for its TTL; a minute is short. */
const NAME_KEPT_MS = 60_000;
/** lwIP asks again after 1 s, four times, before it gives a name up. */
const NO_NAME_MS = 4000;
/** Unanswered SYNs: lwIP retries for about 18 s. */
const NO_ANSWER_MS = 18_000;
/** RSA on a 240 MHz core, beside two round trips. UNVERIFIED on a board. */
const HANDSHAKE_MS = 1500;

export function createNetwork({ world, prng, script, standIn, real }: NetworkOptions): Network {
  const oneWayMs = createOneWay(world, prng, script.latency);
  const pickFault = createFaultPicker(world, prng, script.http ?? []);
  const server = createHttpServer({ world, standIn, real, pickFault });
  const timeServers = createTimeServers({ world, prng, oneWayMs, faults: script.ntp ?? [], reachable });
  const open = new Set<Connection>();
  /** Until when a name is known. */
  const names = new Map<string, number>();
  let joined = false;
  let lastUsedMs = 0;

  function use(): void {
    lastUsedMs = world.nowMs();
  }

  function faultIs(kind: WifiFaultKind): boolean {
    return (script.wifi ?? []).some((fault) => fault.kind === kind && within(fault, world.nowMs()));
  }

  function reachable(): boolean {
    return joined && !faultIs("no-internet");
  }

  function closed(link: Connection): void {
    use();
    open.delete(link);
  }

  const roundTripMs = () => oneWayMs(true) + oneWayMs(false);

  return {
    exchanges: server.exchanges,
    lastUsedMs: () => lastUsedMs,
    waiting: server.waiting,
    onTime(listener) {
      timeServers.onTime = listener;
    },
    reachable,
    setJoined(value) {
      use();
      if (joined && !value) {
        names.clear();
        for (const link of open) link.lose();
        open.clear();
      }
      joined = value;
    },
    resolves(host, block) {
      use();
      if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return true;
      const dead = !joined || faultIs("no-internet") || (script.dns ?? []).some((one) => within(one, world.nowMs()));
      if (joined && (names.get(host) ?? -1) > world.nowMs()) return true;
      // Without an interface it gives up at once.
      block(!joined ? 1 : dead ? NO_NAME_MS : roundTripMs());
      if (dead || !joined) return false;
      names.set(host, world.nowMs() + NAME_KEPT_MS);
      return true;
    },
    connect(tls, block) {
      use();
      if (!joined) return undefined;
      if (!reachable()) {
        block(NO_ANSWER_MS);
        return undefined;
      }
      block(roundTripMs());
      if (!joined || pickFault((kind) => kind === "refused")) return undefined;
      if (tls) {
        block(2 * roundTripMs() + HANDSHAKE_MS);
        if (!joined) return undefined;
        if (pickFault((kind) => kind === "tls")) return createRefusedLink();
      }
      const link = createConnection({ world, prng, oneWayMs, pickFault, server, onClose: closed });
      open.add(link);
      return link;
    },
    datagram(data, host, port, receive) {
      use();
      if (reachable() && port === NTP_PORT && data.length >= NTP_BYTES) timeServers.ask(data, host, receive);
    },
  };
}
