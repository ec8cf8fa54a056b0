import type { Charge } from "./ledger-types.ts";

/** `pin` says whose outcome an open charge waits for. */
export interface PinCharge extends Charge {
  pin: number;
}

/**
 * Merges the two neighbours that lie closest, at the later of their times: allowance may come back later than it could, never
 * earlier. Open charges merge only with open ones of the same pin, as one outcome stamps them together.
 */
export function mergeCharges(charges: PinCharge[]): void {
  let least = -1;
  let into = -1;
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < charges.length - 1; i++) {
    const charge = charges[i];
    let j = i + 1;
    while (j < charges.length && (charges[j].open !== charge.open || (charge.open && charges[j].pin !== charge.pin)))
      j++;
    if (j === charges.length || Math.abs(charges[j].rawMs - charge.rawMs) >= leastMs) continue;
    least = i;
    into = j;
    leastMs = Math.abs(charges[j].rawMs - charge.rawMs);
  }
  if (least < 0) return;
  const target = charges[into];
  target.rawMs = Math.max(target.rawMs, charges[least].rawMs);
  target.points += charges[least].points;
  target.requests += charges[least].requests;
  charges.splice(least, 1);
}
