import type { Ledger } from "../storage/ledger/ledger.ts";
import type { Ring } from "../storage/ring/ring.ts";
import { bootSession } from "./clock.ts";

/**
 * What a boot writes first: the session that it starts goes into the ledger, and the ring's next samples belong to it.
 * Returns what the clock goes on from: the session, and a raw time one ms after any on flash.
 */
export function startSession(
  ledger: Pick<Ledger, "session" | "lastRawMs" | "boot">,
  ring: Pick<Ring, "lastRawMs" | "start">,
): { session: number; rawMs: number } {
  const session = bootSession(ledger.session());
  const rawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
  ledger.boot(session, rawMs);
  ring.start(session);
  return { session: session, rawMs: rawMs };
}
