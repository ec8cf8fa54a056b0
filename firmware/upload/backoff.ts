import { LIMITS } from "../limits.ts";

/**
 * A random wait in ms whose limit doubles with each failure before. Full jitter: a fleet that lost the same server does not
 * come back in step. `random` is uniform in [0, 1).
 */
export function backoffMs(failures: number, random: () => number): number {
  const limitMs = Math.min(LIMITS.backoffMaxMs, LIMITS.backoffFirstMs * Math.pow(2, Math.min(failures, 20)));
  return Math.ceil(random() * limitMs);
}
