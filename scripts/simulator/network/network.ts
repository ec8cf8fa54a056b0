/** What lies beyond the radio: names, packets with latency, time servers and the HTTP server, with the script's faults. */
import type { BlynkStandIn } from "../../blynk-stand-in/stand-in.ts";
import { within } from "../duration.ts";
import type { Prng } from "../prng.ts";
import type { Script, WifiFault } from "../script.ts";
import type { World } from "../world.ts";
import { type Connection, createConnection, createRefusedLink, type TcpLink } from "./connection.ts";
import { createFaultPicker } from "./http-faults.ts";
import { createHttpServer, type Exchange } from "./http-server.ts";
import { createOneWay } from "./latency.ts";
import type { Address, RealServer } from "./real-server.ts";
import { createTimeServers, type Receive } from "./time-servers.ts";
import { wifiFault } from "./wifi-faults.ts";

export interface Network {
  /** Whether the device's packets go anywhere: it is joined, and the access point has Internet. */
  reachable(): boolean;
  /** Blocks as long as a look-up does. */
  resolves(host: string, block: (ms: number) => void): boolean;
  /** Blocks as long as connecting does. Undefined: refused or unreachable. */
  connect(to: Address, block: (ms: number) => void): TcpLink | undefined;
  /** One datagram; an answer, if any, comes back through `receive`. */
  datagram(data: string, host: string, port: number, receive: Receive): void;
  /** The radio has joined an access point, or left it. Connections that are open then go silent or break. */
  setJoined(ssid: string | undefined): void;
  /** A Wi-Fi fault begins or ends: the link may be dead from now on. */
  surroundingsChanged(): void;
  /** Called when a true answer of a time server reaches the device. */
  onTime(listener: () => void): void;
  exchanges: Exchange[];
  /** The access point that the radio has joined, and whether that link is dead. */
  link(): { ssid: string | undefined; dead: boolean };
  /** When the device last used its radio, in ms since the world began. */
  lastUsedMs(): number;
}

export interface NetworkOptions {
  world: World;
  prng: Prng;
  script: Script;
  standIn: BlynkStandIn;
  /** Takes the place of the stand-in, or stands before it. */
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
  const server = createHttpServer({ world, standIn, behind: script.server?.behind, pickFault });
  const timeServers = createTimeServers({ world, prng, oneWayMs, faults: script.ntp ?? [], reachable });
  const open = new Set<Connection>();
  /** Until when a name is known. */
  const names = new Map<string, number>();
  const faults = script.wifi ?? [];
  /** Faults of the kind "dead" that have had their link. */
  const spent = new Set<WifiFault>();
  let joined: string | undefined;
  let dead = false;
  let lastUsedMs = 0;

  function use(): void {
    lastUsedMs = world.nowMs();
  }

  function reachable(): boolean {
    return joined !== undefined && !dead && wifiFault(faults, "no-internet", joined, world.nowMs()) === undefined;
  }

  /** Open connections go silent or break, and names are forgotten. */
  function loseLinks(): void {
    names.clear();
    for (const link of open) link.lose();
    open.clear();
  }

  function strikeLink(): void {
    const fault = faults.find((one) => !spent.has(one) && wifiFault([one], "dead", joined, world.nowMs()));
    if (joined === undefined || fault === undefined) return;
    spent.add(fault);
    dead = true;
    loseLinks();
  }

  function closed(link: Connection): void {
    use();
    open.delete(link);
  }

  const roundTripMs = () => oneWayMs(true) + oneWayMs(false);

  return {
    exchanges: server.exchanges,
    link: () => ({ ssid: joined, dead }),
    lastUsedMs: () => lastUsedMs,
    onTime(listener) {
      timeServers.onTime = listener;
    },
    reachable,
    setJoined(ssid) {
      use();
      if (joined !== undefined && ssid === undefined) loseLinks();
      // A renewed address is no new link.
      if (joined !== ssid) dead = false;
      joined = ssid;
      strikeLink();
    },
    surroundingsChanged: strikeLink,
    resolves(host, block) {
      use();
      if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return true;
      const lost = !reachable() || (script.dns ?? []).some((one) => within(one, world.nowMs()));
      if (joined !== undefined && (names.get(host) ?? -1) > world.nowMs()) return true;
      // Without an interface it gives up at once.
      block(joined === undefined ? 1 : lost ? NO_NAME_MS : roundTripMs());
      if (lost || joined === undefined) return false;
      names.set(host, world.nowMs() + NAME_KEPT_MS);
      return true;
    },
    connect(to, block) {
      use();
      const request = { host: to.host, pin: "", body: "" };
      if (joined === undefined) return undefined;
      if (!reachable()) {
        block(NO_ANSWER_MS);
        return undefined;
      }
      block(roundTripMs());
      if (joined === undefined || pickFault((kind) => kind === "refused", request)) return undefined;
      if (to.secure) {
        block(2 * roundTripMs() + HANDSHAKE_MS);
        if (joined === undefined) return undefined;
        if (pickFault((kind) => kind === "tls", request)) return createRefusedLink();
      }
      const opened = real?.open(to, world.nowMs());
      if (opened === "refused") return undefined;
      if (opened === "tls") return createRefusedLink();
      const { host } = to;
      const link = createConnection({ world, prng, oneWayMs, pickFault, server, host, onClose: closed, real: opened });
      open.add(link);
      return link;
    },
    datagram(data, host, port, receive) {
      use();
      if (reachable() && port === NTP_PORT && data.length >= NTP_BYTES) timeServers.ask(data, host, receive);
    },
  };
}
