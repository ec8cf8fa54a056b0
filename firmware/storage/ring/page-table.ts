import type { FlashRegion } from "../../platform/ports.ts";
import { CRC_RESIDUE } from "../format/crc.ts";
import {
  encodeHeader,
  FIRST_MAGIC,
  FIXES_PIN,
  HEADER_AT,
  HEADER_BYTES,
  headerKind,
  mendHeader,
  PAGE_MAGIC,
  type Page,
} from "../format/page.ts";
import { sequenceOf } from "../format/position.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { eraseVerified, program, readSteady } from "../proven-flash.ts";

/** In the table of sequences: nothing of ours, a page of another format version, a page that no longer erases. */
export const NONE = 0;
export const KEPT = 0xffffffff;
export const BAD = 0xfffffffe;

/** What is known of a page's bytes since the start: not looked at, as written, one bit mended, beyond mending. */
export const UNCHECKED = 0;
export const WHOLE = 1;
export const MENDED = 2;
export const DECAYED = 3;

/** Which page belongs to whom: plain data. Sequences are compared as 32-bit serial numbers. */
export interface PageTable {
  /** By page: its sequence; NONE when it holds nothing of ours, from BAD on when it must not be used. */
  sequences: Uint32Array;
  /** By page: its pin, or `FIXES_PIN`. A page that was forgotten keeps it. */
  owners: Uint16Array;
  /** By page: UNCHECKED, WHOLE, MENDED or DECAYED. */
  checks: Uint8Array;
  /** By pin: its newest page. Asked for at every status and choice, where a search through hundreds of pages would take long. */
  newestOf: { [pin: number]: number };
  lastSequence: number;
}

/**
 * Reads every header once, and returns the pages that need a closer look: those that hold anything but a header of ours, and
 * at the end the newest page. It stands alone, with everything it needs close by: a large region has hundreds of pages.
 */
function readHeaders(
  region: FlashRegion,
  sequences: Uint32Array,
  pins: Uint16Array,
  newestOf: { [pin: number]: number },
): number[] {
  const flash = region.flash;
  const crc32 = region.crc32;
  const headerBytes = HEADER_BYTES;
  const residue = CRC_RESIDUE;
  const magics = [PAGE_MAGIC, FIRST_MAGIC];
  const pageBytes = region.pageBytes;
  const pages = region.pages;
  const unclear: number[] = [];
  let newest = -1;
  let address = region.address;
  for (let i = 0; i < pages; i++) {
    const bytes = flash.read(headerBytes, address);
    // Asked twice: one misread must not make a page blank.
    if (bytes[0] === 255 && flash.read(1, address)[0] === 255) {
      address += pageBytes;
      continue;
    }
    address += pageBytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (crc32(bytes) !== residue || magics.indexOf(view.getUint32(HEADER_AT.magic, true)) < 0) {
      unclear.push(i);
      continue;
    }
    const sequence = view.getUint32(HEADER_AT.sequence, true);
    if (newest < 0 || ((sequence - sequences[newest]) | 0) > 0) newest = i;
    const pin = bytes[HEADER_AT.pin];
    const last = newestOf[pin];
    if (last === undefined || ((sequence - sequences[last]) | 0) > 0) newestOf[pin] = i;
    sequences[i] = sequence;
    pins[i] = pin;
  }
  if (newest >= 0) unclear.push(newest);
  return unclear;
}

/** Whether a page with this sequence holds samples or fixes of ours. */
function isOurs(sequence: number): boolean {
  return sequence !== NONE && sequence < BAD;
}

/** Looks for the newest page of a pin anew. */
function findNewest(state: PageTable, pin: number): void {
  const sequences = state.sequences;
  const owners = state.owners;
  let last = -1;
  for (let i = 0; i < sequences.length; i++) {
    if (owners[i] !== pin || !isOurs(sequences[i])) continue;
    if (last < 0 || ((sequences[i] - sequences[last]) | 0) > 0) last = i;
  }
  if (last < 0) delete state.newestOf[pin];
  else state.newestOf[pin] = last;
}

/** Reads the header of every page of the region, and unstable ones again. */
export function mountPageTable(region: FlashRegion, ledger: Ledger): PageTable {
  const crc32 = region.crc32;
  const pages = region.pages;
  const sequences = new Uint32Array(pages);
  const pins = new Uint16Array(pages);
  const state: PageTable = {
    sequences: sequences,
    owners: pins,
    checks: new Uint8Array(pages),
    newestOf: {},
    lastSequence: 0,
  };

  /** Enters what the header says, and returns whether it said anything. */
  function enter(index: number, bytes: Uint8Array): boolean {
    const kind = headerKind(crc32, bytes);
    sequences[index] = NONE;
    if (kind === "none") return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const sequence = view.getUint32(HEADER_AT.sequence, true);
    sequences[index] = kind === "foreign" ? KEPT : sequence;
    pins[index] = kind === "fixes" ? FIXES_PIN : bytes[HEADER_AT.pin];
    return true;
  }

  function noteSequence(sequence: number): void {
    if (sequence !== NONE && (state.lastSequence === NONE || ((sequence - state.lastSequence) | 0) > 0))
      state.lastSequence = sequence;
  }

  // A header that a cut left half written may read either way for a while: what counts is the answer it settles on.
  const unclear = readHeaders(region, sequences, pins, state.newestOf);
  let lost = 0;
  for (let i = 0; i < unclear.length; i++) {
    const index = unclear[i];
    const sequence = sequences[index];
    const pin = pins[index];
    noteSequence(sequence);
    const header = readSteady(region, HEADER_BYTES, region.address + index * region.pageBytes);
    mendHeader(crc32, header);
    enter(index, header);
    if (isOurs(sequences[index])) noteSequence(sequences[index]);
    else lost++;
    if (sequences[index] === sequence && pins[index] === pin) continue;
    findNewest(state, pin);
    findNewest(state, pins[index]);
  }
  // Any of those that are no pages any more may have been the newest.
  if (state.lastSequence !== NONE) state.lastSequence = (state.lastSequence + lost) >>> 0;
  // A cursor must never be ahead of pages to come, even when its own pages are gone.
  const accounts = ledger.told.accounts;
  for (const pin in accounts) {
    const sequence = sequenceOf(accounts[pin].cursor);
    if (sequence > 0) noteSequence(sequence);
  }

  return state;
}

/** Pages with such a sequence: `KEPT` or `BAD`. */
export function countPages(table: PageTable, sequence: number): number {
  const sequences = table.sequences;
  let sum = 0;
  for (let i = 0; i < sequences.length; i++) if (sequences[i] === sequence) sum++;
  return sum;
}

/** Pins with pages of samples. */
export function pinsOf(storage: { ring: { table: PageTable } }): number[] {
  const all = Object.keys(storage.ring.table.newestOf).map(Number);
  const fixesAt = all.indexOf(FIXES_PIN);
  if (fixesAt >= 0) all.splice(fixesAt, 1);
  return all;
}

/** First page of a pin with a sequence not before `sequence` (0 = any), or -1. */
export function pageFrom(table: PageTable, pin: number, sequence: number): number {
  const sequences = table.sequences;
  const owners = table.owners;
  let first = -1;
  for (let i = 0; i < sequences.length; i++) {
    if (owners[i] !== pin || !isOurs(sequences[i])) continue;
    if (sequence > 0 && ((sequences[i] - sequence) | 0) < 0) continue;
    if (first < 0 || ((sequences[i] - sequences[first]) | 0) < 0) first = i;
  }
  return first;
}

/** The newest page of a pin, or -1. */
export function newestPage(table: PageTable, pin: number): number {
  return table.newestOf[pin] ?? -1;
}

/** The page's header is beyond mending. */
export function forgetPage(table: PageTable, index: number): void {
  table.sequences[index] = NONE;
  findNewest(table, table.owners[index]);
}

/** Erases page `index` and makes it `page`, with the next sequence. False when its flash is bad. */
export function takePage(region: FlashRegion, table: PageTable, index: number, page: Page): boolean {
  "on demand";
  const crc32 = region.crc32;
  const sequences = table.sequences;
  const pins = table.owners;
  const address = region.address + index * region.pageBytes;
  const header = region.flash.read(HEADER_BYTES, address);
  mendHeader(crc32, header);
  if (headerKind(crc32, header) !== "none") {
    // Spoiled first: an erase cut short can leave a whole header over what is left of the words.
    region.flash.write(new Uint8Array(4), address + HEADER_AT.crc);
  }
  sequences[index] = BAD;
  table.checks[index] = UNCHECKED;
  // It may have been the last of a pin that was removed.
  if (table.newestOf[pins[index]] === index) findNewest(table, pins[index]);
  do table.lastSequence = (table.lastSequence + 1) >>> 0;
  while (table.lastSequence === NONE || table.lastSequence >= BAD);
  page.index = index;
  page.address = address;
  page.sequence = table.lastSequence;
  if (!eraseVerified(region, address)) return false;
  if (!program(region, encodeHeader(crc32, page), address)) return false;
  sequences[index] = page.sequence;
  pins[index] = page.pin;
  table.newestOf[page.pin] = index;
  return true;
}
