/**
 * The fixes that pending samples need and that the ledger's bank has no room for. They lie in pages of the ring, oldest first
 * over all of them (FORMAT.md, "Page of fixes"):
 *
 *     page   0 header | 48 blank | 64 slots of 32 bytes
 *     slot   0 fix | 25 zero | 28 CRC
 *
 * A fix is written here before the bank forgets it, so a cut leaves it in one place or in both. Nothing is changed afterwards: a
 * page is free as soon as no pending sample needs a fix of it.
 */
import type { FlashRegion } from "../../platform/ports.ts";
import { CRC_RESIDUE } from "../format/crc.ts";
import { get48 } from "../format/int48.ts";
import { mendOneBit } from "../format/mend.ts";
import { createPage, FIXES_PIN, HEADER_AT, HEADER_BYTES, type Page, startPage } from "../format/page.ts";
import { isAhead, type Position, positionOf } from "../format/position.ts";
import type { RawMs } from "../format/times.ts";
import { isSteadilyBlank, program, readSteady } from "../proven-flash.ts";
import { getFix } from "./entries.ts";
import { type FixTable, fixAt } from "./fix-rows.ts";
import type { Fix } from "./ledger-types.ts";

export const SLOTS_AT = 64;
export const SLOT_BYTES = 32;
export const SLOT_AT = { fix: 0, zero: 25, crc: 28 };

/** Fixes that a look returns at most, later and earlier than the moment asked for. */
const LATER_MAX = 3;
const EARLIER_MAX = 4;
/** Slots that it reads for each side at most, where some can't be read. */
const SLOTS_READ_MAX = 12;

/** What a pin is: it has no samples and is in no device file; it has some that wait; it is in the device file. */
export const PIN_GONE = 0;
export const PIN_DRAINS = 1;
export const PIN_CONFIGURED = 2;

/** What the ledger needs of the ring. Pages are named by their index. */
export interface LedgerPages {
  region: FlashRegion;
  /** By page. */
  sequences: Uint32Array;
  /** First page of `pin` with a sequence not before `sequence` (0 = any), or -1. */
  pageFrom(pin: number, sequence: number): number;
  /** Erases a free page and writes the header of `page` to it. False when there is none to be had. */
  take(page: Page): boolean;
  /** Pages that may hold needed fixes at once. -Infinity: there are no pages at all, so no archive, and no account is folded. */
  pagesMax: number;
  /** Raw time of the oldest pending sample of all datastreams; 0 when it can't be read, Infinity when nothing is pending. */
  pendingFromRawMs(): RawMs;
  /**
   * Frees the pages of a pin that is in no device file and has nothing pending, for good: without an account it would drain once
   * more. Returns what the pin is now.
   */
  dismiss(pin: number): number;
}

export interface Archive {
  /** The newest fix in it; undefined when there is none. */
  last(): Fix | undefined;
  /** Adds a fix newer than all in it; `bytes` as in a FIX entry. False when there is no room for it, or the flash fails. */
  append(fix: Fix, bytes: Uint8Array, rows: FixTable): boolean;
  /** The fixes nearest to a raw time, newest first: a few after it and a few before it, in about 20 reads of the flash. */
  around(rawMs: RawMs): Fix[];
  /** The pages before this position are free, given the fixes that the bank has. */
  neededFrom(rows: FixTable): Position;
}

/** Made anew for each use, and let go after it: its functions take JsVars only while it lasts. Opening it reads nothing. */
export function openArchive(pages: LedgerPages): Archive {
  "on demand";
  const region = pages.region;
  const sequences = pages.sequences;
  const slots = Math.floor((region.pageBytes - SLOTS_AT) / SLOT_BYTES);
  /** The slot that was read last is blank. */
  let blank = false;

  function nextPage(index: number): number {
    return pages.pageFrom(FIXES_PIN, index < 0 ? 0 : (sequences[index] + 1) >>> 0);
  }

  function addressOf(index: number): number {
    return region.address + index * region.pageBytes;
  }

  /** `count` bytes that end with their CRC. If it is wrong they are read again, and a bit is turned back, if that helps. */
  function readWhole(count: number, address: number): DataView | undefined {
    let bytes = region.flash.read(count, address);
    blank = false;
    if (region.crc32(bytes) !== CRC_RESIDUE) {
      blank = bytes.every((byte) => byte === 255);
      if (blank) return undefined;
      bytes = readSteady(region, count, address);
      if (region.crc32(bytes) !== CRC_RESIDUE && mendOneBit(region.crc32, bytes) < 0) return undefined;
    }
    return new DataView(bytes.buffer, bytes.byteOffset);
  }

  function readSlot(index: number, slot: number): Fix | undefined {
    const view = readWhole(SLOT_BYTES, addressOf(index) + SLOTS_AT + slot * SLOT_BYTES);
    return view ? getFix(view, SLOT_AT.fix) : undefined;
  }

  /** Raw time of the first fix of a page; -1 when its header can't be read. */
  function firstRawMs(index: number): RawMs {
    const view = readWhole(HEADER_BYTES, addressOf(index));
    return view ? get48(view, HEADER_AT.baseRawMs) : -1;
  }

  /** How many slots of a page hold fixes up to `rawMs`. Those that can't be read are counted as their neighbours are. */
  function slotsUpTo(index: number, rawMs: RawMs): number {
    let low = 0;
    for (let high = slots; low < high; ) {
      const middle = (low + high) >> 1;
      let slot = middle;
      let fix = readSlot(index, slot);
      while (!fix && !blank && slot + 1 < high) fix = readSlot(index, ++slot);
      if (fix && fix.rawMs <= rawMs) low = slot + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds the fixes of a page to `found`, from `slot` on in steps of 1 or -1, until it has `length` of them. */
  function collect(found: Fix[], length: number, index: number, slot: number, step: number): void {
    for (let reads = 0; found.length < length && reads < SLOTS_READ_MAX; reads++) {
      if (slot < 0 || slot >= slots) return;
      const fix = readSlot(index, slot);
      if (fix) found.push(fix);
      else if (blank) return;
      slot += step;
    }
  }

  function last(): Fix | undefined {
    const found: Fix[] = [];
    // A cut may have left a page without a fix.
    for (let index = nextPage(-1); index >= 0; index = nextPage(index)) {
      const newest: Fix[] = [];
      collect(newest, 1, index, slotsUpTo(index, Infinity) - 1, -1);
      if (newest.length > 0) found[0] = newest[0];
    }
    return found[0];
  }

  function neededFrom(rows: FixTable): Position {
    const pendingMs = pages.pendingFromRawMs();
    let needed = -1;
    let newest = -1;
    // The last page that begins before the oldest pending sample has the last fix before it.
    for (let index = nextPage(-1); index >= 0; index = nextPage(index)) {
      if (firstRawMs(index) <= pendingMs) needed = index;
      newest = index;
    }
    if (needed < 0) return 0;
    const position = positionOf(sequences[needed], 0);
    if (needed === newest) {
      // Unless the bank has a later one.
      for (let i = rows.length - 1; i >= 0; i--) {
        const rawMs = fixAt(rows, i).rawMs;
        if (rawMs > rows.archivedMs && rawMs <= pendingMs) return position + slots;
      }
    }
    return position - 1;
  }

  return {
    last: last,
    neededFrom: neededFrom,
    append(fix, bytes, rows) {
      const slot = new Uint8Array(SLOT_BYTES);
      slot.set(bytes);
      const crc = region.crc32(new Uint8Array(slot.buffer, 0, SLOT_AT.crc));
      new DataView(slot.buffer).setUint32(SLOT_AT.crc, crc, true);
      let newest = -1;
      for (let index = nextPage(-1); index >= 0; index = nextPage(index)) newest = index;
      for (let at = newest < 0 ? slots : slotsUpTo(newest, Infinity); at < slots; at++) {
        const address = addressOf(newest) + SLOTS_AT + at * SLOT_BYTES;
        // What is torn is left as it is.
        if (isSteadilyBlank(region, SLOT_BYTES, address) && program(region, slot, address)) return true;
      }
      const from = neededFrom(rows);
      let used = 0;
      for (let index = nextPage(-1); index >= 0; index = nextPage(index)) {
        if (isAhead(positionOf(sequences[index], 0), from)) used++;
      }
      const page = createPage(FIXES_PIN, 0, 0, 0, region.pageBytes);
      startPage(page, fix.session, fix.rawMs, 0);
      if (used >= pages.pagesMax || !pages.take(page)) return false;
      return program(region, slot, page.address + SLOTS_AT);
    },
    around(rawMs) {
      let before = -1;
      let page = -1;
      let after = nextPage(-1);
      while (after >= 0 && firstRawMs(after) <= rawMs) {
        before = page;
        page = after;
        after = nextPage(after);
      }
      const found: Fix[] = [];
      const at = page < 0 ? 0 : slotsUpTo(page, rawMs);
      if (page >= 0) collect(found, LATER_MAX, page, at, 1);
      if (after >= 0) collect(found, LATER_MAX, after, 0, 1);
      found.reverse();
      const length = found.length + EARLIER_MAX;
      if (page >= 0) collect(found, length, page, at - 1, -1);
      if (before >= 0 && found.length < length) {
        collect(found, length, before, slotsUpTo(before, Infinity) - 1, -1);
      }
      return found;
    },
  };
}
