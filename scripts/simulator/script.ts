/** What happens to a simulated device: its surroundings and every fault, at scripted times. */
import type { CrystalOptions } from "./crystal.ts";
import { type Duration, durationMs, type Window } from "./duration.ts";

/** How an HTTP exchange fails. "Stored" means that the server took the points. */
export type HttpFaultKind =
  | "refused" // the connection is refused: Espruino throws from the first write or end
  | "tls" // the TLS handshake fails: write and end return, then comes an error event
  | "status" // `status`, `body`, `headers` are answered; not stored unless `stored`
  | "empty" // stored, answered 200 with no body
  | "html" // captive portal: 200 with a page, the server sees nothing
  | "redirect" // captive portal: 302, the server sees nothing
  | "garbage" // no valid status line, from something in between; not stored
  | "continue" // `100 Continue` first, the real answer behind it; stored
  | "short" // stored, the answer's body breaks off
  | "reset" // the connection is reset after `afterBytes` of the request; not stored
  | "silent" // accepted, never answered; not stored unless `stored`
  | "late" // stored, answered after `delay`
  | "lost"; // stored, then the connection ends without an answer

export interface HttpFault extends Window {
  kind: HttpFaultKind;
  /** Share of the requests in the window, 0 to 1. Default 1. */
  share?: number;
  /** At most this many requests. */
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
  /** Not at `at` itself, but once this many more bytes were programmed or pages erased: the last one is torn. */
  flashBytes?: number;
  /** Time without power. Default 5 s. */
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
  /** Each way is drawn by itself. Default: both ways of a moment take the same time within 5 ms. */
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
  /** A server of your own over real sockets in place of the stand-in: virtual time waits for it and never passes real time. */
  url?: string;
  token?: string;
}

export interface Script {
  scenario?: string;
  /** Default 1, or the environment's SIM_SEED. */
  seed?: number;
  /** Power-on: Unix ms or ISO 8601. Default 2026-01-01T00:00:00Z. */
  start?: number | string;
  /** Time without Wi-Fi after power-on. */
  offline?: Duration;
  /** Latest end of the run. Default 40 days after the last scripted fault. */
  until?: Duration;
  /** End as soon as everything is delivered after the last scripted fault. Default true. */
  untilDrained?: boolean;
  /** With `untilDrained`: earliest end. */
  atLeast?: Duration;
  crystal?: CrystalOptions;
  /** Timers are late by 0 to twice this, so by this on average. Default 5. */
  jitterMs?: number;
  latency?: Latency;
  /** E.srand has no effect, so that all units of a fleet draw the same numbers: for comparison only. */
  sameChance?: boolean;
  /** At boot the runtime opens an access point by itself, as 2v27 does: joins fail until `Wifi.stopAP()`. Default false. */
  ownAccessPoint?: boolean;
  wifi?: WifiFault[];
  /** Host names don't resolve. */
  dns?: Window[];
  ntp?: NtpFault[];
  http?: HttpFault[];
  power?: PowerFault[];
  /** The IDE calls setTime: the system clock is set to true time plus `offset`, or to `to` (Unix ms). */
  setTime?: { at: Duration; offset?: Duration; to?: number }[];
  /** Presses of the button, held 200 ms by default. */
  press?: { at: Duration; hold?: Duration }[];
  sensors?: SensorFault[];
  server?: ServerOptions;
  /** Merged into the device's `backfill.json`. */
  settings?: Record<string, unknown>;
  /** Called several times a second, for a progress bar. */
  onProgress?: (progress: Progress) => void;
  /** Called with every line the device prints. */
  onConsole?: (line: string, atMs: number) => void;
}

export interface Progress {
  simulatedMs: number;
  delivered: number;
  pending: number;
}

const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/** Unix ms of power-on. Throws an Error if `start` is no time. */
export function startMs({ start }: Script): number {
  if (start === undefined) return DEFAULT_START_MS;
  const ms = typeof start === "number" ? start : Date.parse(start);
  if (!Number.isFinite(ms)) throw new Error(`"${start}" is no time: write 2026-01-01T00:00:00Z`);
  return ms;
}

/** The script with `offline` as an ordinary Wi-Fi fault. */
export function withOffline(script: Script): Script {
  if (script.offline === undefined || durationMs(script.offline) === 0) return script;
  return { ...script, wifi: [...(script.wifi ?? []), { kind: "gone", to: script.offline }] };
}

/** When the last scripted fault is over, in ms since power-on. Windows without an end don't count. */
export function quietFromMs(script: Script): number {
  let last = 0;
  const windows: Window[] = [script.wifi, script.dns, script.ntp, script.http, script.sensors].flatMap(
    (one): Window[] => one ?? [],
  );
  for (const one of windows) last = Math.max(last, durationMs(one.to ?? 0), durationMs(one.from ?? 0));
  for (const one of [...(script.power ?? []), ...(script.setTime ?? []), ...(script.press ?? [])]) {
    last = Math.max(last, durationMs(one.at) + 1000);
  }
  return Math.max(last, durationMs(script.server?.tokenKnownFrom ?? 0));
}
