/** Faults of every kind at any time, from one seed. */
import { createPrng, type Prng } from "../prng.ts";
import type {
  GeneratedDevice,
  HttpFault,
  HttpFaultKind,
  NtpFault,
  PowerFault,
  Script,
  SensorFault,
  WifiFault,
} from "../simulate.ts";
import { room, type Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HTTP_KINDS: HttpFaultKind[] = [
  ..."refused status empty html redirect garbage continue short reset silent late lost".split(" "),
] as HttpFaultKind[];

/** A sample a minute, within the allowance: all can be delivered. */
const USUAL = room({ counting: true, dark: true });
/** 26,000 samples a day into 64 kB: the ring is full most of the time, and the allowance used up. */
const BUSY = room({ everyMs: 10_000, counting: true, dark: true });
/** 14,400 a day, so that every second one is sent. */
const THINNED: GeneratedDevice = {
  ...room({ dark: true, more: { overload: "thin" } }),
  streams: [0, 1, 2, 3, 4].map((i) => ({ pin: `v${i + 1}`, name: `count ${i}`, intervalMs: 30_000, decimals: i % 3 })),
};
/** The radio is off except for a sync every three hours. */
const FRUGAL = room({ counting: true, dark: true, more: { connectEveryMs: 3 * HOUR_MS } });

/** Device and length of a seed: most are short and dense, some are as long as real outages. */
function form(seed: number): { device: GeneratedDevice; days: number; pace: number; until: string } {
  if (seed % 19 === 0) return { device: USUAL, days: 10, pace: 1, until: "30d" };
  if (seed % 5 === 0) return { device: BUSY, days: 1, pace: 5, until: "40h" };
  if (seed % 5 === 1) return { device: THINNED, days: 1, pace: 5, until: "3d" };
  if (seed % 5 === 2) return { device: FRUGAL, days: 2, pace: 4, until: "12d" };
  return { device: USUAL, days: 2, pace: 4, until: "12d" };
}

export const CHAOS: Scenario[] = [
  {
    name: "chaos",
    about: "a day, two or ten of anything at any time, power cuts included, then quiet; the device by the seed",
    device: (seed) => form(seed).device,
    script: (seed) => {
      const { days, pace, until } = form(seed);
      return { ...chaos(createPrng(seed, "chaos"), days * DAY_MS, pace), until };
    },
  },
  {
    name: "year",
    about: "a year of chaos",
    device: room({ everyMs: 300_000, counting: true, dark: true }),
    script: (seed) => ({ ...chaos(createPrng(seed, "year"), 365 * DAY_MS), until: "400d" }),
  },
];

/** Faults of every kind, some a day, until `lengthMs`. With `pace`, that many times more of them, each that much shorter. */
export function chaos(prng: Prng, lengthMs: number, pace = 1): Script {
  const windows = <T>(perDay: number, longestMs: number, make: (from: number, to: number) => T): T[] => {
    const made: T[] = [];
    const meanMs = DAY_MS / perDay / pace;
    for (let at = prng.between(0, meanMs); at < lengthMs; at += prng.between(0.2, 1.8) * meanMs) {
      made.push(make(at, Math.min(lengthMs, at + (prng.between(0.02, 1) * longestMs) / pace)));
    }
    return made;
  };
  const wifi = windows<WifiFault>(3, 10 * HOUR_MS, (from, to) => ({
    kind: prng.chance(0.7) ? "gone" : prng.chance(0.5) ? "no-internet" : "wrong-password",
    from,
    to,
  }));
  const http = windows<HttpFault>(6, 4 * HOUR_MS, (from, to) => ({
    kind: HTTP_KINDS[prng.below(HTTP_KINDS.length)],
    from,
    to,
    share: prng.chance(0.5) ? 1 : prng.next(),
    status: [400, 401, 403, 404, 408, 429, 500, 502, 503][prng.below(9)],
    stored: prng.chance(0.3),
    delay: prng.between(1000, 200_000),
    afterBytes: prng.below(4000),
  }));
  // A server that answers that it refused has stored nothing.
  for (const fault of http) if (fault.kind === "status" && (fault.status ?? 0) < 500) fault.stored = false;
  const ntp = windows<NtpFault>(2, 6 * HOUR_MS, (from, to) => ({
    kind: (["blocked", "late", "lies", "kiss", "unsynchronized", "stale"] as const)[prng.below(6)],
    from,
    to,
    // Two servers with the same lie would be believed; no promise covers that.
    server: prng.chance(0.5) ? undefined : 0,
    delay: prng.between(100, 5000),
    offset: prng.between(-5, 5) * HOUR_MS,
  }));
  for (const fault of ntp) if (fault.kind === "lies") fault.server = 0;
  const power = windows<PowerFault>(3, 0, (at) => ({
    at,
    kind: prng.chance(0.8) ? "cut" : "reset",
    off: prng.chance(0.8) ? prng.between(1000, 60_000) : prng.between(0.1, 5) * HOUR_MS,
    flashBytes: prng.chance(0.6) ? 1 + prng.below(60) : undefined,
  }));
  const sensors = windows<SensorFault>(1, 2 * HOUR_MS, (from, to) => ({
    kind: (["hang", "nan", "throw"] as const)[prng.below(3)],
    from,
    to,
    pin: `v${1 + prng.below(3)}`,
  }));
  return {
    wifi,
    http,
    ntp,
    power,
    sensors,
    dns: windows(1, 2 * HOUR_MS, (from, to) => ({ from, to })),
    setTime: windows(0.5, 0, (at) => ({ at, offset: prng.between(-3, 3) * DAY_MS })),
    press: windows(2, 0, (at) => ({ at, hold: prng.between(20, 3000) })),
    crystal: { driftPpm: prng.between(-40, 40), swingPpm: prng.between(0, 5) },
    latency: { asymmetric: prng.chance(0.3) },
  };
}
