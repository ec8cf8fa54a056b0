/** Many devices against one server through a common outage: do they come back in step, and how hard does it hit? */
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import { audit } from "./audit.ts";
import { buildDevice, type SimulatedDevice } from "./device-source.ts";
import { DAY_MS } from "./duration.ts";
import { SimulationError } from "./errors.ts";
import { createPrng } from "./prng.ts";
import { type Script, startMs } from "./script.ts";
import type { ServerPoint } from "./simulation-report.ts";
import { askStatus, createUnit, type Unit } from "./unit.ts";
import { createWorld } from "./world.ts";

/** Requests that arrived from the end of the outage on; the 99th percentile is of the seconds in which any arrived. */
export interface Load {
  requests: number;
  peakPerSecond: number;
  p99PerSecond: number;
}

export interface FleetReport {
  devices: number;
  seed: number;
  outageMs: number;
  /** For comparison: all start at the same moment and draw the same random numbers, as Espruino does unless it is seeded. */
  withoutJitter: Load;
  /** Boots staggered, each device's random numbers its own. */
  withJitter: Load;
  balanced: boolean;
  violations: number;
}

export interface FleetOptions {
  devices: number;
  seed: number;
  /** The first power-ons are spread over this time. Default a minute. */
  staggerMs?: number;
  /** Length of the outage (Wi-Fi without Internet, for all devices), from one hour after the start. Default 6 h. */
  outageMs?: number;
  /** Time that is simulated after the outage. Default 6 h. */
  afterMs?: number;
}

interface FleetRun {
  load: Load;
  balanced: boolean;
  violations: number;
}

const OUTAGE_FROM_MS = 3_600_000;
const STAGGER_MS = 60_000;

/**
 * Runs the fleet twice: in step, and with each device's own boot time and random numbers. Network and flash are random in
 * both.
 */
export async function simulateFleet(device: SimulatedDevice, options: FleetOptions): Promise<FleetReport> {
  const outageMs = options.outageMs ?? DAY_MS / 4;
  const inStep = await runFleet(device, { ...options, staggerMs: 0 }, outageMs, true);
  const jittered = await runFleet(device, options, outageMs, false);
  return {
    devices: options.devices,
    seed: options.seed,
    outageMs,
    withoutJitter: inStep.load,
    withJitter: jittered.load,
    balanced: inStep.balanced && jittered.balanced,
    violations: inStep.violations + jittered.violations,
  };
}

async function runFleet(
  device: SimulatedDevice,
  options: FleetOptions,
  outageMs: number,
  sameChance: boolean,
): Promise<FleetRun> {
  const tokens = Array.from({ length: options.devices }, (_, i) => `fleet-token-${String(i).padStart(6, "0")}`);
  const standIn = new BlynkStandIn({ tokens, limits: { messagesPerMonth: Number.POSITIVE_INFINITY } });
  const outage = { from: OUTAGE_FROM_MS, to: OUTAGE_FROM_MS + outageMs };
  const script: Script = { sameChance, wifi: [{ kind: "no-internet", ...outage }] };
  const program = await buildDevice(device, startMs(script));
  const root = createPrng(options.seed, "fleet");
  const stagger = root.fork("stagger");
  const untilMs = outage.to + (options.afterMs ?? DAY_MS / 4);
  let balanced = true;
  // The units share only the server, which treats each by itself. So each gets a world of its own, one after the other.
  for (let index = 0; index < options.devices; index++) {
    const token = tokens[index];
    const world = createWorld(startMs(script));
    const unit = createUnit({
      device,
      program,
      script,
      world,
      standIn,
      root: root.fork(`device ${index}`),
      token,
      index,
    });
    const { board } = unit;
    world.at(stagger.between(0, options.staggerMs ?? STAGGER_MS), () => board.powerOn());
    while (world.nextMs() <= untilMs) world.step();
    if (board.misuse) throw new SimulationError(`the firmware did what hardware can't: ${board.misuse.message}`);
    if (!isBalanced(unit, [...standIn.points(index)])) balanced = false;
  }
  const backMs = startMs(script) + outage.to;
  return {
    load: loadOf(standIn.arrivalsMs.filter((ms) => ms >= backMs)),
    balanced,
    violations: standIn.violationCount,
  };
}

function isBalanced(unit: Unit, points: ServerPoint[]): boolean {
  const status = askStatus(unit.board);
  if (!status) return false;
  return audit(status, unit.recorder, points, unit.network.exchanges, (pin) => unit.decimals.get(pin) ?? 0).balanced;
}

function loadOf(arrivalsMs: number[]): Load {
  const seconds = new Map<number, number>();
  for (const ms of arrivalsMs) seconds.set(Math.floor(ms / 1000), (seconds.get(Math.floor(ms / 1000)) ?? 0) + 1);
  const counts = [...seconds.values()].sort((a, b) => a - b);
  return {
    requests: arrivalsMs.length,
    peakPerSecond: counts[counts.length - 1] ?? 0,
    p99PerSecond: counts[Math.floor(counts.length * 0.99)] ?? 0,
  };
}
