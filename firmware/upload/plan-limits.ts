/** What the server's plan takes, as the device file names it. */
import type { PlanLimits, Server } from "../device-types.ts";
import { LIMITS } from "../limits.ts";

/** Every limit of the plan: a member beside `plan` goes before it, and what neither says is documented (limits.ts). */
export function planLimits(server: Omit<Server, "url">): Required<PlanLimits> {
  const plan = server.plan;
  const is2026 = plan === "2026";
  const own: PlanLimits = plan === undefined || typeof plan === "string" ? {} : plan;
  return {
    pointsPerRequestMax: server.pointsPerRequestMax ?? own.pointsPerRequestMax ?? LIMITS.pointsPerRequestMax,
    pointsPerDayMax:
      server.pointsPerDayMax ?? own.pointsPerDayMax ?? (is2026 ? LIMITS.pointsPerDayMax2026 : LIMITS.pointsPerDayMax),
    requestsPerDayMax: server.requestsPerDayMax ?? own.requestsPerDayMax ?? LIMITS.requestsPerDayMax,
    ageMaxMs: server.ageMaxMs ?? own.ageMaxMs ?? (is2026 ? LIMITS.ageMax2026Ms : LIMITS.ageMaxMs),
    bodyBytesMax: server.bodyBytesMax ?? own.bodyBytesMax ?? LIMITS.bodyBytesMax,
  };
}

/** The plan's name for the status: "documented", "2026", or "own". */
export function planName(server: Pick<Server, "plan">): string {
  const plan = server.plan;
  return plan === undefined ? "documented" : typeof plan === "string" ? plan : "own";
}
