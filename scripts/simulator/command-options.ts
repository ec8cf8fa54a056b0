/** The options of `npm run simulate`, and the device and script that follow from them. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../build/did-you-mean.ts";
import { parseIsoTime } from "../build/iso-time.ts";
import { UsageError } from "./errors.ts";
import { isOrigin } from "./origin.ts";
import { REGIONS } from "./partitions.ts";
import { type PlayedRecording, playRecording } from "./played-recording.ts";
import { findScenario, SCENARIOS } from "./scenarios/registry.ts";
import { DEVICE_FILE, deviceOf, type Scenario } from "./scenarios/scenario.ts";
import { quietFromMs, startMs, withOffline } from "./script.ts";
import { readScript } from "./script-file.ts";
import { durationMs, type GeneratedDevice, type Script, type SimulatedDevice } from "./simulate.ts";

export interface Options {
  scenario?: string;
  script?: string;
  data?: string;
  csv?: string[];
  map?: string[];
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
  fleet?: number;
}

const INTERVAL_MS_MIN = 100;
const DAY_MS = 86_400_000;
/**
 * With a real server a run ends now. This is how long it has lasted then, beside its faults: time for the backlog, and for
 * repetitions of what had no answer.
 */
const REAL_SPAN_MS = 14 * DAY_MS;
/** The oldest point of a run has to be younger: Blynk takes 28 days. */
const REAL_AGE_MS = 27 * DAY_MS;

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
  const ms = parseIsoTime(text);
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
  if (options.script !== undefined && (options.scenario !== undefined || options.fleet !== undefined)) {
    throw new UsageError("--script excludes --scenario and --fleet, which have scripts of their own");
  }
  for (const [flag, given] of [
    ["--streams", options.streams],
    ["--csv", options.csv],
  ] as const) {
    if (given !== undefined && options.data === undefined) throw new UsageError(`${flag} needs --data FILE.csv`);
  }
  if (options.map !== undefined && (options.data === undefined || options.device === undefined)) {
    throw new UsageError("--map needs --data FILE.csv and --device FILE: it says which column is which datastream");
  }
  if (options.streams !== undefined && options.device !== undefined) {
    throw new UsageError(
      "--streams and --device exclude each other: a device file has its own pins; --map matches columns",
    );
  }
  if ((options.server === undefined) !== (options.token === undefined)) {
    throw new UsageError("--server and --token belong together");
  }
  if (options.server !== undefined && !isOrigin(options.server)) {
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

/** Rejects with UsageError, RecordingError, and DeviceFileError where a recording is for a device file. */
export async function plan(options: Options): Promise<Plan> {
  check(options);
  const scenario = chosenScenario(options);
  const given: Script | undefined = options.script === undefined ? undefined : readScript(options.script);
  const seed = options.seed ?? given?.seed ?? Number(process.env.SIM_SEED ?? 1);
  const script: Script = { scenario: scenario?.name ?? "custom", ...(given ?? scenario?.script(seed)), seed };
  const remarks: string[] = [];
  let device: SimulatedDevice = scenario ? deviceOf(scenario, seed) : { file: DEVICE_FILE };
  let recorded: PlayedRecording | undefined;
  if (options.data !== undefined) {
    recorded = await playRecording({ ...options, data: options.data, intervalMs: options.every });
    device = recorded.device;
    remarks.push(...recorded.remarks);
    script.start = given?.start ?? recorded.firstRowMs;
  } else {
    if (options.device !== undefined) device = { file: options.device };
    device = { ...device, ...overrides(device, options) };
  }
  if (options.offline !== undefined) script.offline = options.offline;
  if (options.until !== undefined) script.until = options.until;
  if (recorded !== undefined) remarks.push(...coverRecording(script, recorded));
  if (options.drift !== undefined) script.crystal = { ...script.crystal, driftPpm: options.drift };
  if (options.server !== undefined) {
    script.server = { ...script.server, url: options.server, token: options.token };
    if (options.server.startsWith("http:")) device = { ...device, plainHttp: true };
  }
  if (options.start !== undefined) script.start = startOf(options.start);
  if (script.server?.url !== undefined) {
    const isStartGiven = options.start !== undefined || given?.start !== undefined;
    endNow(script, isStartGiven);
  }
  return { device, script, promise: keepsScript(options) ? scenario?.promise : undefined, remarks };
}

/**
 * A device that is always online has delivered everything after the first row: the recording is played to its end, unless an
 * end was chosen. Says where it is longer than the run, or shorter: its sensors fail then, but one row holds for ever.
 */
function coverRecording(script: Script, recorded: PlayedRecording): string[] {
  const lengthMs = recorded.lastRowMs - recorded.firstRowMs;
  const untilMs = script.until === undefined ? undefined : durationMs(script.until);
  script.atLeast ??= recorded.playedMs;
  if (untilMs !== undefined && untilMs < lengthMs) {
    return [
      `the run ends ${sayMs(lengthMs - untilMs)} before the recording does: --until ${sayMs(lengthMs)} covers it`,
    ];
  }
  if (!recorded.ends || untilMs === lengthMs) return [];
  const end = new Date(recorded.lastRowMs).toISOString().replace(".000Z", "Z");
  return [`the recording ends at ${end}; readings after it fail`];
}

/** A duration as `--until` takes it, rounded up. */
function sayMs(ms: number): string {
  const units: [string, number][] = [
    ["d", DAY_MS],
    ["h", 3_600_000],
    ["m", 60_000],
  ];
  const [unit, size] = units.find(([, one]) => ms >= 2 * one) ?? ["s", 1000];
  return `${Math.ceil(ms / size)}${unit}`;
}

/** A real server judges by its own clock: the run ends now, unless start and end were chosen. */
function endNow(script: Script, isStartGiven: boolean): void {
  const nowMs = Date.now();
  if (!isStartGiven) {
    const quietMs = Math.max(quietFromMs(withOffline(script)), durationMs(script.atLeast ?? 0));
    const spanMs = Math.min(REAL_SPAN_MS, Math.max(REAL_AGE_MS - quietMs, DAY_MS));
    script.start = nowMs - (script.until === undefined ? quietMs + spanMs : durationMs(script.until));
  }
  const lastsMs = nowMs - startMs(script);
  if (lastsMs < 0) throw new UsageError("the run starts later than now: a real server takes no points of the future");
  script.until ??= lastsMs;
}

/** Whether what happens is the scenario's own, so that its promise holds for any device. */
function keepsScript({ data, offline, until, server }: Options): boolean {
  return [data, offline, until, server].every((option) => option === undefined);
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
