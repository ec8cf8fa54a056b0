/** Many devices against one server through a common outage: do they come back in step, and how hard does it hit? */
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import { buildDevice, type SimulatedDevice } from "./device-source.ts";
import { createPrng } from "./prng.ts";
import { audit } from "./report.ts";
import { DAY_MS, type Script } from "./script.ts";
import { createUnit, SimulationError, startMs, statusOf, type Unit, withOffline } from "./simulate.ts";
import { createWorld } from "./world.ts";

/** Requests per second that arrived from the end of the outage on, in seconds in which any arrived. */
export interface Load {
  requests: number;
  peakPerSecond: number;
  p99PerSecond: number;
}

export interface FleetReport {
  devices: number;
  seed: number;
  outageMs: number;
  /** Every device drawing the same random numbers, as unseeded Espruino does. */
  withoutJitter: Load;
  withJitter: Load;
  balanced: boolean;
  violations: number;
}

export interface FleetOptions {
  devices: number;
  seed: number;
  /** First power-on of each device lies within so long. Default a minute. */
  staggerMs?: number;
  /** Common outage of the server's network, from one hour after the start. Default 6 h. */
  outageMs?: number;
  /** Watched after the outage. Default 6 h. */
  afterMs?: number;
}

const OUTAGE_FROM_MS = 3_600_000;

/** Runs the fleet twice, without and with each device's own random numbers. */
export async function simulateFleet(device: SimulatedDevice, options: FleetOptions): Promise<FleetReport> {
  const outageMs = options.outageMs ?? DAY_MS / 4;
  const before = await runFleet(device, options, outageMs, true);
  const after = await runFleet(device, options, outageMs, false);
  return {
    devices: options.devices,
    seed: options.seed,
    outageMs,
    withoutJitter: before.load,
    withJitter: after.load,
    balanced: before.balanced && after.balanced,
    violations: before.violations + after.violations,
  };
}

async function runFleet(device: SimulatedDevice, options: FleetOptions, outageMs: number, sameChance: boolean) {
  const code = await buildDevice(device);
  const tokens = Array.from({ length: options.devices }, (_, i) => `fleet-token-${String(i).padStart(6, "0")}`);
  const standIn = new BlynkStandIn({ tokens, limits: { messagesPerMonth: Number.POSITIVE_INFINITY } });
  const outage = { from: OUTAGE_FROM_MS, to: OUTAGE_FROM_MS + outageMs };
  const script: Script = withOffline({ sameChance, wifi: [{ kind: "gone", ...outage }] });
  const world = createWorld(startMs(script));
  const root = createPrng(options.seed, "fleet");
  const stagger = root.fork("stagger");
  const units: Unit[] = tokens.map((token, index) => {
    const unit = createUnit(device, code, script, { world, standIn, root: root.fork(`device ${index}`), token, index });
    world.at(stagger.between(0, options.staggerMs ?? 60_000), () => unit.board.powerOn());
    return unit;
  });
  const untilMs = outage.to + (options.afterMs ?? DAY_MS / 4);
  while (world.nextMs() <= untilMs) {
    world.step();
    if (units.some((unit) => unit.board.misuse)) throw new SimulationError("a device did what hardware can't");
  }
  const balanced = units.every((unit, i) => {
    const status = statusOf(unit.board);
    if (!status) return false;
    const points = [...standIn.points(i)];
    return audit(status, unit.recorder, points, unit.network.exchanges, (pin) => unit.decimals.get(pin) ?? 0).balanced;
  });
  const arrivals = standIn.arrivalsMs.filter((ms) => ms >= world.startMs + outage.to);
  return { load: loadOf(arrivals), balanced, violations: standIn.violationCount };
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
