/** The upload put together, for the device, for the desk that sends what a copy of its flash holds, and for the tests. */
import type { Server } from "../device-types.ts";
import { createDrain, type Drain } from "./drain.ts";
import type { Endpoint } from "./endpoint.ts";
import { createOverload, type Overload } from "./overload.ts";
import { createPace } from "./pace.ts";
import { planLimits } from "./plan-limits.ts";
import { createPlanner, type Planner } from "./planner.ts";
import { createQuota, type Quota } from "./quota.ts";
import type { UploadParts } from "./upload-parts.ts";

export interface UploadSettings {
  /** The plan's limits. Those that are left out are Blynk's documented ones (limits.ts). */
  limits: Omit<Server, "url">;
  /** "thin" sends every k-th point of a backlog that can't drain in time; by default the oldest expire. */
  overload?: "thin" | "oldest-first";
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
  /** Boots in a row that came in the middle of a request (`Ledger.boot`). Default 0. */
  deaths?: number;
}

export interface Upload {
  quota: Quota;
  overload: Overload;
  planner: Planner;
  drain: Drain;
}

/** Longest point: `[`, 13 digits, `,`, a sign, 11 digits, point and zero, `]` and a comma. */
const POINT_BYTES_MAX = 30;
/** The ledger keeps a batch's points in 16 bits. */
const LEDGER_POINTS_MAX = 65535;

export function createUpload(parts: UploadParts, endpoint: Endpoint, settings: UploadSettings): Upload {
  const limits = planLimits(settings.limits);
  const quota = createQuota(parts.ledger, parts.clock, limits.pointsPerDayMax, limits.requestsPerDayMax);
  const overload = createOverload(parts.ring, parts.ledger, parts.map, quota, {
    overload: settings.overload ?? "oldest-first",
    ageMaxMs: limits.ageMaxMs,
    intervalsMs: settings.intervalsMs,
  });
  const requestPointsMax = Math.min(
    limits.pointsPerRequestMax,
    quota.pointsMax,
    LEDGER_POINTS_MAX,
    Math.floor((limits.bodyBytesMax - 2) / POINT_BYTES_MAX),
  );
  const planner = createPlanner(parts, createPace(parts, quota, requestPointsMax), quota, overload, limits.ageMaxMs);
  const drain = createDrain(parts, planner, endpoint, settings.deaths ?? 0);
  return { quota, overload, planner, drain };
}
