/** What happens to a simulated device: its surroundings and every fault, at scripted times. */
import type { StandInServer } from "../blynk-stand-in/server.ts";
import { parseIsoTime } from "../build/iso-time.ts";
import type { CrystalOptions } from "./crystal.ts";
import { type Duration, durationMs, type Window } from "./duration.ts";
import type { ClockSetting, FlashHarm, HttpFault, NtpFault, PowerFault, SensorFault, WifiFault } from "./faults.ts";

export type * from "./faults.ts";

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
  /** A plan that looks back further, or less far, than documented. */
  ageMax?: Duration;
  /**
   * A server of your own over real sockets in place of the stand-in: virtual time waits for it, and never passes real time
   * unless the server is `behind`.
   */
  url?: string;
  token?: string;
  /** With `url`: real time that the run waits once a request failed, while no point is taken; then it ends. Default 10,000. */
  stallMs?: number;
  /** With `url`: the origin that stands for an address `nowMs` after power-on. Default: the address itself. */
  route?(host: string, port: number, nowMs: number): string;
  /**
   * With `url`: the stand-in that requests come to in the end, in this process. It keeps the account and gets the simulated
   * time.
   */
  behind?: StandInServer;
}

/** A network within reach of the unit. */
export interface AccessPoint {
  ssid: string;
  /** "" for an open network. */
  password: string;
}

/** How fast the chip is. Times of the flash in ms, each for one call. */
export interface CpuOptions {
  /** Interpreted code takes this many times as long. Default 1. */
  slowdown?: number;
  /** Default 0.02. */
  flashReadMs?: number;
  /** Default 0.1. */
  flashProgramMs?: number;
  /** Default 45. */
  eraseMs?: number;
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
  cpu?: CpuOptions;
  /** Networks beside the simulated one ("simulated", password "correct horse"). `settings.networks` says which the unit knows. */
  accessPoints?: AccessPoint[];
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
  /** From its next boot on, the unit runs the firmware with this device file in it. The region stays the same. */
  devices?: { at: Duration; file: string }[];
  flash?: FlashHarm[];
  setTime?: ClockSetting[];
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
  const ms = typeof start === "number" ? start : parseIsoTime(start);
  if (!Number.isFinite(ms)) throw new Error(`"${start}" is not a time: write 2026-01-01T00:00:00Z`);
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
  const moments = [script.power, script.setTime, script.press, script.flash, script.devices].flatMap(
    (one): { at: Duration }[] => one ?? [],
  );
  for (const one of moments) {
    last = Math.max(last, durationMs(one.at) + 1000);
  }
  return Math.max(last, durationMs(script.server?.tokenKnownFrom ?? 0));
}
