/** What a simulation found: the JSON object of `npm run simulate -- --json`. */
import type { DroppedCounts } from "../../firmware/status-types.ts";
import type { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import type { SimulatedFlash } from "./flash.ts";
import { LEDGER_PAGES } from "./partitions.ts";

export interface StreamReport {
  pin: string;
  /** Appends that returned, by the simulator's own record. */
  sampled: number;
  /** This and the rest are the firmware's counters; `balanced` says whether they agree with the simulator and the server. */
  delivered: number;
  pending: number;
  dropped: DroppedCounts;
  missed: number;
  failed: number;
}

export interface Report {
  scenario: string;
  seed: number;
  simulatedMs: number;
  wallMs: number;
  streams: StreamReport[];
  /** Every sample is accounted for: the firmware's counters agree with the simulator's record and with the server. */
  balanced: boolean;
  server: {
    requests: number;
    points: number;
    duplicates: number;
    violations: string[];
    pointsMaxInRequest: number;
    pointsMaxIn24h: number;
    bodyBytes: number;
  };
  /**
   * Largest difference between a delivered timestamp and the true time of its reading; and the same for a clock that is
   * only set at each time server's answer.
   */
  time: { errorMsMax: number; uncorrectedMsMax: number };
  /**
   * `bytesPerSample`: bytes programmed in the pages for samples, headers and seals included, for each sample. `ledgerBytes`:
   * those programmed in the ledger's two banks, in all; they take no room from samples.
   */
  flash: { reads: number; writes: number; erases: number; bytesPerSample: number; ledgerBytes: number };
  /** The firmware's verdicts: each change, in order. */
  verdicts: string[];
}

export interface ServerPoint {
  pin: string;
  ts: number;
  /** As it was on the wire. */
  value: string;
}

export function serverReport(standIn: BlynkStandIn): Report["server"] {
  const stats = standIn.stats();
  return {
    requests: stats.requests,
    points: stats.points,
    duplicates: stats.duplicates,
    violations: stats.violations.map((one) => `${one.kind}${one.pin ? ` ${one.pin}` : ""}: ${one.details}`),
    pointsMaxInRequest: stats.pointsMaxInRequest,
    pointsMaxIn24h: stats.pointsMaxIn24h,
    bodyBytes: stats.bodyBytes,
  };
}

export function flashReport(flash: SimulatedFlash, sampled: number): Report["flash"] {
  const { reads, writes, erases } = flash.counts;
  const sum = (pages: Uint32Array) => pages.reduce((bytes, more) => bytes + more, 0);
  const ringBytes = sum(flash.programmed.subarray(LEDGER_PAGES));
  return {
    reads,
    writes,
    erases,
    bytesPerSample: sampled === 0 ? 0 : Math.round((ringBytes / sampled) * 1000) / 1000,
    ledgerBytes: sum(flash.programmed.subarray(0, LEDGER_PAGES)),
  };
}
