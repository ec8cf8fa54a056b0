/** The options of `npm run simulate`, and the device and script that follow from them. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../build/did-you-mean.ts";
import { UsageError } from "./errors.ts";
import { REGIONS } from "./partitions.ts";
import { type RecordedDevice, recordedDevice } from "./recorded-device.ts";
import { readRecording } from "./recording.ts";
import { findScenario, SCENARIOS } from "./scenarios/registry.ts";
import { DEVICE_FILE, deviceOf, type Scenario } from "./scenarios/scenario.ts";
import { readScript } from "./script-file.ts";
import { durationMs, type GeneratedDevice, type Script, type SimulatedDevice } from "./simulate.ts";

export interface Options {
  scenario?: string;
  script?: string;
  data?: string;
  streams?: string;
  every?: number;
  offline?: number;
  until?: number;
  region?: string;
  drift?: number;
  device?: string;
  start?: string;
  seed?: number;
  server?: string;
  token?: string;
  pointsOut?: string;
  json?: boolean;
  fleet?: number;
}

const INTERVAL_MS_MIN = 100;
/** How long the rest may take after now, with a real server. */
const REAL_WAIT_MS = 600_000;

/** ms of 90s, 5m, 12h, 7d. */
export function duration(text: string): number {
  let ms: number;
  try {
    ms = durationMs(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  if (ms < 0) throw new InvalidArgumentError("a duration can't be negative.");
  return ms;
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return value;
}

function chosenScenario(options: Options): Scenario | undefined {
  const name = options.scenario ?? (options.data || options.device || options.script ? undefined : "week-offline");
  if (name === undefined) return undefined;
  const found = findScenario(name);
  if (found) return found;
  const names = SCENARIOS.map((one) => one.name);
  throw new UsageError(`unknown scenario "${name}"${didYouMean(name, names)}. There are: ${names.join(", ")}`);
}

function startOf(text: string): number {
  // Relative to now, so that a real server takes the points.
  if (/^-\d/.test(text) && !/^-\d{4}-/.test(text)) {
    try {
      return Date.now() + durationMs(text);
    } catch (error) {
      throw new UsageError(`--start: ${(error as Error).message}`);
    }
  }
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isFinite(ms)) throw new UsageError(`--start: "${text}" is not a time: 2026-01-01T00:00:00Z, or -7d`);
  return ms;
}

/** Options that a fleet, which has its own server, times and chance, has no use for. */
const NOT_FOR_FLEETS = {
  "--scenario": "scenario",
  "--server": "server",
  "--token": "token",
  "--until": "until",
  "--drift": "drift",
  "--start": "start",
  "--points-out": "pointsOut",
} as const;

function checkFleet(options: Options): void {
  const { fleet } = options;
  if (fleet === undefined) return;
  if (!Number.isInteger(fleet) || fleet < 1 || fleet > 1000) throw new UsageError("--fleet: 1 to 1000 devices");
  for (const [flag, name] of Object.entries(NOT_FOR_FLEETS)) {
    if (options[name] !== undefined) throw new UsageError(`--fleet excludes ${flag}: a fleet has a run of its own`);
  }
}

function check(options: Options): void {
  checkFleet(options);
  if (options.every !== undefined && options.every < INTERVAL_MS_MIN) {
    throw new UsageError(`--every: the shortest interval is ${INTERVAL_MS_MIN} ms`);
  }
  if (options.region !== undefined && !REGIONS.some((one) => one.label === options.region)) {
    throw new UsageError(
      `--region: "${options.region}" is none of ${REGIONS.map((one) => one.label).join(", ")}${didYouMean(
        options.region,
        REGIONS.map((one) => one.label),
      )}`,
    );
  }
  if (options.streams !== undefined && options.data === undefined)
    throw new UsageError("--streams needs --data FILE.csv");
  if (options.script !== undefined && (options.scenario !== undefined || options.fleet !== undefined)) {
    throw new UsageError("--script excludes --scenario and --fleet, which have scripts of their own");
  }
  if (options.data !== undefined && options.device !== undefined) {
    throw new UsageError("--data and --device exclude each other: a device file names its own sensors");
  }
  if ((options.server === undefined) !== (options.token === undefined)) {
    throw new UsageError("--server and --token belong together");
  }
  if (options.server !== undefined && !/^https?:\/\/[^/]+\/?$/.test(options.server)) {
    throw new UsageError(`--server: "${options.server}" is not an origin such as http://127.0.0.1:8080`);
  }
  if (options.seed !== undefined && (!Number.isInteger(options.seed) || options.seed < 0)) {
    throw new UsageError("--seed: a whole number, 0 or more");
  }
}

export interface Plan {
  device: SimulatedDevice;
  script: Script;
  /** What the run is held to beside its accounts; undefined when the options make it a run of their own. */
  promise: Scenario["promise"];
  /** What a person should know before the run. */
  remarks: string[];
}

/** Throws UsageError, RecordingError. */
export function plan(options: Options): Plan {
  check(options);
  const scenario = chosenScenario(options);
  const given: Script | undefined = options.script === undefined ? undefined : readScript(options.script);
  const seed = options.seed ?? given?.seed ?? Number(process.env.SIM_SEED ?? 1);
  const script: Script = { scenario: scenario?.name ?? "custom", ...(given ?? scenario?.script(seed)), seed };
  const remarks: string[] = [];
  let device: SimulatedDevice = scenario ? deviceOf(scenario, seed) : { file: DEVICE_FILE };
  if (options.data !== undefined) {
    const { streams, every, region } = options;
    const recorded = recordedDevice(readRecording(options.data), { streams, everyMs: every, region });
    device = recorded.device;
    script.start = given?.start ?? recorded.firstRowMs;
    remarks.push(...sayEnd(recorded, options));
    // A device that is always online has delivered everything after the first row. The recording is played to its end.
    if (options.offline === undefined && given?.atLeast === undefined) script.atLeast = recorded.playedMs;
  } else {
    if (options.device !== undefined) device = { file: options.device };
    device = { ...device, ...overrides(device, options) };
  }
  if (options.offline !== undefined) script.offline = options.offline;
  if (options.until !== undefined) script.until = options.until;
  if (options.drift !== undefined) script.crystal = { ...script.crystal, driftPpm: options.drift };
  if (options.server !== undefined) {
    script.server = { ...script.server, url: options.server, token: options.token };
    // A real server judges by its own clock: the run ends about now.
    script.start = Date.now() - (options.until ?? durationMs(script.offline ?? 0) + 86_400_000);
  }
  if (options.start !== undefined) script.start = startOf(options.start);
  if (options.server !== undefined) {
    script.until ??= Date.now() - Number(script.start) + REAL_WAIT_MS;
    if (options.server.startsWith("http:")) device = { ...device, plainHttp: true };
  }
  return { device, script, promise: keepsScript(options) ? scenario?.promise : undefined, remarks };
}

/** Whether what happens is the scenario's own, so that its promise holds for any device. */
function keepsScript({ data, offline, until, server }: Options): boolean {
  return [data, offline, until, server].every((option) => option === undefined);
}

/** After the end of a recording its sensors fail, once its last row is held no longer; a single row is held for ever. */
function sayEnd(recorded: RecordedDevice, options: Options): string[] {
  const { firstRowMs, lastRowMs, holdMs } = recorded;
  if (!Number.isFinite(holdMs)) return [];
  const wantedMs = Math.max(options.offline ?? 0, options.until ?? 0);
  if (firstRowMs + wantedMs <= lastRowMs) return [];
  const end = new Date(lastRowMs).toISOString().replace(".000Z", "Z");
  return [`the recording ends at ${end}; readings after it fail`];
}

function overrides(device: SimulatedDevice, options: Options): Partial<GeneratedDevice> & { intervalMs?: number } {
  const { region, every } = options;
  const changed: Partial<GeneratedDevice> & { intervalMs?: number } = {};
  if (region !== undefined) changed.region = region;
  if (every !== undefined && "streams" in device) {
    changed.streams = device.streams.map((stream) => ({ ...stream, intervalMs: every }));
  } else if (every !== undefined) changed.intervalMs = every;
  return changed;
}
