/** `npm run simulate`: a simulated device, offline for a while or in a scenario, and what became of its samples. */
import { writeFileSync } from "node:fs";
import { SingleBar } from "cli-progress";
import { Command, InvalidArgumentError } from "commander";
import { findScenario, SCENARIOS } from "../host-tests/scenarios/registry.ts";
import { DEVICE_FILE, room, type Scenario } from "../host-tests/scenarios/scenario.ts";
import { type Load, simulateFleet } from "../host-tests/simulator/fleet.ts";
import { REGIONS } from "../host-tests/simulator/partitions.ts";
import { RecordingError, readRecording, replay } from "../host-tests/simulator/recording.ts";
import {
  durationMs,
  type GeneratedDevice,
  runSimulation,
  type Script,
  type SimulatedDevice,
  type SimulatedStream,
  type Simulation,
  SimulationError,
} from "../host-tests/simulator/simulate.ts";
import { summary } from "../host-tests/simulator/summary.ts";
import { BundleError } from "./bundle.ts";

/** What a person asked for can't be done; the message says why and what to write instead. */
class UsageError extends Error {}

interface Options {
  scenario?: string;
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
const REAL_WAIT_MS = 600_000;

function program(): Command {
  const list = SCENARIOS.map((scenario) => `  ${scenario.name.padEnd(22)}${scenario.about}`).join("\n");
  return new Command("simulate")
    .description("Runs the firmware in a simulated ESP32 on virtual time and accounts for every sample.")
    .option("--scenario <name>", "one of those below (default: week-offline, unless --data or --device is given)")
    .option("--data <file.csv>", "recorded readings: `time` in ISO 8601, then a column a sensor")
    .option("--streams <list>", "what to log of them, as temperature=v1:1,co2=v2:0 (column=pin:decimals)")
    .option("--every <duration>", "sampling interval, 60s unless the device file says otherwise", duration)
    .option("--offline <duration>", "no Wi-Fi for so long after power-on", duration)
    .option("--until <duration>", "stop then, delivered or not", duration)
    .option("--region <name>", "where samples are kept: flash or ota_0")
    .option("--drift <ppm>", "the crystal's error, positive is fast", number)
    .option("--device <file>", "your own device file instead of --streams")
    .option("--start <time>", "power-on: 2026-01-01T00:00:00Z, or relative to now: -7d")
    .option("--seed <n>", "another run of chance", number)
    .option("--server <url>", "send to a real server, over real sockets, with --token")
    .option("--token <token>", "the device's token on that server")
    .option("--points-out <file>", "write what the server holds as CSV: pin,ts,value")
    .option("--fleet <n>", "so many devices through a common outage of 6 h (or --offline) against one server", number)
    .option("--json", "one JSON object on stdout and nothing else")
    .addHelpText("after", `\nScenarios:\n${list}`)
    .allowExcessArguments(false)
    .showHelpAfterError("(--help lists flags and scenarios)");
}

function duration(text: string): number {
  let ms: number;
  try {
    ms = durationMs(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  if (ms < 0) throw new InvalidArgumentError("a duration can't be negative.");
  return ms;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError(`"${text}" is no number.`);
  return value;
}

function chosenScenario(options: Options): Scenario | undefined {
  const name = options.scenario ?? (options.data || options.device ? undefined : "week-offline");
  if (name === undefined) return undefined;
  const found = findScenario(name);
  if (found) return found;
  throw new UsageError(`unknown scenario "${name}". There are: ${SCENARIOS.map((one) => one.name).join(", ")}`);
}

/** `column=pin:decimals`, separated by commas. */
function parseStreams(text: string, intervalMs: number): SimulatedStream[] {
  const streams: SimulatedStream[] = [];
  for (const part of text.split(",")) {
    const parts = /^\s*([^=]+)=([^:]+):([^:]+)\s*$/.exec(part);
    if (!parts) throw new UsageError(`--streams: "${part}" is not column=pin:decimals, as temperature=v1:1`);
    const [, name, pin, decimals] = parts;
    if (!/^v(?:0|[1-9]\d{0,2})$/.test(pin) || Number(pin.slice(1)) > 255) {
      throw new UsageError(`--streams: "${pin}" is no pin: v0 to v255`);
    }
    if (!/^[0-4]$/.test(decimals)) throw new UsageError(`--streams: "${decimals}" decimals: 0 to 4 are kept`);
    if (streams.some((one) => one.pin === pin)) throw new UsageError(`--streams: two datastreams for pin ${pin}`);
    streams.push({ name: name.trim(), pin, decimals: Number(decimals), intervalMs });
  }
  return streams;
}

/** A device whose sensors replay a recording; its world starts at the first row. */
function recordedDevice(options: Options): { device: GeneratedDevice; firstRowMs: number } {
  const recording = readRecording(options.data as string);
  const intervalMs = options.every ?? 60_000;
  const everything = recording.columns.map((name, i) => `${name}=v${i + 1}:2`).join(",");
  const streams = parseStreams(options.streams ?? everything, intervalMs);
  const firstRowMs = recording.times[0];
  const sensors = new Map(streams.map((one) => [one.pin, replay(recording.times, recording.column(one.name))]));
  return {
    firstRowMs,
    device: {
      streams,
      region: options.region,
      value: (stream, elapsedMs) => sensors.get(stream.pin)?.(firstRowMs + elapsedMs) ?? Number.NaN,
    },
  };
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
  if (!Number.isFinite(ms)) throw new UsageError(`--start: "${text}" is no time: 2026-01-01T00:00:00Z, or -7d`);
  return ms;
}

function check(options: Options): void {
  if (options.every !== undefined && options.every < INTERVAL_MS_MIN) {
    throw new UsageError(`--every: the shortest interval is ${INTERVAL_MS_MIN} ms`);
  }
  if (options.region !== undefined && !REGIONS.some((one) => one.label === options.region)) {
    throw new UsageError(`--region: "${options.region}" is none of ${REGIONS.map((one) => one.label).join(", ")}`);
  }
  if (options.streams !== undefined && options.data === undefined)
    throw new UsageError("--streams needs --data FILE.csv");
  if (options.data !== undefined && options.device !== undefined) {
    throw new UsageError("--data and --device exclude each other: a device file names its own sensors");
  }
  if ((options.server === undefined) !== (options.token === undefined)) {
    throw new UsageError("--server and --token belong together");
  }
  if (options.server !== undefined && !/^https?:\/\/[^/]+\/?$/.test(options.server)) {
    throw new UsageError(`--server: "${options.server}" is no origin such as http://127.0.0.1:8080`);
  }
  if (options.seed !== undefined && (!Number.isInteger(options.seed) || options.seed < 0)) {
    throw new UsageError("--seed: a whole number, 0 or more");
  }
}

function plan(options: Options): { device: SimulatedDevice; script: Script } {
  check(options);
  const scenario = chosenScenario(options);
  const seed = options.seed ?? Number(process.env.SIM_SEED ?? 1);
  const script: Script = { ...scenario?.script(seed), scenario: scenario?.name ?? "custom", seed };
  let device: SimulatedDevice = scenario?.device ?? { file: DEVICE_FILE };
  if (options.data !== undefined) {
    const recorded = recordedDevice(options);
    device = recorded.device;
    script.start = recorded.firstRowMs;
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
    // What is not delivered by now may take until the server's patience is known, not for ever.
    script.until ??= Date.now() - Number(script.start) + REAL_WAIT_MS;
    if (options.server.startsWith("http:")) device = { ...device, plainHttp: true };
  }
  return { device, script };
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

function writePoints(file: string, simulation: Simulation): void {
  const rows = [...simulation.points].sort((a, b) => Number(a.pin.slice(1)) - Number(b.pin.slice(1)) || a.ts - b.ts);
  try {
    writeFileSync(file, `pin,ts,value\n${rows.map((one) => `${one.pin},${one.ts},${one.value}\n`).join("")}`);
  } catch (error) {
    throw new UsageError(`can't write ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** A bar on a terminal, nothing anywhere else. */
function progressBar(script: Script): () => void {
  if (!process.stderr.isTTY) return () => {};
  const bar = new SingleBar({
    format: "{bar} day {day}  {delivered} delivered, {pending} pending",
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(1, 0, { day: "0.0", delivered: 0, pending: 0 });
  script.onProgress = ({ simulatedMs, delivered, pending }) => {
    const done = delivered + pending === 0 ? 0 : delivered / (delivered + pending);
    bar.update(done, { day: (simulatedMs / 86_400_000).toFixed(1), delivered, pending });
  };
  return () => bar.stop();
}

/** The server's load when a fleet comes back, with and without each device's own random numbers. */
async function runFleet(options: Options): Promise<void> {
  const devices = options.fleet as number;
  if (!Number.isInteger(devices) || devices < 1 || devices > 1000) throw new UsageError("--fleet: 1 to 1000 devices");
  if (options.scenario !== undefined) throw new UsageError("--fleet runs its own scenario");
  const { device, script } = plan(options);
  const chosen = options.device === undefined && options.data === undefined ? room() : device;
  const report = await simulateFleet(chosen, { devices, seed: script.seed ?? 1, outageMs: options.offline });
  if (options.json) {
    console.log(JSON.stringify(report));
    return;
  }
  const line = (name: string, load: Load) =>
    console.log(
      `${name}${load.requests} requests, peak ${load.peakPerSecond}/s, 99th percentile ${load.p99PerSecond}/s`,
    );
  console.log(`${devices} devices back after ${report.outageMs / 3_600_000} h, seed ${report.seed}`);
  line("  in step:         ", report.withoutJitter);
  line("  with own jitter: ", report.withJitter);
  console.log(`  ${report.balanced ? "balanced" : "NOT BALANCED"}, ${report.violations} violations`);
}

async function main(): Promise<void> {
  const options = program().parse().opts<Options>();
  if (options.fleet !== undefined) {
    await runFleet(options);
    return;
  }
  const { device, script } = plan(options);
  const stopBar = options.json ? () => {} : progressBar(script);
  let simulation: Simulation;
  try {
    simulation = await runSimulation(device, script);
  } finally {
    stopBar();
  }
  if (options.pointsOut !== undefined) writePoints(options.pointsOut, simulation);
  if (options.json) {
    console.log(JSON.stringify(simulation.report));
    return;
  }
  const names = new Map(
    simulation.status.streams.map((one) => [`v${String(one.pin).replace("v", "")}`, one.name ?? ""]),
  );
  console.log(summary(simulation, names));
}

main().catch((error: unknown) => {
  const known = [UsageError, RecordingError, SimulationError, BundleError].some((type) => error instanceof type);
  const text = error instanceof Error ? error.message : String(error);
  console.error(known || !process.env.DEBUG ? `simulate: ${text}` : error);
  process.exitCode = 1;
});
