import type { WholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { fixesOf } from "../../support/fixes.ts";

/** A batch of ten samples in flight. */
export const ATTEMPT = {
  pin: 3,
  from: 4096,
  to: 4106,
  points: 10,
  bodyBytes: 321,
  rawMs: 5000,
  fixId: 1,
  thinEvery: 1,
  thinPhase: 0,
  afterTrueMs: 1700000000000,
};
/** What became of it. */
export const SETTLEMENT = {
  delivered: 7,
  thinned: 1,
  undatable: 1,
  unrepresentable: 1,
  corrupt: 0,
  lastTrueMs: 1700000000999,
};

/** Everything that the ledger says. */
export function state(ledger: WholeLedger) {
  return JSON.parse(
    JSON.stringify({
      session: ledger.session(),
      raw: ledger.lastRawMs(),
      fixes: fixesOf(ledger),
      charges: ledger.charges(),
      pins: ledger
        .pins()
        .map((pin) => [
          pin,
          ledger.cursor(pin),
          ledger.lastTrueMs(pin),
          ledger.mark(pin),
          ledger.mistakes(pin),
          ledger.counters(pin),
          ledger.retired(pin),
          ledger.attempt(pin),
        ]),
    }),
  );
}
