/**
 * A simulation before it runs: world, unit and server, and the loop that takes it to its end. Nothing here needs Node.js: the lab
 * runs it in a browser. `simulate()` builds the program and drives it.
 */
import type { DeviceStatus } from "../../firmware/status-types.ts";
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import type { Violation } from "../blynk-stand-in/violations.ts";
import { audit } from "./audit.ts";
import type { Program, SimulatedDevice } from "./device-source.ts";
import { durationMs } from "./duration.ts";
import type { Exchange } from "./network/http-server.ts";
import type { RealServer } from "./network/real-server.ts";
import { createPrng } from "./prng.ts";
import type { ClockClaim, Outcome } from "./run.ts";
import { type Script, startMs, withOffline } from "./script.ts";
import { flashReport, type Report, type ServerPoint, serverReport } from "./simulation-report.ts";
import { createUnit, type Unit } from "./unit.ts";
import { createWorld, type World } from "./world.ts";

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

/** What has to be there before a world can begin. */
export interface Preparation {
  device: SimulatedDevice;
  /** The device's own. */
  program: Program;
  laterPrograms?: { atMs: number; program: Program }[];
  script: Script;
  seed: number;
  /** Makes the connections to a real server, if the script names one. */
  connections?(world: World): RealServer | undefined;
  /** As `UnitOptions.onLevel`. */
  onLevel?(pin: number, level: number): void;
}

export interface PreparedRun {
  world: World;
  unit: Unit;
  standIn: BlynkStandIn;
  real: RealServer | undefined;
  /** What was found, once the run has come to its end. `wallMs`: real time that it took. */
  found(outcome: Outcome, wallMs: number): Simulation;
}

const TOKEN = "simulated-token-0123456789abcdef";

/** Puts everything in its place; the unit's power is off. Throws SimulationError or an Error about the script. */
export function prepareRun(preparation: Preparation): PreparedRun {
  const { device, program, laterPrograms, seed, onLevel } = preparation;
  const script = withOffline(preparation.script);
  const world = createWorld(startMs(script));
  const token = script.server?.token ?? TOKEN;
  const tokenFromMs = durationMs(script.server?.tokenKnownFrom ?? 0);
  const behind = script.server?.behind;
  const standIn = behind?.standIn ?? createStandIn(script, token, tokenFromMs, world);
  if (behind) behind.nowMs = world.trueMs;
  const real = preparation.connections?.(world);
  const root = createPrng(seed, script.scenario ?? "");
  const unit = createUnit({ device, program, laterPrograms, script, world, standIn, real, root, token, onLevel });
  const { board, recorder, flash, network } = unit;

  function found(outcome: Outcome, wallMs: number): Simulation {
    const { status, verdicts, drained, clockClaims, stalled, unsent } = outcome;
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
        wallMs: Math.round(wallMs),
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

  return { world, unit, standIn, real, found };
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
