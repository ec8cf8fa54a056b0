/**
 * The simulator's public face. `simulate(device, script)` runs the built firmware with a device file in a simulated
 * ESP32, on virtual time, and reports what became of every sample. README.md has an example and the defaults.
 * The same device, script and seed give the same run.
 */
import type { DeviceStatus } from "../../firmware/status-types.ts";
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import type { Violation } from "../blynk-stand-in/violations.ts";
import { audit } from "./audit.ts";
import { buildDevice, type Overrides, type Program, type SimulatedDevice } from "./device-source.ts";
import { durationMs } from "./duration.ts";
import type { Exchange } from "./network/http-server.ts";
import { createRealServer, type RealServer } from "./network/real-server.ts";
import { createPrng } from "./prng.ts";
import { type ClockClaim, runUnit } from "./run.ts";
import { type Script, startMs, withOffline } from "./script.ts";
import { flashReport, type Report, type ServerPoint, serverReport } from "./simulation-report.ts";
import { createUnit } from "./unit.ts";
import { createWorld, type World } from "./world.ts";

export type { GeneratedDevice, Program, SimulatedDevice, SimulatedStream } from "./device-source.ts";
export { type Duration, durationMs, type Window } from "./duration.ts";
export { SimulationError } from "./errors.ts";
export type { Exchange } from "./network/http-server.ts";
export type { ClockClaim } from "./run.ts";
export type * from "./script.ts";
export type { Report, ServerPoint, StreamReport } from "./simulation-report.ts";

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
  /** The last that the firmware gave. */
  status: DeviceStatus;
  boots: number;
  drained: boolean;
  /** Why the run gave up on a real server, and what that answered last. */
  stalled?: string;
  /** What a real server answered last, when the run ended with samples that it did not take. */
  unsent?: string;
  /** What the firmware said of the time, at each look at its status at which it knew it. */
  clockClaims: ClockClaim[];
  /** Unix ms of the first power-on. */
  startMs: number;
  /** What was measured, by pin number: true Unix ms and value of each sample. */
  readings: Map<number, { trueMs: number[]; values: number[] }>;
  /** Every request that reached the server or what stood in its place. */
  exchanges: Exchange[];
  /** The first breaches of the server's rules; the report has them as sentences. */
  violations: readonly Violation[];
  /** Bytes of the shortest JSON of all points, worked out by the stand-in. */
  bodyBytesShortest: number;
}

const TOKEN = "simulated-token-0123456789abcdef";

/**
 * Runs a device through a script and reports. Rejects with BundleError, DeviceFileError, SimulationError or an Error about
 * the script.
 */
export async function simulate(device: SimulatedDevice, script: Script = {}): Promise<Report> {
  return (await runSimulation(device, script)).report;
}

/** As `simulate`, with everything that can be looked at. */
export async function runSimulation(device: SimulatedDevice, given: Script = {}): Promise<Simulation> {
  const began = performance.now();
  const seed = given.seed ?? Number(process.env.SIM_SEED ?? 1);
  const script = withOffline(given);
  const program = await buildDevice(device, startMs(script));
  const laterPrograms = await buildLater(device, script);
  const world = createWorld(startMs(script));
  const token = script.server?.token ?? TOKEN;
  const tokenFromMs = durationMs(script.server?.tokenKnownFrom ?? 0);
  const behind = script.server?.behind;
  const standIn = behind?.standIn ?? createStandIn(script, token, tokenFromMs, world);
  if (behind) behind.nowMs = world.trueMs;
  const real = connectionsOf(script, world);
  const root = createPrng(seed, script.scenario ?? "");
  const unit = createUnit({ device, program, laterPrograms, script, world, standIn, real, root, token });
  const { board, recorder, flash, network } = unit;
  board.powerOn();

  const { status, verdicts, drained, clockClaims, stalled, unsent } = await runUnit(unit, world, real);
  const points = tokenFromMs > world.nowMs() ? [] : [...standIn.points()];
  const found = audit(status, recorder, points, network.exchanges, (pin) => unit.decimals.get(pin) ?? 0);
  const sampled = found.streams.reduce((sum, stream) => sum + stream.sampled, 0);
  const server = serverReport(standIn);
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
      verdicts,
    },
    problems: found.problems,
    points,
    uncaught: board.uncaught,
    lines: board.lines,
    status,
    boots: board.boots,
    drained,
    stalled,
    unsent,
    clockClaims,
    startMs: world.startMs,
    readings: recorder.pins,
    exchanges: network.exchanges,
    violations: standIn.violations,
    bodyBytesShortest: standIn.stats().bodyBytesShortest,
  };
}

/** The programs of `script.devices`, in order. What the run overrides in the first device holds for them too. */
async function buildLater(device: SimulatedDevice, script: Script): Promise<{ atMs: number; program: Program }[]> {
  const { intervalMs, plainHttp } = "file" in device || "source" in device ? device : ({} as Overrides);
  const built: { atMs: number; program: Program }[] = [];
  for (const { at, file } of script.devices ?? []) {
    const program = await buildDevice({ file, intervalMs, plainHttp }, startMs(script));
    built.push({ atMs: durationMs(at), program });
  }
  return built.sort((a, b) => a.atMs - b.atMs);
}

function connectionsOf({ server }: Script, world: World): RealServer | undefined {
  if (server?.url === undefined) return undefined;
  return createRealServer({
    nowTrueMs: world.trueMs,
    inSimulatedTime: server.behind !== undefined,
    route: server.route,
  });
}

/** The server, which learns the token at `tokenFromMs`. */
function createStandIn(script: Script, token: string, tokenFromMs: number, world: World): BlynkStandIn {
  const { server } = script;
  const standIn = new BlynkStandIn({
    tokens: tokenFromMs > 0 ? [] : [token],
    pins: server?.pins,
    refuseAbovePoints: server?.refuseAbovePoints,
    limits: {
      ...(server?.pointsPerDay === undefined ? {} : { pointsPerDay: server.pointsPerDay }),
      ...(server?.ageMax === undefined ? {} : { ageMaxMs: durationMs(server.ageMax) }),
    },
  });
  if (tokenFromMs > 0) world.at(tokenFromMs, () => standIn.addDevice(token));
  return standIn;
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
