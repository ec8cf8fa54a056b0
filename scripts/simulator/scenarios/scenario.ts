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
