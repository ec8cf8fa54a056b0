/** What is looked up in the ledger. accountOf (state.ts) gives the rest: cursor, open attempt, last timestamp of a pin. */
import type { Position } from "../format/position.ts";
import type { RawMs } from "../format/times.ts";
import { openArchive } from "./archive.ts";
import { COUNTERS, COUNTERS_COUNT, DUPLICATED, LAST_SESSION, MISDATED, REFUSALS } from "./counters.ts";
import { boundFixes } from "./fixes.ts";
import { bankBytesOf, type Ledger } from "./ledger.ts";
import type { Counters, Fix, Mark, Mistakes } from "./ledger-types.ts";
import { accountOf } from "./state.ts";

/** Every pin that has an account, and `GONE_PIN` if others were folded into one. */
export function accountPins(ledger: Ledger): number[] {
  return Object.keys(ledger.told.accounts).map(Number);
}

/** The last timestamp of a datastream that the server has. */
export function markOf(ledger: Ledger, pin: number): Mark {
  const account = accountOf(ledger, pin);
  return { trueMs: account.lastTrueMs, session: account.counts[LAST_SESSION], rawMs: account.lastRawMs };
}

export function mistakesOf(ledger: Ledger, pin: number): Mistakes {
  const account = accountOf(ledger, pin);
  return {
    misdated: account.counts[MISDATED],
    duplicated: account.counts[DUPLICATED],
    fromTrueMs: account.wrong ? account.wrong.fromTrueMs : 0,
    toTrueMs: account.wrong ? account.wrong.toTrueMs : 0,
  };
}

/** How the requests of a datastream failed, in the order of `TROUBLES_AT`. */
export function troublesOf(ledger: Ledger, pin: number): ArrayLike<number> {
  return accountOf(ledger, pin).counts.slice(REFUSALS);
}

/** Sum of the counters: how many samples lie behind the cursor. */
export function settledOf(ledger: Ledger, pin: number): number {
  const counts = accountOf(ledger, pin).counts;
  let sum = 0;
  for (let i = 0; i < COUNTERS_COUNT; i++) sum += counts[i];
  return sum;
}

export function countersOf(ledger: Ledger, pin: number): Counters {
  const counts = accountOf(ledger, pin).counts;
  const counters: { [name: string]: number } = {};
  for (let i = 0; i < COUNTERS_COUNT; i++) counters[COUNTERS[i]] = counts[i];
  return counters as unknown as Counters;
}

/**
 * Id of the fix up to which a new attempt is dated: the newest fix, or that of the newest open attempt when attempts hold too
 * many.
 */
export function mapVersionOf(ledger: Ledger): number {
  return boundFixes(ledger.told, bankBytesOf(ledger));
}

/** The pages of the archive before this position are free. */
export function fixesNeededFrom(ledger: Ledger): Position {
  return ledger.openPages ? openArchive(ledger.openPages()).neededFrom(ledger.told.fixes) : 0;
}

/** Fixes of the archive nearest to a raw time, as `Archive.around`. */
export function archivedAround(ledger: Ledger, rawMs: RawMs): Fix[] {
  return ledger.openPages ? openArchive(ledger.openPages()).around(rawMs) : [];
}
