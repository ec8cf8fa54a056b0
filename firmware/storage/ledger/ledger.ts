import { LIMITS } from "../../limits.ts";
import type { FlashRegion } from "../../platform/ports.ts";
import { get48, put48 } from "../format/int48.ts";
import { ENTRY_MAX, openLog, PAYLOAD_AT } from "./banks.ts";
import { mergeCharges, type PinCharge } from "./charges.ts";
import {
  ACCOUNT,
  ATTEMPT,
  BOOT,
  CHARGE,
  DROP,
  FAIL,
  FIX,
  getAttempt,
  getFix,
  OPEN_ATTEMPT,
  putAttempt,
  putFix,
  RETIRE,
  SENT,
  STATE,
  UNFIX,
} from "./entries.ts";
import { thinFixes } from "./fixes.ts";
import type { Attempt, Counters, DropReason, Fix, Ledger } from "./ledger-types.ts";

export type {
  Attempt,
  Charge,
  Counters,
  DropReason,
  Fix,
  Ledger,
  Settlement,
} from "./ledger-types.ts";

/** Bounds of the two lists, and of both in a bank of less than 2 kB. Open attempts may hold one sync point more each. */
const FIXES_MAX = 16;
const CHARGES_MAX = 24;
const FIXES_SMALL = 6;

/** Order of the counters in an ACCOUNT entry, and of the reasons in a DROP. */
const COUNTERS = [
  "delivered",
  "expired",
  "overwritten",
  "thinned",
  "undatable",
  "refused",
  "unrepresentable",
  "corrupt",
];

/** What the ledger knows of one pin. */
interface Account {
  cursor: number;
  lastTrueMs: number;
  counts: number[];
  missed: number;
  failed: number;
  attempt: Attempt | undefined;
}

/** True when position `a` lies ahead of `b`. Page sequences are 32 bits and may wrap; 0 is behind everything. */
export function isAhead(a: number, b: number): boolean {
  if (b === 0 || a === Number.POSITIVE_INFINITY) return a > b;
  const pages = (Math.floor(a / 4096) - Math.floor(b / 4096)) | 0;
  return pages > 0 || (pages === 0 && a % 4096 > b % 4096);
}

/** Streams whose snapshot, with all lists full, fits a bank beside one more entry. */
export function ledgerPinsMax(bankBytes: number): number {
  const fixes = bankBytes < 2048 ? FIXES_SMALL : FIXES_MAX;
  const charges = bankBytes < 2048 ? FIXES_SMALL : CHARGES_MAX;
  // Bank header, STATE, FIX and CHARGE, room for two more entries; then of each pin ACCOUNT, OPEN_ATTEMPT, RETIRE and a FIX that is held.
  return Math.floor((bankBytes - 16 - 24 - fixes * 36 - charges * 24 - 2 * ENTRY_MAX) / (56 + 56 + 20 + 36));
}

/** The ledger on the first 2 × `bankPages` pages of the region: what the server was told, and what it may still be told. */
export function openLedger(region: FlashRegion, bankPages: number): Ledger {
  const small = bankPages * region.pageBytes < 2048;
  const entry = new Uint8Array(ENTRY_MAX);
  const out = new DataView(entry.buffer, PAYLOAD_AT);
  const accounts: { [pin: number]: Account } = {};
  const fixes: Fix[] = [];
  const charges: PinCharge[] = [];
  let session = 0;
  let lastRawMs = 0;
  let lastFixId = 0;

  function openAccount(): Account {
    return { cursor: 0, lastTrueMs: 0, counts: [0, 0, 0, 0, 0, 0, 0, 0], missed: 0, failed: 0, attempt: undefined };
  }

  const nobody = openAccount();

  /** For looking; `account` is for changing. */
  function known(pin: number): Account {
    return accounts[pin] || nobody;
  }

  function account(pin: number): Account {
    if (!accounts[pin]) accounts[pin] = openAccount();
    return accounts[pin];
  }

  function pinsKnown(): number[] {
    return Object.keys(accounts).map(Number);
  }

  /** The outcome of a pin's request (of every pin's, for -1) is known, or given up on: its charges age from now. */
  function stampCharges(pin: number, rawMs: number): void {
    for (let i = 0; i < charges.length; i++) {
      if (!charges[i].open || (pin >= 0 && charges[i].pin !== pin)) continue;
      charges[i].open = false;
      charges[i].rawMs = Math.max(rawMs, charges[i].rawMs);
    }
  }

  function advance(pin: number, to: number, counts: number[]): void {
    const a = account(pin);
    if (!isAhead(to, a.cursor)) return;
    a.cursor = to;
    for (let i = 0; i < counts.length; i++) a.counts[i] += counts[i];
  }

  /**
   * Thins what no open attempt holds, until the list is within its bound or only the newest point is left of that. Returns the
   * version for a new attempt. That is the newest as long as the list is no longer than by one point for each open attempt,
   * and then theirs: so each pin can hold one point more at most, however attempts and fixes follow on each other.
   * To be called whenever the list grows or an attempt is closed, so that it never changes when something is dated.
   */
  function boundFixes(): number {
    const most = small ? FIXES_SMALL : FIXES_MAX;
    if (fixes.length <= most) return lastFixId;
    let frozenId = 0;
    let open = 0;
    for (const pin in accounts) {
      const attempt = accounts[pin].attempt;
      if (!attempt) continue;
      open++;
      frozenId = Math.max(frozenId, attempt.fixId);
    }
    let length = fixes.length + 1;
    while (fixes.length < length && fixes.length > most) {
      length = fixes.length;
      thinFixes(fixes, frozenId);
    }
    return fixes.length > most + open ? frozenId : lastFixId;
  }

  function applyFix(payload: DataView): void {
    const point = getFix(payload);
    fixes.push(point);
    lastFixId = Math.max(lastFixId, point.id);
    // Should the BOOT entry decay, no session number may come twice.
    if (((point.session - session) | 0) > 0) session = point.session;
    boundFixes();
  }

  function applyAttempt(payload: DataView, charged: boolean): void {
    const pin = payload.getUint8(0);
    const attempt = getAttempt(payload);
    account(pin).attempt = attempt;
    if (!charged) return;
    charges.push({ rawMs: attempt.rawMs, points: attempt.points, requests: 1, open: true, pin: pin });
    if (charges.length > (small ? FIXES_SMALL : CHARGES_MAX)) mergeCharges(charges);
  }

  /** The one place where state changes: what a live call does is what mounting reads. */
  function apply(kind: number, frame: DataView): void {
    const payload = new DataView(frame.buffer, frame.byteOffset + PAYLOAD_AT);
    const pin = payload.getUint8(0);
    if (kind === FIX) applyFix(payload);
    else if (kind === ATTEMPT || kind === OPEN_ATTEMPT) applyAttempt(payload, kind === ATTEMPT);
    else if (kind === UNFIX) {
      const at = fixes.findIndex((point) => point.id === payload.getUint32(0, true));
      if (at >= 0) fixes.splice(at, 1);
    } else if (kind === SENT || kind === FAIL) {
      const rawMs = get48(payload, 2);
      stampCharges(pin, rawMs);
      lastRawMs = Math.max(lastRawMs, rawMs);
      if (kind === FAIL && payload.getUint8(1) === 1) return;
      account(pin).attempt = undefined;
      boundFixes();
      if (kind === FAIL) return;
      const trueMs = get48(payload, 34);
      account(pin).lastTrueMs = Math.max(account(pin).lastTrueMs, trueMs);
      const counts = [8, 0, 0, 12, 16, 0, 20, 24].map((at) => (at ? payload.getUint32(at, true) : 0));
      advance(pin, get48(payload, 28), counts);
    } else if (kind === DROP) {
      const to = get48(payload, 2);
      const counts = [0, 0, 0, 0, 0, 0, 0, 0];
      counts[payload.getUint8(1)] = payload.getUint32(8, true);
      advance(pin, to, counts);
      const open = account(pin).attempt;
      if (open && isAhead(to, open.from)) account(pin).attempt = undefined;
      boundFixes();
    } else applyState(kind, payload);
    if (kind === FIX) lastRawMs = Math.max(lastRawMs, get48(payload, 8));
    if (kind === ATTEMPT) lastRawMs = Math.max(lastRawMs, get48(payload, 19));
  }

  function applyState(kind: number, payload: DataView): void {
    const pin = payload.getUint8(0);
    if (kind === BOOT || kind === STATE) {
      session = payload.getUint32(0, true);
      const rawMs = get48(payload, 4);
      lastRawMs = Math.max(lastRawMs, rawMs);
      if (kind === BOOT) stampCharges(-1, rawMs);
      else lastFixId = payload.getUint32(10, true);
    } else if (kind === ACCOUNT) {
      const a = account(pin);
      a.cursor = get48(payload, 1);
      a.lastTrueMs = get48(payload, 7);
      a.counts = COUNTERS.map((_, i) => payload.getUint32(13 + 4 * i, true));
    } else if (kind === RETIRE) {
      account(pin).missed = payload.getUint32(1, true);
      account(pin).failed = payload.getUint32(5, true);
    } else if (kind === CHARGE) {
      charges.push({
        rawMs: get48(payload, 1),
        points: payload.getUint32(7, true),
        requests: payload.getUint16(11, true),
        open: payload.getUint8(13) === 1,
        pin: pin,
      });
    }
  }

  /** Appends the entry that `out` holds and only then believes it. */
  function record(kind: number, payloadBytes: number): void {
    log.append(kind, payloadBytes);
    apply(kind, frame);
  }

  function putState(rawMs: number): void {
    out.setUint32(0, session, true);
    put48(out, 4, rawMs);
    out.setUint32(10, lastFixId, true);
  }

  /** Everything that still matters, as entries. Charges that the window has passed are forgotten here. */
  function snapshot(): void {
    putState(lastRawMs);
    log.append(STATE, 14);
    pinsKnown().forEach((pin) => {
      const a = accounts[pin];
      out.setUint8(0, pin);
      put48(out, 1, a.cursor);
      put48(out, 7, a.lastTrueMs);
      for (let i = 0; i < 8; i++) out.setUint32(13 + 4 * i, a.counts[i], true);
      log.append(ACCOUNT, 45);
      out.setUint32(1, a.missed, true);
      out.setUint32(5, a.failed, true);
      if (a.missed + a.failed > 0) log.append(RETIRE, 9);
      if (!a.attempt) return;
      putAttempt(out, a.attempt);
      log.append(OPEN_ATTEMPT, 43);
    });
    for (let i = 0; i < fixes.length; i++) {
      putFix(out, fixes[i]);
      log.append(FIX, 24);
    }
    for (let i = charges.length - 1; i >= 0; i--) {
      if (!charges[i].open && lastRawMs - charges[i].rawMs > LIMITS.quotaWindowMs) charges.splice(i, 1);
    }
    for (let i = 0; i < charges.length; i++) {
      out.setUint8(0, charges[i].pin);
      put48(out, 1, charges[i].rawMs);
      out.setUint32(7, charges[i].points, true);
      out.setUint16(11, charges[i].requests, true);
      out.setUint8(13, charges[i].open ? 1 : 0);
      log.append(CHARGE, 14);
    }
  }

  const log = openLog(region, bankPages, entry, apply, snapshot);
  const frame = new DataView(entry.buffer);

  return {
    session: () => session,
    lastRawMs: () => lastRawMs,
    fixes: () => fixes,
    mapVersion: boundFixes,
    pins: pinsKnown,
    charges: () => charges,
    cursor: (pin) => known(pin).cursor,
    lastTrueMs: (pin) => known(pin).lastTrueMs,
    attempt: (pin) => known(pin).attempt,
    retired: (pin) => ({ missed: known(pin).missed, failed: known(pin).failed }),
    settled(pin) {
      let sum = 0;
      for (let i = 0; i < 8; i++) sum += known(pin).counts[i];
      return sum;
    },
    counters(pin) {
      const counters: { [name: string]: number } = {};
      for (let i = 0; i < 8; i++) counters[COUNTERS[i]] = known(pin).counts[i];
      return counters as unknown as Counters;
    },
    boot(newSession, rawMs) {
      out.setUint32(0, newSession, true);
      put48(out, 4, rawMs);
      record(BOOT, 10);
    },
    addFix(atSession, rawMs, trueMs, boundMs) {
      const point = {
        id: lastFixId + 1,
        session: atSession,
        rawMs: Math.round(rawMs),
        trueMs: Math.round(trueMs),
        boundMs: Math.min(Math.ceil(boundMs), 4294967295),
      };
      putFix(out, point);
      record(FIX, 24);
      return point;
    },
    removeFix(id) {
      out.setUint32(0, id, true);
      record(UNFIX, 4);
    },
    recordAttempt(attempt) {
      putAttempt(out, attempt);
      record(ATTEMPT, 43);
    },
    settle(pin, rawMs, settlement) {
      const open = known(pin).attempt;
      if (!open) return;
      out.setUint8(0, pin);
      put48(out, 2, rawMs);
      out.setUint32(8, settlement.delivered, true);
      out.setUint32(12, settlement.thinned, true);
      out.setUint32(16, settlement.undatable, true);
      out.setUint32(20, settlement.unrepresentable, true);
      out.setUint32(24, settlement.corrupt, true);
      put48(out, 28, open.to);
      put48(out, 34, settlement.lastTrueMs);
      record(SENT, 40);
    },
    fail(pin, rawMs, keep) {
      out.setUint8(0, pin);
      out.setUint8(1, keep ? 1 : 0);
      put48(out, 2, rawMs);
      record(FAIL, 8);
    },
    drop(pin, reason: DropReason, to, count) {
      if (!isAhead(to, known(pin).cursor)) return;
      out.setUint8(0, pin);
      out.setUint8(1, COUNTERS.indexOf(reason));
      put48(out, 2, to);
      out.setUint32(8, count, true);
      record(DROP, 12);
    },
    retire(pin, missed, failed) {
      out.setUint8(0, pin);
      out.setUint32(1, missed, true);
      out.setUint32(5, failed, true);
      record(RETIRE, 9);
    },
  };
}
