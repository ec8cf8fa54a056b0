/**
 * Asks time servers by SNTP (RFC 4330; field names and packet layout of RFC 5905, figure 8). A query has a few rounds, and asks
 * every server once a round. All exchanges with a server narrow down its time (Marzullo's intersection), and two servers
 * must agree.
 */
import type { Timers, Udp, UdpSocket } from "../platform/ports.ts";
import type { Clock } from "./clock.ts";

/** At raw time `rawMs` it was `trueMs` since 1970 UTC, give or take `boundMs`. Integers. */
export interface TimeAnswer {
  rawMs: number;
  trueMs: number;
  boundMs: number;
}

export interface Sntp {
  /**
   * `done` is called once, with nothing when no answer can be believed, and at once when a query is running. Takes 2 to 8 s
   * plus the name look-ups.
   */
  query(done: (answer: TimeAnswer | undefined) => void): void;
}

export const NTP_PORT = 123;
/** The interval of ntpd's `iburst`. A later answer would have a bound of a second or more anyway. */
export const ROUND_MS = 2000;
export const ROUNDS = 4;
/** With a bound this small another round is not worth it. */
const GOOD_BOUND_MS = 25;
/** RFC 5905 MAXDIST: a server less sure than this of its own time is no source. */
const DISTANCE_MAX_MS = 1000;
/** Raw time is whole ms at both ends, and the result is rounded. */
const RESOLUTION_MS = 2;
/** Two servers are read at most 8 s apart, in which a crystal goes wrong by less than this. */
const APART_MS = 1;
/**
 * Servers that smear a leap second are up to half a second away from those that step, and up to a second from each other (Google:
 * linear, from noon to noon; others: 20 h, or after the leap). An answer that is this close may be right, although it was
 * outvoted.
 */
const SMEAR_MS = 1000;
/** DENY and RSTR mean "never again": a day is enough. RATE means "less often". */
const DENIED_REST_MS = 86400000;
const RATE_REST_MS = 4 * 3600000;

/** NTP seconds of 1970-01-01. */
const UNIX_EPOCH_S = 2208988800;
/** NTP seconds of 2010-01-01. The counter wraps in 2036: smaller numbers are after the wrap. */
const PIVOT_S = 3471292800;
/**
 * 2100-01-01. With the pivot: dates from 2010 to 2099 are read, all others are refused. The build's own date says more
 * (take-fix.ts).
 */
export const TRUE_MAX_MS = 4102444800000;
export const TRUE_MIN_MS = 1262304000000;

/** Compares answers. Made anew for each query, and let go after it: its functions take JsVars only while it lasts. */
export function openVote() {
  /** True when both can be right: their intervals of (true - raw) overlap. */
  function overlap(one: TimeAnswer, other: TimeAnswer): boolean {
    return Math.abs(one.trueMs - one.rawMs - (other.trueMs - other.rawMs)) <= one.boundMs + other.boundMs + APART_MS;
  }

  /** What both have in common: the overlap of their intervals. */
  function narrow(one: TimeAnswer, other: TimeAnswer): TimeAnswer {
    const offsetMs = one.trueMs - one.rawMs;
    const apartMs = other.trueMs - other.rawMs - offsetMs;
    const lowMs = Math.max(-one.boundMs, apartMs - other.boundMs - APART_MS);
    const highMs = Math.min(one.boundMs, apartMs + other.boundMs + APART_MS);
    return { rawMs: one.rawMs, trueMs: one.trueMs + (lowMs + highMs) / 2, boundMs: (highMs - lowMs) / 2 };
  }

  /**
   * The answer that most others agree with; among equals, the one with the smallest bound. Those that agree with it narrow down
   * where in its interval the time is most likely. Those that don't, but are so close that one of the two may smear a leap
   * second, widen the bound until it includes them. One server alone is believed only if no other was asked.
   */
  function agree(answers: (TimeAnswer | undefined)[]): TimeAnswer | undefined {
    let chosen: TimeAnswer | undefined;
    let chosenVotes = answers.length === 1 ? 0 : 1;
    for (let i = 0; i < answers.length; i++) {
      const one = answers[i];
      if (!one) continue;
      let votes = 0;
      for (let j = 0; j < answers.length; j++) {
        const other = answers[j];
        if (!other || j === i) continue;
        if (overlap(one, other)) votes++;
      }
      if (votes > chosenVotes || (votes === chosenVotes && (!chosen || one.boundMs < chosen.boundMs))) {
        chosen = one;
        chosenVotes = votes;
      }
    }
    if (!chosen) return undefined;
    let likely = chosen;
    for (let i = 0; i < answers.length; i++) {
      const other = answers[i];
      if (other && overlap(likely, other)) likely = narrow(likely, other);
    }
    let boundMs = chosen.boundMs + Math.abs(likely.trueMs - chosen.trueMs);
    for (let i = 0; i < answers.length; i++) {
      const other = answers[i];
      if (!other || overlap(likely, other)) continue;
      const apartMs = Math.abs(other.trueMs - other.rawMs - (likely.trueMs - likely.rawMs));
      if (apartMs <= SMEAR_MS) boundMs = Math.max(boundMs, apartMs + other.boundMs + APART_MS);
    }
    return { rawMs: chosen.rawMs, trueMs: Math.round(likely.trueMs), boundMs: Math.ceil(boundMs) + 1 };
  }

  return { overlap, narrow, agree };
}

/**
 * The packets of one query. Made anew for each, as `openVote` is. `restUntilRawMs` gets how long a server wants to be left
 * alone.
 */
function openExchange(udp: Udp, clock: Clock, servers: string[], random: () => number, restUntilRawMs: number[]) {
  const vote = openVote();
  // One per exchange: a socket that met an error can't be used again.
  let sockets: UdpSocket[] = [];
  // One entry per server, as in all lists below.
  const best: (TimeAnswer | undefined)[] = [];
  for (let i = 0; i < servers.length; i++) best.push(undefined);
  let heard = false;
  // Sent as transmitTimestamp, must come back as originateTimestamp. Random, so that only a machine on the path can know it.
  let nonces: string[] = [];
  const sentRawMs: number[] = [];

  function readUint32(bytes: Uint8Array, at: number): number {
    return bytes[at] * 16777216 + bytes[at + 1] * 65536 + bytes[at + 2] * 256 + bytes[at + 3];
  }

  /** An NTP timestamp as ms since 1970. All zeros mean that there is none (RFC 5905, 6): NaN. */
  function readTimestampMs(bytes: Uint8Array, at: number): number {
    const seconds = readUint32(bytes, at);
    const fraction = readUint32(bytes, at + 4);
    if (seconds + fraction === 0) return NaN;
    return (seconds - UNIX_EPOCH_S + (seconds < PIVOT_S ? 4294967296 : 0)) * 1000 + fraction / 4294967.296;
  }

  function receive(bytes: Uint8Array): void {
    const rawMs = clock.rawMs();
    if (bytes.length < 48) return;
    const originateTimestamp = bytes.slice(24, 32).join();
    const index = nonces.indexOf(originateTimestamp);
    if (index < 0) return;
    nonces[index] = "";
    heard = true;
    const leapIndicator = bytes[0] >> 6;
    const versionNumber = (bytes[0] >> 3) & 7;
    const mode = bytes[0] & 7;
    const stratum = bytes[1];
    if (mode !== 4 || versionNumber < 3 || versionNumber > 4) return;
    if (stratum === 0) {
      const code = String.fromCharCode(bytes[12], bytes[13], bytes[14], bytes[15]);
      if (code === "DENY" || code === "RSTR") restUntilRawMs[index] = rawMs + DENIED_REST_MS;
      if (code === "RATE") restUntilRawMs[index] = rawMs + RATE_REST_MS;
      return;
    }
    if (leapIndicator === 3 || stratum > 15) return;
    const precision = bytes[3] > 127 ? bytes[3] - 256 : bytes[3];
    const rootDelayMs = readUint32(bytes, 4) / 65.536;
    const rootDispersionMs = readUint32(bytes, 8) / 65.536;
    const receiveTimestampMs = readTimestampMs(bytes, 32);
    const transmitTimestampMs = readTimestampMs(bytes, 40);
    const servedMs = transmitTimestampMs - receiveTimestampMs;
    const roundTripMs = rawMs - sentRawMs[index] - servedMs;
    const distanceMs = rootDelayMs / 2 + rootDispersionMs + Math.exp(precision * Math.LN2) * 1000;
    // Written so that NaN, a timestamp that is missing, is refused too.
    if (!(servedMs >= 0 && roundTripMs >= -RESOLUTION_MS && distanceMs <= DISTANCE_MAX_MS)) return;
    const trueMs = transmitTimestampMs + Math.max(roundTripMs, 0) / 2;
    if (trueMs < TRUE_MIN_MS || trueMs >= TRUE_MAX_MS) return;
    // However unequal the two ways were, the answer took between none and all of the round trip.
    const answer = { rawMs, trueMs, boundMs: Math.max(roundTripMs, 0) / 2 + distanceMs + RESOLUTION_MS };
    const known = best[index];
    if (!known) best[index] = answer;
    else if (vote.overlap(answer, known)) best[index] = vote.narrow(answer, known);
    else if (answer.boundMs < known.boundMs) best[index] = answer;
  }

  function send(index: number): void {
    const packet = new Uint8Array(48);
    packet[0] = 0x23; // leapIndicator 0, versionNumber 4, mode 3 (client)
    for (let i = 40; i < 48; i++) packet[i] = Math.floor(random() * 256);
    nonces[index] = packet.slice(40).join();
    const socket = udp.open(receive);
    sockets.push(socket);
    // Looking up the name blocks.
    clock.blocked(() => socket.send(packet, servers[index], NTP_PORT));
  }

  /** Asks all servers that don't rest. */
  function sendAll(): void {
    nonces = [];
    for (let i = 0; i < servers.length; i++) {
      if (clock.rawMs() < (restUntilRawMs[i] ?? 0)) continue;
      try {
        send(i);
      } catch (_) {
        nonces[i] = "";
      }
    }
    // All packets leave in the idle loop's next pass (libs/network/socketserver.c), after the last name look-up. Counted as
    // part of the way there, a look-up would shift the time by half its length.
    const sentMs = clock.rawMs();
    for (let i = 0; i < servers.length; i++) sentRawMs[i] = sentMs;
  }

  function close(): void {
    for (let i = 0; i < sockets.length; i++) sockets[i].close();
    sockets = [];
  }

  return {
    sendAll,
    close,
    /** What the servers agree on, over all rounds. */
    agreed() {
      return vote.agree(best);
    },
    /** Whether any server answered at all. */
    heard() {
      return heard;
    },
  };
}

export interface SntpParts {
  udp: Udp;
  timers: Timers;
  clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
}

/**
 * `servers` are host names or addresses. `restUntilRawMs` is what a boot remembers of them: until when each wants to be left
 * alone; empty at first.
 */
export function createSntp(parts: SntpParts, servers: string[], restUntilRawMs: number[]): Sntp {
  const clock = parts.clock;
  let busy = false;

  return {
    query(done) {
      if (busy || servers.length === 0) {
        done(undefined);
        return;
      }
      busy = true;
      const exchange = openExchange(parts.udp, clock, servers, parts.random, restUntilRawMs);
      clock.rawMs();
      const session = clock.session();

      function round(number: number): void {
        exchange.sendAll();
        // Set after the sends: a slow name server must not shorten the time for answers.
        const armedRawMs = clock.rawMs();
        parts.timers.setTimeout(() => {
          // A jump during the exchanges makes them worthless. This reading would find it.
          clock.rawAtTimer(armedRawMs, armedRawMs + ROUND_MS);
          exchange.close();
          const answer = clock.session() === session ? exchange.agreed() : undefined;
          const goodEnough = answer !== undefined && answer.boundMs <= GOOD_BOUND_MS;
          const hopeless = clock.session() !== session || (number === 2 && !exchange.heard());
          if (!goodEnough && !hopeless && number < ROUNDS) {
            round(number + 1);
            return;
          }
          busy = false;
          done(answer);
        }, ROUND_MS);
      }

      round(1);
    },
  };
}
