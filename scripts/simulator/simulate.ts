/**
 * `simulate(device, script)`: runs the built firmware with a device file in a simulated ESP32, on virtual time, and
 * reports what became of every sample. For scenarios of your own, in a Vitest file:
 *
 * ```ts
 * import { expect, test } from "vitest";
 * import { simulate } from "./simulate.ts";
 *
 * test("my unit delivers a weekend offline", async () => {
 *   const report = await simulate({ file: "firmware/device.ts" }, { offline: "2d", http: [{ kind: "lost", share: 0.1 }] });
 *   expect(report.balanced).toBe(true);
 *   expect(report.server.violations).toEqual([]);
 * });
 * ```
 *
 * Defaults: crystal drift 0 ppm, timers 0 to 10 ms late (±5 about their mean), network latency 20 to 200 ms each way,
 * both ways of a moment alike. The same device, script and seed give the same run.
 */
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import { type Board, createBoard } from "./board.ts";
import { createCrystal } from "./crystal.ts";
import { readDeviceRegion } from "./device-region.ts";
import { buildDevice, isGenerated, type SimulatedDevice } from "./device-source.ts";
import type { SimulatedFlash } from "./flash.ts";
import { createNetwork, type Exchange, type Network, type RealServer } from "./network.ts";
import { createDeviceFlash, REGIONS } from "./partitions.ts";
import { createPrng, type Prng } from "./prng.ts";
import { createRealServer, type RealExchanges } from "./real-server.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { audit, flashReport, pinNumber, type Report, type ServerPoint, type Status, serverReport } from "./report.ts";
import { DAY_MS, durationMs, type Script, type Window, within } from "./script.ts";
import { schedule } from "./timeline.ts";
import { createWorld, type World } from "./world.ts";

export type { GeneratedDevice, SimulatedDevice, SimulatedStream } from "./device-source.ts";
export type { Report, ServerPoint, StreamReport } from "./report.ts";
export type * from "./script.ts";
export { durationMs } from "./script.ts";

/** The report, and what else a test or a person may want to look at. */
export interface Simulation {
  report: Report;
  /** Why the report is not balanced, a sentence each. */
  problems: string[];
  /** Every point the server holds, by pin, then time. */
  points: ServerPoint[];
  /** Exceptions that reached the interpreter. */
  uncaught: string[];
  /** The console's last lines. */
  lines: { atMs: number; text: string }[];
  status: Status;
  boots: number;
  drained: boolean;
  /** What was measured, by pin number: true Unix ms and value of each sample. */
  readings: Map<number, { trueMs: number[]; values: number[] }>;
  /** Every request that reached the server or what stood in its place. */
  exchanges: Exchange[];
  /** What all bodies together would have been as the shortest JSON of the same points, worked out by the stand-in. */
  bodyBytesShortest: number;
}

/** A failure of the simulation itself: no firmware, or firmware that does what hardware can't. */
export class SimulationError extends Error {
  override name = "SimulationError";
}

const TOKEN = "simulated-token-0123456789abcdef";
const ACCESS_POINT = { ssid: "simulated", password: "correct horse" };
const DEFAULT_START_MS = Date.UTC(2026, 0, 1);
/** How often the firmware's status is looked at when nothing else gives cause, and once everything may be delivered. */
const LOOK_MS = 1_800_000;
const LOOK_QUIET_MS = 60_000;

/** Runs a device through a script and reports. Rejects with BundleError, SimulationError or an Error about the script. */
export async function simulate(device: SimulatedDevice, script: Script = {}): Promise<Report> {
  return (await runSimulation(device, script)).report;
}

interface Parts extends Unit {
  world: World;
  real: RealExchanges | undefined;
}

/** One device with its network, in a world that it may share with others. */
export interface Unit {
  script: Script;
  board: Board;
  network: Network;
  recorder: Recorder;
  flash: SimulatedFlash;
  /** Of each pin, as the device file says. */
  decimals: Map<number, number>;
}

/** Puts a device into a world; power is still off. `index` is its place in a fleet. */
export function createUnit(
  device: SimulatedDevice,
  code: string,
  script: Script,
  shared: { world: World; standIn: BlynkStandIn; real?: RealServer; root: Prng; token: string; index?: number },
): Unit {
  const { world, root } = shared;
  const decimals = new Map<number, number>();
  const crystal = createCrystal(script.crystal ?? {});
  const recorder = createRecorder(world, crystal);
  const network = createNetwork(world, root.fork("network"), script, shared.standIn, shared.real);
  network.onTime = recorder.timeTold;
  const label = "streams" in device || "code" in device ? (device.region ?? "flash") : readDeviceRegion(code);
  const region = REGIONS.find((one) => one.label === label);
  if (!region) throw new SimulationError(`no region "${label}": ${REGIONS.map((one) => one.label).join(" or ")}`);
  const flash = createDeviceFlash(region, root.fork("flash").next, 3);
  const sensors = root.fork("sensors");
  const board = createBoard({
    world,
    crystal,
    prng: root.fork("board"),
    flash,
    region,
    network,
    script,
    recorder,
    accessPoints: [ACCESS_POINT],
    files: new Map([["backfill.json", JSON.stringify(settingsOf(script, shared.token))]]),
    code,
    serial: `00000000-02000000-${(0x77 + (shared.index ?? 0)).toString(16).padStart(8, "0")}`,
    analog: (pin, elapsedMs) => analogLevel(pin, elapsedMs, sensors),
    extras: () => ({ simulated: sensorsFor(device, world, board, recorder, script, decimals) }),
  });
  board.onBoot = () => settleUndecided(board, recorder);
  schedule({ world, board, script, flash });
  return { script, board, network, recorder, flash, decimals };
}

/** As `simulate`, with everything that can be looked at. */
export async function runSimulation(device: SimulatedDevice, given: Script = {}): Promise<Simulation> {
  const began = performance.now();
  const seed = given.seed ?? Number(process.env.SIM_SEED ?? 1);
  const script = withOffline(given);
  const code = await buildDevice(device);
  const world = createWorld(startMs(script));
  const token = script.server?.token ?? TOKEN;
  const tokenFromMs = durationMs(script.server?.tokenKnownFrom ?? 0);
  const standIn = new BlynkStandIn({
    tokens: tokenFromMs > 0 ? [] : [token],
    pins: script.server?.pins,
    refuseAbovePoints: script.server?.refuseAbovePoints,
    limits: script.server?.pointsPerDay === undefined ? undefined : { pointsPerDay: script.server.pointsPerDay },
  });
  if (tokenFromMs > 0) world.at(tokenFromMs, () => standIn.addDevice(token));
  const real = script.server?.url === undefined ? undefined : createRealServer(script.server.url);
  const root = createPrng(seed, script.scenario ?? "");
  const unit = createUnit(device, code, script, { world, standIn, real, root, token });
  const { board, recorder, flash } = unit;
  board.powerOn();

  const end = await run({ ...unit, world, real });
  const points = tokenFromMs > world.nowMs() ? [] : [...standIn.points()];
  const found = audit(end.status, recorder, points, unit.network.exchanges, (pin) => unit.decimals.get(pin) ?? 0);
  const sampled = found.streams.reduce((sum, stream) => sum + stream.sampled, 0);
  const server = serverReport(standIn);
  const { bodyBytesShortest } = standIn.stats();
  if (real) Object.assign(server, { requests: real.totals.requests, bodyBytes: real.totals.bodyBytes });
  return {
    report: {
      scenario: script.scenario ?? "custom",
      seed,
      simulatedMs: Math.round(world.nowMs()),
      wallMs: Math.round(performance.now() - began),
      streams: found.streams,
      balanced: found.balanced,
      server,
      time: { errorMsMax: tenths(found.errorMsMax), uncorrectedMsMax: tenths(recorder.uncorrectedMsMax()) },
      flash: flashReport(flash, sampled),
      verdicts: end.verdicts,
    },
    problems: found.problems,
    points,
    uncaught: board.uncaught,
    lines: board.lines,
    status: end.status,
    boots: board.boots,
    drained: end.drained,
    readings: recorder.pins,
    exchanges: unit.network.exchanges,
    bodyBytesShortest,
  };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** Lets the world run until everything is delivered or time is up. */
async function run(parts: Parts): Promise<{ status: Status; verdicts: string[]; drained: boolean }> {
  const { script, world, board, network, real } = parts;
  const untilMs = durationMs(script.until ?? quietFromMs(script) + 40 * DAY_MS);
  const quietMs = Math.max(quietFromMs(script), durationMs(script.atLeast ?? 0));
  const verdicts: string[] = [];
  let status: Status | undefined;
  let drained = false;
  let seen = 0;
  let nextLookMs = 5000;
  let almostSinceMs = Number.POSITIVE_INFINITY;
  let lastYield = performance.now();

  const look = () => {
    const found = statusOf(board);
    if (!found) return;
    status = found;
    // "Everything sent" before anything was sent is only what the first sync starts from.
    const none = verdicts.length === 0 && found.verdict === 0 && network.exchanges.length === 0;
    if (!none && found.verdictText !== undefined && verdicts[verdicts.length - 1] !== found.verdictText)
      verdicts.push(found.verdictText);
    if (script.untilDrained === false || world.nowMs() < quietMs) return;
    const pending = found.streams.reduce((sum, stream) => sum + stream.pending, 0);
    // One round of samples may always be on its way; when it never gets to nothing, that will do.
    if (pending > 2 * found.streams.length) almostSinceMs = Number.POSITIVE_INFINITY;
    else if (almostSinceMs === Number.POSITIVE_INFINITY) almostSinceMs = world.nowMs();
    drained = pending === 0 || world.nowMs() - almostSinceMs > 2 * 3_600_000;
  };

  while (!drained && world.nowMs() < untilMs) {
    if (real && network.waiting() > 0) await real.settled();
    if (world.nextMs() === Number.POSITIVE_INFINITY) break;
    if (real) await untilReal(world.startMs + Math.min(world.nextMs(), untilMs));
    if (world.nextMs() > untilMs) break;
    world.step();
    if (board.misuse) throw new SimulationError(`the firmware did what hardware can't: ${board.misuse.message}`);
    if (network.exchanges.length > seen) {
      seen = network.exchanges.length;
      nextLookMs = Math.min(nextLookMs, world.nowMs() + 3000);
    }
    if (world.nowMs() >= nextLookMs && board.powered()) {
      nextLookMs = world.nowMs() + (world.nowMs() >= quietMs ? LOOK_QUIET_MS : LOOK_MS);
      look();
      if (performance.now() - lastYield > 100) {
        lastYield = performance.now();
        report(script, world, status);
        await new Promise((done) => setImmediate(done));
      }
    }
  }
  if (real) await real.settled();
  if (!drained) status = lastStatus(parts) ?? status;
  report(script, world, status);
  if (!status) throw new SimulationError(`the firmware gave no status: ${lastWords(board)}`);
  return { status, verdicts, drained };
}

/** The device may be off, or booting, when time is up: it gets a minute to tell what it knows. */
function lastStatus({ world, board }: Parts): Status | undefined {
  board.powerOn();
  const untilMs = world.nowMs() + 60_000;
  let status = statusOf(board);
  while (!status && world.nextMs() <= untilMs) {
    world.step();
    status = statusOf(board);
  }
  return status;
}

function lastWords(board: Board): string {
  if (board.uncaught.length > 0) return board.uncaught[0];
  return (
    board.lines
      .map((line) => line.text)
      .slice(-5)
      .join(" | ") || "it printed nothing"
  );
}

/** `--server`: virtual time never passes real time. */
async function untilReal(virtualMs: number): Promise<void> {
  const aheadMs = virtualMs - Date.now();
  if (aheadMs > 0) await new Promise((done) => setTimeout(done, aheadMs));
}

export function statusOf(board: Board): Status | undefined {
  const found = board.ask(["backfill", "status"]);
  return found === undefined ? undefined : (JSON.parse(JSON.stringify(found)) as Status);
}

function report(script: Script, world: World, status: Status | undefined): void {
  const sum = (of: (stream: Status["streams"][0]) => number) =>
    (status?.streams ?? []).reduce((n, one) => n + of(one), 0);
  script.onProgress?.({
    simulatedMs: world.nowMs(),
    delivered: sum((one) => one.delivered),
    pending: sum((one) => one.pending),
  });
}

/** After a cut in the middle of an append: what this mount counts decides whether those samples are on flash. */
function settleUndecided(board: Board, recorder: Recorder): void {
  if (![...recorder.pins.values()].some((record) => record.undecided.length > 0)) return;
  const status = statusOf(board);
  for (const stream of status?.streams ?? []) {
    const pin = pinNumber(stream.pin);
    const record = recorder.pins.get(pin);
    // A boot samples at once: what it took itself is in the record already.
    if (record && record.undecided.length > 0) recorder.mounted(pin, stream.sampled);
  }
}

interface Streamish {
  pin: string;
  name: string;
  intervalMs: number;
  decimals: number;
}

/** What the observed device calls: its sensors' values, and every reading on its way to the firmware. */
function sensorsFor(
  device: SimulatedDevice,
  world: World,
  board: Board,
  recorder: Recorder,
  script: Script,
  decimals: Map<number, number>,
): Record<string, unknown> {
  const streams = isGenerated(device) ? new Map(device.streams.map((one) => [one.pin, one])) : undefined;
  const boot = board.boot();
  return {
    device(found: { datastreams: Streamish[] }) {
      for (const stream of found.datastreams) decimals.set(pinNumber(stream.pin), stream.decimals);
    },
    /** For programs of a test's own. */
    trueMs: () => Math.floor(world.trueMs()),
    value(pin: string) {
      const stream = streams?.get(pin);
      return stream && isGenerated(device) ? device.value(stream, world.nowMs()) : Number.NaN;
    },
    sense(pin: string, sensor: (done: (value: number) => void) => void, done: (value: number) => void) {
      if (boot && !boot.alive()) boot.check();
      const number = pinNumber(pin);
      const reading = recorder.begin(number);
      const fault = (script.sensors ?? []).find(
        (one) => (one.pin === undefined || one.pin === pin) && within(one, world.nowMs()),
      );
      if (fault?.kind === "hang") return;
      if (fault?.kind === "throw") throw new Error("sensor does not answer");
      let answered = false;
      sensor((value) => {
        const given = fault?.kind === "nan" ? Number.NaN : value;
        // A second answer is the sensor's mistake, and none of the firmware's samples.
        if (!answered) recorder.handOver(number, reading, given);
        answered = true;
        done(given);
      });
    },
  };
}

/** A plausible voltage: a daily wave, a slow wander and some noise, another for each pin. */
function analogLevel(pin: number, elapsedMs: number, noise: Prng): number {
  const day = (2 * Math.PI * elapsedMs) / DAY_MS;
  const level = 0.22 + 0.02 * Math.sin(day + pin) + 0.004 * Math.sin(day * 7.3 + 2 * pin);
  return Math.min(1, Math.max(0, level + noise.between(-0.0006, 0.0006)));
}

export function startMs(script: Script): number {
  const { start } = script;
  if (start === undefined) return DEFAULT_START_MS;
  const ms = typeof start === "number" ? start : Date.parse(start);
  if (!Number.isFinite(ms)) throw new Error(`"${start}" is no time: write 2026-01-01T00:00:00Z`);
  return ms;
}

/** `offline` is a Wi-Fi fault like any other. */
export function withOffline(script: Script): Script {
  if (script.offline === undefined || durationMs(script.offline) === 0) return script;
  return { ...script, wifi: [...(script.wifi ?? []), { kind: "gone", to: script.offline }] };
}

/** When the last scripted fault is over. Windows without an end don't count. */
function quietFromMs(script: Script): number {
  let last = 0;
  const windows: Window[][] = [script.wifi, script.dns, script.ntp, script.http, script.sensors].map(
    (one) => one ?? [],
  );
  for (const one of windows.flat()) {
    last = Math.max(last, durationMs(one.to ?? 0), durationMs(one.from ?? 0));
  }
  for (const one of [...(script.power ?? []), ...(script.setTime ?? []), ...(script.press ?? [])]) {
    last = Math.max(last, durationMs(one.at) + 1000);
  }
  return Math.max(last, durationMs(script.server?.tokenKnownFrom ?? 0));
}

function settingsOf(script: Script, token: string): Record<string, unknown> {
  const settings: Record<string, unknown> = { token, networks: [ACCESS_POINT], ...script.settings };
  if (script.server?.url !== undefined) settings.server = new URL(script.server.url).origin;
  return settings;
}
