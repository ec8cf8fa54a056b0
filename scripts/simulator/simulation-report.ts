/** What a simulation found: the JSON object of `npm run simulate -- --json`. */
import type { DroppedCounts } from "../../firmware/status-types.ts";
import type { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import type { SimulatedFlash } from "./flash.ts";

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
  flash: { reads: number; writes: number; erases: number; bytesPerSample: number };
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
  const { reads, writes, erases, bytesWritten } = flash.counts;
  return {
    reads,
    writes,
    erases,
    bytesPerSample: sampled === 0 ? 0 : Math.round((bytesWritten / sampled) * 1000) / 1000,
  };
}
