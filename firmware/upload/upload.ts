/** The upload put together, for the device, for the desk that sends what a copy of its flash holds, and for the tests. */
import type { Server } from "../device-types.ts";
import { createDrain, type Drain, type DrainMemory, openDrainMemory } from "./drain.ts";
import type { Endpoint } from "./endpoint.ts";
import { createOverload, type Overload, type OverloadMemory, openOverloadMemory } from "./overload.ts";
import { createPace, openPaceMemory, type PaceMemory } from "./pace.ts";
import { planLimits } from "./plan-limits.ts";
import { createPlanner, openPlanMemory, type PlanMemory, type Planner } from "./planner.ts";
import { createQuota, type Quota } from "./quota.ts";
import type { UploadParts } from "./upload-parts.ts";

export interface UploadSettings {
  /** The plan's limits. Those that are left out are Blynk's documented ones (limits.ts). */
  limits: Omit<Server, "url">;
  /** "thin" sends every k-th point of a backlog that can't drain in time; by default the oldest expire. */
  overload?: "thin" | "oldest-first";
  /** Of the datastreams that are logged. */
  intervalsMs: number[];
}

/** What a boot's deliveries remember: plain data, which stays while the code of an upload comes and goes. */
export interface UploadMemory extends DrainMemory, PaceMemory, OverloadMemory, PlanMemory {}

/** What plans requests, and what it works with. */
export interface Planning {
  quota: Quota;
  overload: Overload;
  planner: Planner;
}

/** Longest point: `[`, 13 digits, `,`, a sign, 11 digits, point and zero, `]` and a comma. */
const POINT_BYTES_MAX = 30;
/** The ledger keeps a batch's points in 16 bits. */
const LEDGER_POINTS_MAX = 65535;

/** `deaths`: boots in a row that came in the middle of a request (`Ledger.boot`). */
export function openUploadMemory(deaths: number): UploadMemory {
  const memory = Object.assign(openDrainMemory(deaths), openPaceMemory());
  return Object.assign(Object.assign(memory, openOverloadMemory()), openPlanMemory());
}

/** Somebody asks for a delivery: forgets the failures that waits grow from, and how long the server asked to be left alone. */
export function forgive(memory: UploadMemory, endpoint: Endpoint, rawMs: number): void {
  memory.failuresInRow = 0;
  memory.deaths = 0;
  memory.forgivenRawMs = rawMs;
  endpoint.silentUntilRawMs = 0;
}

/** What the plan lets through, what is left of it today, and what more than that waits. For plans and for the status. */
export function openAllowance(
  parts: Pick<UploadParts, "ring" | "ledger" | "map" | "clock">,
  settings: UploadSettings,
  memory: OverloadMemory,
) {
  const limits = planLimits(settings.limits);
  const quota = createQuota(parts.ledger, parts.clock, limits.pointsPerDayMax, limits.requestsPerDayMax);
  const overload = createOverload(
    parts,
    quota,
    { overload: settings.overload ?? "oldest-first", ageMaxMs: limits.ageMaxMs, intervalsMs: settings.intervalsMs },
    memory,
  );
  return { limits, quota, overload };
}

/** Made anew for each plan, and let go after it. */
export function openPlanning(parts: UploadParts, settings: UploadSettings, memory: UploadMemory): Planning {
  "on demand";
  const allowance = openAllowance(parts, settings, memory);
  const limits = allowance.limits;
  const quota = allowance.quota;
  const overload = allowance.overload;
  const requestPointsMax = Math.min(
    limits.pointsPerRequestMax,
    quota.pointsMax,
    LEDGER_POINTS_MAX,
    Math.floor((limits.bodyBytesMax - 2) / POINT_BYTES_MAX),
  );
  const pace = createPace(parts, quota, requestPointsMax, memory);
  const planner = createPlanner(parts, { pace, quota, overload, ageMaxMs: limits.ageMaxMs }, memory);
  return { quota, overload, planner };
}

export function createUpload(
  parts: UploadParts,
  endpoint: Endpoint,
  settings: UploadSettings,
  memory: UploadMemory,
): Drain {
  return createDrain(parts, () => openPlanning(parts, settings, memory).planner, endpoint, memory);
}
