/** What requests are planned with: plain data, made anew for each plan. */
import type { PlanLimits, Server } from "../device-types.ts";
import type { Backlog, OverloadMemory } from "./overload.ts";
import type { Pace, PaceMemory } from "./pace.ts";
import { planLimits } from "./plan-limits.ts";
import type { Quota } from "./quota.ts";
import type { UploadParts } from "./upload-parts.ts";

export interface UploadSettings {
  /** The plan's limits. Those that are left out are Blynk's documented ones (limits.ts). */
  limits: Omit<Server, "url">;
  /** "thin" sends every k-th point of a backlog that can't drain in time; by default the oldest expire. */
  overload?: "thin" | "oldest-first";
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
}

type PlanningParts = Pick<UploadParts, "storage" | "source" | "map" | "clock">;

/** Longest point: `[`, 13 digits, `,`, a sign, 11 digits, point and zero, `]` and a comma. */
const POINT_BYTES_MAX = 30;
/** The ledger keeps a batch's points in 16 bits. */
const LEDGER_POINTS_MAX = 65535;

/** What is left of the plan's day. */
export function openQuota(parts: Pick<UploadParts, "storage" | "clock">, limits: Required<PlanLimits>): Quota {
  return {
    ledger: parts.storage.ledger,
    clock: parts.clock,
    pointsMax: limits.pointsPerDayMax,
    requestsMax: limits.requestsPerDayMax,
  };
}

/** What waits, and what the plan lets through of it. */
export function openBacklog(parts: PlanningParts, settings: UploadSettings, memory: OverloadMemory): Backlog {
  "on demand";
  const limits = planLimits(settings.limits);
  return {
    storage: parts.storage,
    source: parts.source,
    map: parts.map,
    quota: openQuota(parts, limits),
    overload: settings.overload ?? "oldest-first",
    ageMaxMs: limits.ageMaxMs,
    intervalsMs: settings.intervalsMs,
    memory,
  };
}

/** What the server has taught, for requests within the plan's limits. */
export function openPace(
  parts: Pick<UploadParts, "storage" | "clock">,
  settings: UploadSettings,
  memory: PaceMemory,
): Pace {
  "on demand";
  const limits = planLimits(settings.limits);
  return {
    clock: parts.clock,
    ledger: parts.storage.ledger,
    pointsMax: limits.pointsPerDayMax,
    requestsMax: limits.requestsPerDayMax,
    requestPointsMax: Math.min(
      limits.pointsPerRequestMax,
      limits.pointsPerDayMax,
      LEDGER_POINTS_MAX,
      Math.floor((limits.bodyBytesMax - 2) / POINT_BYTES_MAX),
    ),
    memory,
  };
}
