/** The upload put together, for the device, for the desk that sends what a copy of its flash holds, and for the tests. */
import { LIMITS } from "../limits.ts";
import { createDrain, type Drain } from "./drain.ts";
import { createOverload, type Overload } from "./overload.ts";
import type { UploadParts } from "./parts.ts";
import { createPlanner, type Planner } from "./planner.ts";
import { createQuota, type Quota } from "./quota.ts";

/** Limits that are left out are Blynk's documented ones (limits.ts). */
export interface UploadSettings {
  /** An origin, as settings.ts checks it; "" when there is none. */
  server: string;
  /** Goes into requests and nowhere else. */
  token: string;
  pointsPerRequestMax?: number;
  pointsPerDayMax?: number;
  requestsPerDayMax?: number;
  ageMaxMs?: number;
  bodyBytesMax?: number;
  /** "thin" sends every k-th point of a backlog that can't drain in time, "oldest-first" lets the oldest expire. */
  overload?: "thin" | "oldest-first";
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
}

export interface Upload {
  quota: Quota;
  overload: Overload;
  planner: Planner;
  drain: Drain;
}

export function createUpload(parts: UploadParts, settings: UploadSettings): Upload {
  const ageMaxMs = settings.ageMaxMs ?? LIMITS.ageMaxMs;
  const quota = createQuota(
    parts.ledger,
    parts.clock,
    settings.pointsPerDayMax ?? LIMITS.pointsPerDayMax,
    settings.requestsPerDayMax ?? LIMITS.requestsPerDayMax,
  );
  const overload = createOverload(parts.ring, parts.ledger, parts.map, quota, {
    overload: settings.overload ?? "oldest-first",
    ageMaxMs,
    intervalsMs: settings.intervalsMs,
  });
  const planner = createPlanner(parts, quota, overload, {
    pointsPerRequestMax: settings.pointsPerRequestMax ?? LIMITS.pointsPerRequestMax,
    bodyBytesMax: settings.bodyBytesMax ?? LIMITS.bodyBytesMax,
    ageMaxMs,
  });
  const drain = createDrain(parts, planner, { server: settings.server, token: settings.token });
  return { quota, overload, planner, drain };
}
