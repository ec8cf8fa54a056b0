/** Which of the script's HTTP faults meets a request. */

import { within } from "../duration.ts";
import type { Prng } from "../prng.ts";
import type { HttpFault, HttpFaultKind } from "../script.ts";
import type { World } from "../world.ts";

/**
 * Returns the fault that strikes now, if any, and counts it as used. `request`: its host, and its pin, "v1", and body, which are
 * "" before they are known.
 */
export type PickFault = (
  kinds: (kind: HttpFaultKind) => boolean,
  request: { host: string; pin: string; body: string },
) => HttpFault | undefined;

export function createFaultPicker(world: World, prng: Prng, faults: HttpFault[]): PickFault {
  const uses = new Map<HttpFault, number>();
  return (kinds, request) => {
    for (const fault of faults) {
      if (!kinds(fault.kind) || !within(fault, world.nowMs())) continue;
      if (fault.host !== undefined && fault.host !== request.host) continue;
      // A server that answers batches with nothing says "true" to a question all the same.
      if (fault.kind === "empty" && request.pin === "") continue;
      if (fault.kind === "moved" && fault.moveTo === `https://${request.host}`) continue;
      if (fault.pin !== undefined && fault.pin !== request.pin) continue;
      if (fault.bodyHas !== undefined && !request.body.includes(fault.bodyHas)) continue;
      if (fault.bodyOver !== undefined && request.body.length <= fault.bodyOver) continue;
      const used = uses.get(fault) ?? 0;
      if (fault.times !== undefined && used >= fault.times) continue;
      if (fault.share !== undefined && !prng.chance(fault.share)) continue;
      uses.set(fault, used + 1);
      return fault;
    }
    return undefined;
  };
}

/** Whether the server takes the points of a request that meets this fault. */
export function storesPoints(fault: HttpFault): boolean {
  if (["empty", "continue", "short", "late", "lost"].includes(fault.kind)) return true;
  return fault.kind !== "garbage" && (fault.stored ?? false);
}
