import type { FlashRegion } from "../../platform/ports.ts";
import { put48 } from "../format/int48.ts";
import { FIXES_PIN } from "../format/page.ts";
import { isAhead } from "../format/position.ts";
import type { RawMs } from "../format/times.ts";
import type { Account } from "./account.ts";
import { openArchive } from "./archive.ts";
import { type BankState, createBankState, ENTRY_MAX, openBanks, PAYLOAD_AT, readBanks } from "./banks.ts";
import { COUNTERS, COUNTERS_COUNT, DUPLICATED, LAST_SESSION, MISDATED, REFUSALS } from "./counters.ts";
import {
  ATTEMPT,
  ATTEMPT_AT,
  BOOT,
  BOOT_AT,
  CORRECT,
  CORRECT_AT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  FIX_AT,
  KEEP,
  KEEP_AT,
  PIN_AT,
  putAttempt,
  putFix,
  putSettlement,
  RETIRE,
  RETIRE_AT,
  SENT,
  SENT_AT,
  UNFIX,
  UNFIX_AT,
} from "./entries.ts";
import { lookAtFixes } from "./fix-rows.ts";
import { boundFixes } from "./fixes.ts";
import type { Counters, Ledger } from "./ledger-types.ts";
import { enterArchive, foldPins, moveFixes, type Room } from "./room.ts";
import { writeSnapshot } from "./snapshot.ts";
import { accountOf, createLedgerState, type LedgerState, openApply } from "./state.ts";

export { isAhead } from "../format/position.ts";
export { GONE_PIN } from "./account.ts";
export type { FixRows } from "./fix-rows.ts";
export {
  type Attempt,
  type Charge,
  type Counters,
  type DropReason,
  FAIL_CAUSE,
  type Fix,
  type Ledger,
  type Mark,
  type Mistakes,
  type Settlement,
  TROUBLES_AT,
} from "./ledger-types.ts";

const UINT32_MAX = 4294967295;

/** What stays in memory of a ledger: plain data. `useLedger` makes what works with it. */
export interface LedgerCore {
  region: FlashRegion;
  bankPages: number;
  /** Bytes of the entry in hand. */
  entry: Uint8Array;
  /** What all entries say. */
  told: LedgerState;
  /** Where the next entry goes. */
  end: BankState;
  /** The archive of fixes has been asked what it knows. */
  archiveKnown: boolean;
}

/** Reads the ledger on the first 2 × `bankPages` pages of the region. Nothing is written. */
export function mountLedger(region: FlashRegion, bankPages: number): LedgerCore {
  const bankBytes = bankPages * region.pageBytes;
  const core: LedgerCore = {
    region,
    bankPages,
    entry: new Uint8Array(ENTRY_MAX),
    told: createLedgerState(bankBytes),
    end: createBankState(),
    archiveKnown: false,
  };
  readBanks(core, openApply(core.told, bankBytes));
  return core;
}

/** The ledger on the first 2 × `bankPages` pages of the region: what the server was told, and what it may still be told. */
export function openLedger(region: FlashRegion, bankPages: number): Ledger {
  return useLedger(mountLedger(region, bankPages));
}

/** Puts the entry whose payload is in hand on flash, read back. Throws when the flash fails. */
function appendEntry(core: LedgerCore, kind: number, payloadBytes: number): void {
  "on demand";
  const payload = new DataView(core.entry.buffer, PAYLOAD_AT);
  const banks = openBanks(core, () => writeSnapshot(core.told, payload, banks.append));
  banks.append(kind, payloadBytes);
}

/** Believes the entry in hand. */
function applyEntry(state: LedgerState, bankBytes: number, kind: number, payload: DataView): void {
  "on demand";
  openApply(state, bankBytes)(kind, payload);
}

function putFailure(payload: DataView, rawMs: RawMs, keep: number, duplicated: number, cause: number): void {
  payload.setUint8(FAIL_AT.keep, keep);
  put48(payload, FAIL_AT.rawMs, rawMs);
  payload.setUint32(FAIL_AT.duplicated, duplicated, true);
  payload.setUint8(FAIL_AT.cause, cause);
}

/** Made anew for each use, and let go after it: its functions take JsVars only while it lasts. */
export function useLedger(core: LedgerCore): Ledger {
  const payload = new DataView(core.entry.buffer, PAYLOAD_AT);
  const bankBytes = core.bankPages * core.region.pageBytes;
  const state = core.told;
  let pendingFromRawMs: (() => RawMs) | undefined;

  function known(pin: number): Account {
    return accountOf(state, pin);
  }

  /** Appends the entry that `payload` holds and only then believes it. */
  function record(kind: number, payloadBytes: number): void {
    appendEntry(core, kind, payloadBytes);
    core.entry.fill(0, PAYLOAD_AT + payloadBytes);
    applyEntry(state, bankBytes, kind, payload);
  }

  const room: Room = { state, bankBytes, pages: undefined, payload, record };

  /** Notes in the ledger, while the list of fixes is long, which of them pending samples need: mounting thins it alike. */
  function noteNeeded(): void {
    if (!pendingFromRawMs || state.fixes.length < state.fixesMax) return;
    const rawMs = pendingFromRawMs();
    if (rawMs <= state.keepFromRawMs) return;
    put48(payload, KEEP_AT.rawMs, Math.min(rawMs, state.lastRawMs));
    record(KEEP, KEEP_AT.bytes);
  }

  function fail(pin: number, rawMs: RawMs, keep: number, duplicated: number, cause: number | undefined): void {
    putFailure(payload, rawMs, keep, duplicated, cause || 0);
    payload.setUint8(PIN_AT, pin);
    record(FAIL, FAIL_AT.bytes);
  }

  return {
    session: () => state.session,
    lastRawMs: () => state.lastRawMs,
    fixes: () => lookAtFixes(state.fixes, room.pages),
    fixesLost: () => state.fixesLost,
    keepFor(oldestPending, pages) {
      pendingFromRawMs = oldestPending;
      room.pages = pages;
      if (!pages || core.archiveKnown) return;
      core.archiveKnown = true;
      enterArchive(state, pages, payload);
    },
    mapVersion: () => boundFixes(state, bankBytes),
    pins: () => Object.keys(state.accounts).map(Number),
    charges: () => state.charges,
    cursor(pin) {
      const pages = room.pages;
      return pin === FIXES_PIN && pages ? openArchive(pages).neededFrom(state.fixes) : known(pin).cursor;
    },
    lastTrueMs: (pin) => known(pin).lastTrueMs,
    mark: (pin) => ({
      trueMs: known(pin).lastTrueMs,
      session: known(pin).counts[LAST_SESSION],
      rawMs: known(pin).lastRawMs,
    }),
    mistakes(pin) {
      const a = known(pin);
      return {
        misdated: a.counts[MISDATED],
        duplicated: a.counts[DUPLICATED],
        fromTrueMs: a.wrong ? a.wrong.fromTrueMs : 0,
        toTrueMs: a.wrong ? a.wrong.toTrueMs : 0,
      };
    },
    attempt: (pin) => known(pin).attempt,
    troubles: (pin) => known(pin).counts.slice(REFUSALS),
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
      return state.deaths;
    },
    addFix(taken) {
      noteNeeded();
      moveFixes(room, taken.session);
      const fix = {
        id: state.lastFixId + 1,
        session: taken.session,
        rawMs: Math.round(taken.rawMs),
        trueMs: Math.round(taken.trueMs),
        boundMs: Math.min(Math.ceil(taken.boundMs), UINT32_MAX),
        kind: taken.kind,
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
      foldPins(room, attempt.pin);
      putAttempt(payload, attempt);
      record(ATTEMPT, ATTEMPT_AT.bytes);
    },
    settle(pin, rawMs, settlement) {
      const open = known(pin).attempt;
      if (!open) return;
      putSettlement(payload, open, rawMs, settlement);
      record(SENT, SENT_AT.bytes);
    },
    fail: (pin, rawMs, keep, cause) => fail(pin, rawMs, keep ? 1 : 0, 0, cause),
    abandon: (pin, rawMs, duplicated, cause) => fail(pin, rawMs, 0, duplicated, cause),
    correct(pin, mark, wrong) {
      payload.setUint8(PIN_AT, pin);
      put48(payload, CORRECT_AT.lastTrueMs, mark.trueMs);
      payload.setUint32(CORRECT_AT.lastSession, mark.session, true);
      put48(payload, CORRECT_AT.lastRawMs, mark.rawMs);
      put48(payload, CORRECT_AT.fromTrueMs, wrong.fromTrueMs);
      put48(payload, CORRECT_AT.toTrueMs, wrong.toTrueMs);
      payload.setUint32(CORRECT_AT.points, wrong.points, true);
      record(CORRECT, CORRECT_AT.bytes);
    },
    drop(pin, reason, to, count) {
      if (!isAhead(to, known(pin).cursor)) return;
      foldPins(room, pin);
      payload.setUint8(PIN_AT, pin);
      payload.setUint8(DROP_AT.reason, COUNTERS.indexOf(reason));
      put48(payload, DROP_AT.to, to);
      payload.setUint32(DROP_AT.count, count, true);
      record(DROP, DROP_AT.bytes);
    },
    retire(pin, missed, failed) {
      foldPins(room, pin);
      payload.setUint8(PIN_AT, pin);
      payload.setUint32(RETIRE_AT.missed, Math.max(missed, known(pin).missed), true);
      payload.setUint32(RETIRE_AT.failed, Math.max(failed, known(pin).failed), true);
      record(RETIRE, RETIRE_AT.bytes);
    },
  };
}
