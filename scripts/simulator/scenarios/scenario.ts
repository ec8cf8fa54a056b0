/** A scenario: a device, what happens to it, and what must come of it. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GeneratedDevice, Script, SimulatedDevice, SimulatedStream, Simulation } from "../simulate.ts";

export interface Scenario {
  name: string;
  /** One line for `npm run simulate -- --help`. */
  about: string;
  device: SimulatedDevice | ((seed: number) => SimulatedDevice);
  /** What happens; random parts depend on the seed. */
  script(seed: number): Script;
  /** Its own promise, beside `balanced` and no violations. Returns a sentence for each way in which it is broken. */
  promise?(simulation: Simulation): string[];
}

export function deviceOf({ device }: Scenario, seed: number): SimulatedDevice {
  return typeof device === "function" ? device(seed) : device;
}

export const DEVICE_FILE = join(
  dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))),
  "firmware",
  "device.ts",
);

const DAY_MS = 86_400_000;

/** A room at any time: a daily wave, a slower one, and noise of the sensor's own resolution. */
export function roomValue(stream: SimulatedStream, elapsedMs: number): number {
  // No two readings are alike, so a point's reading is found even if its time is wrong.
  if (stream.name.startsWith("count")) return Math.floor(elapsedMs / stream.intervalMs) * 10 ** -stream.decimals;
  const lane = stream.name.length + stream.name.charCodeAt(0);
  const day = (2 * Math.PI * elapsedMs) / DAY_MS;
  const swing = stream.decimals === 0 ? 60 : 3;
  const middle = stream.decimals === 0 ? 500 : 21;
  const noise = (hash(Math.floor(elapsedMs / 100) + lane * 7919) - 0.5) * 2 * 10 ** -stream.decimals;
  return middle + swing * Math.sin(day + lane) + swing * 0.2 * Math.sin(day * 5.3) + noise;
}

/** Uniform in [0, 1) for each integer. */
function hash(n: number): number {
  let h = Math.imul((n ^ (n >>> 16)) >>> 0, 0x45d9f3b);
  h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/**
 * Temperature, humidity and CO2, each once an interval. With `counting`, three counters of intervals, so that no two
 * readings are alike. `dark` is without the LED, whose heartbeat is most of the work of a quiet device.
 */
export function room(
  options: {
    everyMs?: number;
    region?: string;
    counting?: boolean;
    dark?: boolean;
    more?: Record<string, unknown>;
  } = {},
): GeneratedDevice {
  const intervalMs = options.everyMs ?? 60_000;
  const names = options.counting ? ["count a", "count b", "count c"] : ["temperature", "humidity", "co2"];
  return {
    streams: names.map((name, i) => ({ pin: `v${i + 1}`, name, intervalMs, decimals: i < 2 ? 1 : 0 })),
    value: roomValue,
    region: options.region,
    more: options.dark ? { ...options.more, led: undefined } : options.more,
  };
}

/** Nothing was dropped, and all that was sampled is on the server. */
export function allDelivered({ report }: Simulation): string[] {
  const broken: string[] = [];
  for (const stream of report.streams) {
    const dropped = Object.entries(stream.dropped).filter(([, count]) => count > 0);
    for (const [reason, count] of dropped) broken.push(`${stream.pin}: ${count} ${reason}`);
    if (stream.pending > 0) broken.push(`${stream.pin}: ${stream.pending} pending`);
    if (stream.sampled === 0) broken.push(`${stream.pin}: nothing sampled`);
  }
  return broken;
}

/** No timestamp has a larger error than this. */
export function timesWithin(boundMs: number): (simulation: Simulation) => string[] {
  return ({ report }) =>
    report.time.errorMsMax <= boundMs ? [] : [`a time is ${report.time.errorMsMax} ms off, ${boundMs} allowed`];
}

/** Without the correction of times, the same run would have an error of more than this. */
export function correctsMoreThan(ms: number): (simulation: Simulation) => string[] {
  return ({ report }) =>
    report.time.uncorrectedMsMax > ms ? [] : [`uncorrected, a time is only ${report.time.uncorrectedMsMax} ms off`];
}

/** Requests per 10,000 points that the server holds; failed requests count too. */
export function requestsPer10000({ report, exchanges }: Simulation): number {
  return (exchanges.length * 10_000) / report.server.points;
}

export function requestsWithin(most: number): (simulation: Simulation) => string[] {
  return (simulation) =>
    requestsPer10000(simulation) <= most
      ? []
      : [`${requestsPer10000(simulation).toFixed(1)} requests per 10,000 points, ${most} allowed`];
}

/** Several promises at once. */
export function all(...promises: ((simulation: Simulation) => string[])[]): (simulation: Simulation) => string[] {
  return (simulation) => promises.flatMap((promise) => promise(simulation));
}

export const dropped = ({ report }: Simulation, reason: keyof Simulation["report"]["streams"][0]["dropped"]): number =>
  report.streams.reduce((sum, stream) => sum + stream.dropped[reason], 0);
