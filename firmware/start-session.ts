import { bootSession } from "./clock/clock.ts";
import { recordBoot } from "./storage/ledger/writing.ts";
import { lastRawMs, lastSession } from "./storage/ring/last-sample.ts";
import { type Storage, startRing } from "./storage/ring/ring.ts";

/**
 * What a boot writes first: the session that it starts goes into the ledger, and the ring's next samples belong to it. Its number
 * is beyond any on flash: if the ledger was lost, a fix would otherwise date the samples of an old session that had the
 * same number.
 * Returns what the clock goes on from: the session, and a raw time one ms after any on flash; and what `recordBoot` says.
 */
export function startSession(storage: Storage): { session: number; rawMs: number; deaths: number } {
  const told = storage.ledger.told;
  const ringSession = lastSession(storage);
  const session = bootSession(((ringSession - told.session) | 0) > 0 ? ringSession : told.session);
  const rawMs = Math.max(told.lastRawMs, lastRawMs(storage)) + 1;
  const deaths = recordBoot(storage.ledger, session, rawMs);
  startRing(storage.ring, session);
  return { session: session, rawMs: rawMs, deaths: deaths };
}
