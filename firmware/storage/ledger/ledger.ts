import type { FlashRegion } from "../../platform/ports.ts";
import { put48 } from "../format/int48.ts";
import { isAhead } from "../format/position.ts";
import { ENTRY_MAX, openBanks, PAYLOAD_AT } from "./banks.ts";
import { COUNTERS, COUNTERS_COUNT } from "./counters.ts";
import {
  ATTEMPT,
  ATTEMPT_AT,
  BOOT,
  BOOT_AT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  FIX_AT,
  PIN_AT,
  putAttempt,
  putFix,
  RETIRE,
  RETIRE_AT,
  SENT,
  SENT_AT,
  UNFIX,
  UNFIX_AT,
} from "./entries.ts";
import type { Counters, Ledger } from "./ledger-types.ts";
import { writeSnapshot } from "./snapshot.ts";
import { createLedgerState } from "./state.ts";

export { isAhead } from "../format/position.ts";
export type {
  Attempt,
  Charge,
  Counters,
  DropReason,
  Fix,
  Ledger,
  Settlement,
} from "./ledger-types.ts";

const UINT32_MAX = 4294967295;

/** The ledger on the first 2 × `bankPages` pages of the region: what the server was told, and what it may still be told. */
export function openLedger(region: FlashRegion, bankPages: number): Ledger {
  const entry = new Uint8Array(ENTRY_MAX);
  /** The payload of the entry that is being made. */
  const payload = new DataView(entry.buffer, PAYLOAD_AT);
  const state = createLedgerState(bankPages * region.pageBytes);
  const known = state.known;

  function snapshot(): void {
    writeSnapshot(state, payload, banks.append);
  }

  /** Appends the entry that `payload` holds and only then believes it. */
  function record(kind: number, payloadBytes: number): void {
    banks.append(kind, payloadBytes);
    state.apply(kind, payload);
  }

  const banks = openBanks(region, bankPages, entry, state.apply, snapshot);

  return {
    session: () => state.session,
    lastRawMs: () => state.lastRawMs,
    fixes: () => state.fixes,
    mapVersion: state.mapVersion,
    pins: () => Object.keys(state.accounts).map(Number),
    charges: () => state.charges,
    cursor: (pin) => known(pin).cursor,
    lastTrueMs: (pin) => known(pin).lastTrueMs,
    attempt: (pin) => known(pin).attempt,
    retired: (pin) => ({ missed: known(pin).missed, failed: known(pin).failed }),
    settled(pin) {
      const counts = known(pin).counts;
      let sum = 0;
      for (let i = 0; i < COUNTERS_COUNT; i++) sum += counts[i];
      return sum;
    },
    counters(pin) {
      const counts = known(pin).counts;
      const counters: { [name: string]: number } = {};
      for (let i = 0; i < COUNTERS_COUNT; i++) counters[COUNTERS[i]] = counts[i];
      return counters as unknown as Counters;
    },
    boot(session, rawMs) {
      payload.setUint32(BOOT_AT.session, session, true);
      put48(payload, BOOT_AT.rawMs, rawMs);
      record(BOOT, BOOT_AT.bytes);
    },
    addFix(session, rawMs, trueMs, boundMs) {
      const fix = {
        id: state.lastFixId + 1,
        session: session,
        rawMs: Math.round(rawMs),
        trueMs: Math.round(trueMs),
        boundMs: Math.min(Math.ceil(boundMs), UINT32_MAX),
      };
      putFix(payload, fix);
      record(FIX, FIX_AT.bytes);
      return fix;
    },
    removeFix(id) {
      payload.setUint32(UNFIX_AT.id, id, true);
      record(UNFIX, UNFIX_AT.bytes);
    },
    recordAttempt(attempt) {
      putAttempt(payload, attempt);
      record(ATTEMPT, ATTEMPT_AT.bytes);
    },
    settle(pin, rawMs, settlement) {
      const open = known(pin).attempt;
      if (!open) return;
      payload.setUint8(PIN_AT, pin);
      payload.setUint8(SENT_AT.zero, 0);
      put48(payload, SENT_AT.rawMs, rawMs);
      payload.setUint32(SENT_AT.delivered, settlement.delivered, true);
      payload.setUint32(SENT_AT.thinned, settlement.thinned, true);
      payload.setUint32(SENT_AT.undatable, settlement.undatable, true);
      payload.setUint32(SENT_AT.unrepresentable, settlement.unrepresentable, true);
      payload.setUint32(SENT_AT.corrupt, settlement.corrupt, true);
      put48(payload, SENT_AT.to, open.to);
      put48(payload, SENT_AT.lastTrueMs, settlement.lastTrueMs);
      record(SENT, SENT_AT.bytes);
    },
    fail(pin, rawMs, keep) {
      payload.setUint8(PIN_AT, pin);
      payload.setUint8(FAIL_AT.keep, keep ? 1 : 0);
      put48(payload, FAIL_AT.rawMs, rawMs);
      record(FAIL, FAIL_AT.bytes);
    },
    drop(pin, reason, to, count) {
      if (!isAhead(to, known(pin).cursor)) return;
      payload.setUint8(PIN_AT, pin);
      payload.setUint8(DROP_AT.reason, COUNTERS.indexOf(reason));
      put48(payload, DROP_AT.to, to);
      payload.setUint32(DROP_AT.count, count, true);
      record(DROP, DROP_AT.bytes);
    },
    retire(pin, missed, failed) {
      payload.setUint8(PIN_AT, pin);
      payload.setUint32(RETIRE_AT.missed, missed, true);
      payload.setUint32(RETIRE_AT.failed, failed, true);
      record(RETIRE, RETIRE_AT.bytes);
    },
  };
}
