import type { Ledger } from "../storage/ledger/ledger.ts";
import type { Ring } from "../storage/ring/ring.ts";
import { bootSession } from "./clock.ts";

/**
 * What a boot writes first: the session that it starts goes into the ledger, and the ring's next samples belong to it. Its number
 * is beyond any on flash: if the ledger was lost, a fix would otherwise date the samples of an old session that had the
 * same number.
 * Returns what the clock goes on from: the session, and a raw time one ms after any on flash; and what `Ledger.boot` says.
 */
export function startSession(
  ledger: Pick<Ledger, "session" | "lastRawMs" | "boot">,
  ring: Pick<Ring, "lastRawMs" | "lastSession" | "start">,
): { session: number; rawMs: number; deaths: number } {
  const ringSession = ring.lastSession();
  const ledgerSession = ledger.session();
  const session = bootSession(((ringSession - ledgerSession) | 0) > 0 ? ringSession : ledgerSession);
  const rawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
  const deaths = ledger.boot(session, rawMs);
  ring.start(session);
  return { session: session, rawMs: rawMs, deaths: deaths };
}
