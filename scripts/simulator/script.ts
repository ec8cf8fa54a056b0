/** What happens to a simulated device: the world around it and every fault, at scripted times. */
import type { CrystalOptions } from "./crystal.ts";

/** A number of ms, or text such as "90s", "5m", "12h", "7d", "1.5h". Times count from the first power-on. */
export type Duration = number | string;

/** From `from` (default: the beginning) until before `to` (default: for ever). */
export interface Window {
  from?: Duration;
  to?: Duration;
}

/** How an HTTP exchange fails. "stored" says whether the server took the points before. */
export type HttpFaultKind =
  | "refused" // the connection is refused: Espruino throws from the first write or end
  | "tls" // the TLS handshake fails: thrown likewise
  | "status" // `status`, `body`, `headers` are answered; not stored unless `stored`
  | "empty" // stored, answered 200 with no body
  | "html" // captive portal: 200 with a page, the server sees nothing
  | "redirect" // captive portal: 302, the server sees nothing
  | "garbage" // a status line that is none, from something in between; not stored
  | "continue" // `100 Continue` first, the real answer behind it; stored
  | "short" // stored, the answer's body breaks off
  | "reset" // the connection is reset after `afterBytes` of the request; not stored
  | "silent" // accepted, never answered; not stored unless `stored`
  | "late" // stored, answered after `delay`
  | "lost"; // stored, then the connection ends without an answer

export interface HttpFault extends Window {
  kind: HttpFaultKind;
  /** Of the requests in the window, this share. Default 1. */
  share?: number;
  /** At most so many requests. */
  times?: number;
  /** Only requests for this pin, "v1". */
  pin?: string;
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  stored?: boolean;
  delay?: Duration;
  afterBytes?: number;
}

export type WifiFaultKind =
  | "gone" // no access point within reach
  | "wrong-password" // the access point refuses the password
  | "no-internet"; // joined, but nothing beyond answers: DNS fails, packets vanish

export interface WifiFault extends Window {
  kind: WifiFaultKind;
}

export type NtpFaultKind =
  | "blocked" // no answer comes
  | "late" // every answer comes `delay` later
  | "lies" // the server's clock is `offset` off
  | "kiss" // kiss-of-death RATE, stratum 0
  | "unsynchronized" // leap alarm
  | "stale"; // answers with another origin timestamp

export interface NtpFault extends Window {
  kind: NtpFaultKind;
  /** Index among the device's time servers, in the order in which it first asks them; all if absent. */
  server?: number;
  share?: number;
  delay?: Duration;
  offset?: Duration;
}

export interface PowerFault {
  at: Duration;
  /** "cut": power is gone at once. "reset": the chip restarts, the system clock runs on. */
  kind: "cut" | "reset";
  /** Not at `at` but when so many more bytes were programmed or pages erased: the one under way is torn. */
  flashBytes?: number;
  /** Without power for so long. Default 5 s. */
  off?: Duration;
}

export interface SensorFault extends Window {
  /** "hang": never calls back. "nan": reading failed. "throw": throws. */
  kind: "hang" | "nan" | "throw";
  /** Only this datastream, "v1". */
  pin?: string;
}

export interface Latency {
  /** Time of one packet one way. Default 20 to 200 ms. */
  minMs?: number;
  maxMs?: number;
  /** Added to packets from the device, so that the two ways differ. Default 0. */
  upExtraMs?: number;
  /** Each way drawn by itself. Default: the two ways of a moment are alike, but for 5 ms. */
  asymmetric?: boolean;
}

export interface ServerOptions {
  /** The server does not know the device's token until then. */
  tokenKnownFrom?: Duration;
  /** The template's datastreams, ["v1", …]; absent: all exist. */
  pins?: string[];
  /** A plan with smaller batches than documented. */
  refuseAbovePoints?: number;
  /** A plan with another daily limit than documented. */
  pointsPerDay?: number;
  /** Developers' own server over real sockets in place of the stand-in: virtual time waits for it and never passes real time. */
  url?: string;
  token?: string;
}

export interface Script {
  scenario?: string;
  /** Default 1, or the environment's SIM_SEED. */
  seed?: number;
  /** Power-on: Unix ms or ISO 8601. Default 2026-01-01T00:00:00Z. */
  start?: number | string;
  /** No Wi-Fi for so long after power-on. */
  offline?: Duration;
  /** The run ends then at the latest. Default 40 days after `offline`. */
  until?: Duration;
  /** End as soon as everything is delivered after the last scripted event. Default true. */
  untilDrained?: boolean;
  /** With `untilDrained`: not before then. */
  atLeast?: Duration;
  crystal?: CrystalOptions;
  /** Timers are late by 0 to twice this: ± about a mean. Default 5. */
  jitterMs?: number;
  latency?: Latency;
  /** E.srand has no effect, so that units of a fleet draw the same numbers: for comparison only. */
  sameChance?: boolean;
  wifi?: WifiFault[];
  /** Host names don't resolve. */
  dns?: Window[];
  ntp?: NtpFault[];
  http?: HttpFault[];
  power?: PowerFault[];
  /** The IDE calls setTime: the system clock is set to true time plus `offset`, or to `to` (Unix ms). */
  setTime?: { at: Duration; offset?: Duration; to?: number }[];
  /** Presses of the button. Default held 200 ms. */
  press?: { at: Duration; hold?: Duration }[];
  sensors?: SensorFault[];
  server?: ServerOptions;
  /** Merged into the device's `backfill.json`. */
  settings?: Record<string, unknown>;
  /** Called with simulated ms and the pending samples, now and then, for a progress bar. */
  onProgress?: (progress: Progress) => void;
  /** Called with every line the device prints. */
  onConsole?: (line: string, atMs: number) => void;
}

export interface Progress {
  simulatedMs: number;
  delivered: number;
  pending: number;
}

export const DAY_MS = 86_400_000;
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };

/** ms of "90s", "5m", "12h", "7d" or a number of ms. Throws an Error that says what is wrong. */
export function durationMs(duration: Duration): number {
  if (typeof duration === "number") return duration;
  const parts = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(duration.trim());
  if (!parts) throw new Error(`"${duration}" is no duration: write 90s, 5m, 12h or 7d`);
  return Number(parts[1]) * UNITS[parts[2]];
}

/** Whether a time since power-on lies in a window. */
export function within(window: Window, atMs: number): boolean {
  const from = window.from === undefined ? 0 : durationMs(window.from);
  const to = window.to === undefined ? Number.POSITIVE_INFINITY : durationMs(window.to);
  return atMs >= from && atMs < to;
}
