/**
 * Six hours in the life of a unit's clock, from one seed: any mix of power cuts, clocks that are set, time servers and portals
 * that lie, links that fail and a ledger that is lost, and then quiet. `judgeHistory` says what must come of it.
 */
import { createPrng, type Prng } from "../../scripts/simulator/prng.ts";
import type {
  ClockSetting,
  CpuOptions,
  HttpFault,
  NtpFault,
  PowerFault,
  Script,
  WifiFault,
} from "../../scripts/simulator/simulate.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Faults end by then. */
export const TROUBLE_MS = 5 * HOUR_MS;
export const SAMPLE_MS = 3 * MINUTE_MS;
export const SYNC_MS = 15 * MINUTE_MS;
/** Time for what waits, once all is well. */
export const QUIET_MS = 90 * MINUTE_MS;

/** A stretch of ms since power-on in which time servers that are enough to be believed, or the only date in reach, are wrong. */
export interface Lie {
  from: number;
  to: number;
}

export interface History {
  script: Script;
  lies: Lie[];
  /** When the ledger is blanked, in ms since power-on; Infinity if it isn't. */
  ledgerLostMs: number;
}

/**
 * v1 reads the true time (ms modulo 10^9), so that every point tells when it was taken. Nobody looks at an LED. Largest
 * uncertainty: wide enough for 100 ppm of six hours, a jump of the clock, and an unseen step.
 */
export function historyDevice(maxUncertaintyMs: number): string {
  return `export const device: any = {
  name: "history",
  datastreams: [
    {
      pin: "v1", name: "true time", intervalMs: ${SAMPLE_MS}, decimals: 3,
      sensor: (done: any) => done(((global as any)["simulated"].trueMs() % 1e9) / 1000),
    },
  ],
  server: { url: "https://blynk.cloud" },
  timeServers: ["time-a.example", "time-b.example", "time-c.example"],
  region: "flash",
  syncEveryMs: ${SYNC_MS},
  maxTimeUncertaintyMs: ${maxUncertaintyMs},
};
`;
}

/** Of the seeds in turn: each is a build of its own. */
export function maxUncertaintyMs(seed: number): number {
  return [15_000, 60_000, 300_000][seed % 3];
}

/** A stretch of up to `longestMs` that ends before the trouble does. */
function stretch(prng: Prng, longestMs: number): Lie {
  const from = prng.between(0, TROUBLE_MS - MINUTE_MS);
  return { from, to: Math.min(TROUBLE_MS, from + prng.between(MINUTE_MS, longestMs)) };
}

function times<T>(prng: Prng, most: number, make: () => T): T[] {
  return Array.from({ length: prng.below(most + 1) }, make);
}

function falsehoodMs(prng: Prng): number {
  const sizes = [20 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 365 * 24 * HOUR_MS, 7 * 365 * 24 * HOUR_MS];
  return sizes[prng.below(sizes.length)] * (prng.chance(0.6) ? 1 : -1);
}

function someHttp(prng: Prng): HttpFault {
  const kinds = ["refused", "status", "empty", "garbage", "continue", "short", "reset", "silent", "lost"] as const;
  return {
    kind: kinds[prng.below(kinds.length)],
    ...stretch(prng, 2 * HOUR_MS),
    share: prng.between(0.2, 1),
    status: [408, 429, 500, 503][prng.below(4)],
    afterBytes: prng.below(1000),
  };
}

function somePower(prng: Prng): PowerFault {
  return {
    at: prng.between(0, TROUBLE_MS),
    kind: prng.chance(0.8) ? "cut" : "reset",
    off: prng.chance(0.6) ? prng.between(1000, 90_000) : prng.between(0.05, 1.5) * HOUR_MS,
    flashBytes: prng.chance(0.2) ? 1 + prng.below(60) : undefined,
  };
}

/** The IDE sets the clock by hours; or, in a life without that, SNTP moves it from 1970 to now underneath the interpreter. */
function someClock(prng: Prng): ClockSetting[] {
  const at = () => prng.between(0, TROUBLE_MS);
  if (prng.chance(0.2)) return [{ at: at(), kind: "underneath", offset: 0 }];
  return times(prng, 3, () => ({ at: at(), offset: prng.between(-72, 72) * HOUR_MS }));
}

/** One server of three is wrong in some way, or some don't answer: it must not matter. */
function someNtp(prng: Prng): NtpFault {
  const kinds = ["blocked", "late", "lies", "kiss", "unsynchronized", "stale"] as const;
  const kind = kinds[prng.below(kinds.length)];
  return {
    kind,
    ...stretch(prng, 2 * HOUR_MS),
    server: kind === "blocked" && prng.chance(0.5) ? undefined : 0,
    delay: prng.between(100, 5000),
    offset: falsehoodMs(prng),
  };
}

/** A board, or a chip on which reading flash and running code take long. */
function someChip(prng: Prng): CpuOptions {
  if (prng.chance(0.7)) return {};
  return { slowdown: prng.between(1, 13), flashReadMs: prng.between(0.02, 39), eraseMs: prng.between(45, 400) };
}

export function createHistory(seed: number): History {
  const prng = createPrng(seed, "history");
  const lies: Lie[] = [];
  const ntp = times(prng, 2, () => someNtp(prng));
  const http = times(prng, 2, () => someHttp(prng));
  for (const lie of times(prng, 1, () => stretch(prng, 2 * HOUR_MS))) {
    lies.push(lie);
    ntp.unshift({ kind: "lies", ...lie, offset: falsehoodMs(prng) });
  }
  for (const stay of times(prng, 2, () => stretch(prng, 2 * HOUR_MS))) {
    lies.push(stay);
    ntp.unshift({ kind: "blocked", ...stay });
    http.unshift({ kind: prng.chance(0.7) ? "html" : "redirect", ...stay, dateOffset: falsehoodMs(prng) });
  }
  const power = times(prng, 6, () => somePower(prng));
  const ledgerLostMs = prng.chance(0.1) ? prng.between(HOUR_MS, TROUBLE_MS - MINUTE_MS) : Number.POSITIVE_INFINITY;
  if (ledgerLostMs < TROUBLE_MS) power.push({ at: ledgerLostMs - 1000, kind: "cut", off: prng.between(5000, 90_000) });
  const wifi = times(
    prng,
    3,
    (): WifiFault => ({
      kind: prng.chance(0.8) ? "gone" : "no-internet",
      ...stretch(prng, 2 * HOUR_MS),
    }),
  );
  const flash = [0, 1].map((page) => ({ at: ledgerLostMs, kind: "blank" as const, page }));
  return {
    lies,
    ledgerLostMs,
    script: {
      scenario: "history",
      seed,
      ntp,
      http,
      power,
      wifi,
      setTime: someClock(prng),
      flash: ledgerLostMs < TROUBLE_MS ? flash : [],
      crystal: { driftPpm: prng.between(-40, 40), swingPpm: prng.between(0, 5) },
      cpu: someChip(prng),
      latency: { asymmetric: prng.chance(0.3) },
      untilDrained: false,
      until: TROUBLE_MS + QUIET_MS,
    },
  };
}
