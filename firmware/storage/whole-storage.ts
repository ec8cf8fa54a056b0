/** The storage as objects with methods, for tools and tests: they have memory enough for all of it at once. */
import type { FlashRegion } from "../platform/ports.ts";
import { createAppender } from "./appender.ts";
import type { Position } from "./format/position.ts";
import type { LedgerPages } from "./ledger/archive.ts";
import { fixAt } from "./ledger/fix-rows.ts";
import { type Ledger, openLedger } from "./ledger/ledger.ts";
import type { Attempt, DropReason, Fix, Mark, Settlement } from "./ledger/ledger-types.ts";
import {
  accountPins,
  archivedAround,
  countersOf,
  mapVersionOf,
  markOf,
  mistakesOf,
  settledOf,
  troublesOf,
} from "./ledger/reading.ts";
import { enterArchive } from "./ledger/room.ts";
import { accountOf } from "./ledger/state.ts";
import {
  abandonAttempt,
  addFix,
  correctMark,
  dropSamples,
  failAttempt,
  recordAttempt,
  recordBoot,
  removeFix,
  retireReadings,
  settleAttempt,
} from "./ledger/writing.ts";
import { mountStorage, mountWithBanks } from "./mount-storage.ts";
import { countBetween, decimalsAt, endAfter, intervalMsAt, totalsOf } from "./ring/extent.ts";
import { fillOf } from "./ring/fill.ts";
import { headOf } from "./ring/head.ts";
import { lastRawMs, lastSession } from "./ring/last-sample.ts";
import { openLedgerPages } from "./ring/ledger-pages.ts";
import { priorityOf } from "./ring/open-page.ts";
import { pinsOf } from "./ring/page-table.ts";
import { openReader } from "./ring/reader.ts";
import { pageToScrub, type Storage, type StreamSettings, startRing } from "./ring/ring.ts";
import { scrubPage } from "./ring/scrub.ts";

export type WholeLedger = ReturnType<typeof wholeLedger>;
export type WholeRing = ReturnType<typeof wholeRing>;

export interface WholeStorage {
  data: Storage;
  ledger: WholeLedger;
  ring: WholeRing;
}

/** Mounts a region as `mountStorage` does. */
export function openStorage(region: FlashRegion, streams: StreamSettings[]): WholeStorage {
  return wholeStorage(mountStorage(region, streams));
}

/** `openStorage` without its check, on banks of any number of pages: tests with tiny pages wrap both soon. */
export function openStorageWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): WholeStorage {
  return wholeStorage(mountWithBanks(region, streams, bankPages));
}

function wholeStorage(storage: Storage): WholeStorage {
  storage.ledger.openPages = () => openLedgerPages(storage);
  enterArchive(storage.ledger);
  return { data: storage, ledger: wholeLedger(storage.ledger), ring: wholeRing(storage) };
}

/** The ledger on the first 2 × `bankPages` pages of a region, without a ring. */
export function openWholeLedger(region: FlashRegion, bankPages: number): WholeLedger {
  return wholeLedger(openLedger(region, bankPages));
}

/** Each method is the function of that name, or of a like one, in ledger/. */
export function wholeLedger(ledger: Ledger) {
  const told = ledger.told;
  const fixes = told.fixes;
  return {
    data: ledger,
    session: () => told.session,
    /** Highest raw time any entry mentions. */
    lastRawMs: () => told.lastRawMs,
    boot: (session: number, rawMs: number) => recordBoot(ledger, session, rawMs),
    /** Oldest first; a bounded list. The fixes up to the version of an open attempt stay as they are. */
    fixes: () => ({
      length: fixes.length,
      at: (index: number) => fixAt(fixes, index),
      around: (rawMs: number) => archivedAround(ledger, rawMs),
      pages: ledger.openPages ? ledger.openPages() : undefined,
    }),
    /** Says what the raw time of the oldest pending sample is, where there is no ring to ask. */
    keepFor(pendingFromRawMs: () => number) {
      ledger.openPages = () => ({ pendingFromRawMs, pagesMax: -Infinity }) as unknown as LedgerPages;
    },
    fixesLost: () => told.fixesLost,
    mapVersion: () => mapVersionOf(ledger),
    addFix: (fix: Omit<Fix, "id">) => addFix(ledger, fix),
    removeFix: (id: number) => removeFix(ledger, id),
    pins: () => accountPins(ledger),
    cursor: (pin: number) => accountOf(ledger, pin).cursor,
    lastTrueMs: (pin: number) => accountOf(ledger, pin).lastTrueMs,
    mark: (pin: number) => markOf(ledger, pin),
    mistakes: (pin: number) => mistakesOf(ledger, pin),
    counters: (pin: number) => countersOf(ledger, pin),
    settled: (pin: number) => settledOf(ledger, pin),
    retired(pin: number) {
      const account = accountOf(ledger, pin);
      return { missed: account.missed, failed: account.failed };
    },
    attempt: (pin: number) => accountOf(ledger, pin).attempt,
    troubles: (pin: number) => troublesOf(ledger, pin),
    charges: () => told.charges,
    recordAttempt: (attempt: Attempt) => recordAttempt(ledger, attempt),
    settle: (pin: number, rawMs: number, settlement: Settlement) => settleAttempt(ledger, pin, rawMs, settlement),
    fail: (pin: number, rawMs: number, keep: boolean, cause?: number) => failAttempt(ledger, pin, rawMs, keep, cause),
    abandon: (pin: number, rawMs: number, duplicated: number, cause?: number) =>
      abandonAttempt(ledger, pin, rawMs, duplicated, cause),
    correct: (pin: number, mark: Mark, wrong: { fromTrueMs: number; toTrueMs: number; points: number }) =>
      correctMark(ledger, pin, mark, wrong),
    drop: (pin: number, reason: DropReason, to: Position, count: number) => dropSamples(ledger, pin, reason, to, count),
    retire: (pin: number, missed: number, failed: number) => retireReadings(ledger, pin, missed, failed),
  };
}

/** Each method is the function of that name, or of a like one, in ring/ and in appender.ts. */
function wholeRing(storage: Storage) {
  const ring = storage.ring;
  return Object.assign(createAppender(storage), {
    lastRawMs: () => lastRawMs(storage),
    lastSession: () => lastSession(storage),
    start: (session: number) => startRing(ring, session),
    totals: (pin: number) => totalsOf(storage, pin),
    /** Pins that own pages, configured or not. */
    pins: () => pinsOf(storage),
    priority: (pin: number) => priorityOf(storage, pin),
    decimals: (pin: number, position: Position) => decimalsAt(storage, pin, position),
    intervalMs: (pin: number, position: Position) => intervalMsAt(storage, pin, position),
    head: (pin: number) => headOf(storage, pin),
    reader: (pin: number, from: Position, to: Position) => openReader(storage, pin, from, to),
    count: (pin: number, from: Position, to: Position) => countBetween(storage, pin, from, to),
    end: (pin: number, from: Position, points: number) => endAfter(storage, pin, from, points),
    fill: () => fillOf(storage),
    scrub() {
      const page = pageToScrub(ring);
      if (page >= 0) scrubPage(storage, page);
    },
  });
}
