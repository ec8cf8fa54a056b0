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
import type { Ledger } from "../ledger/ledger-types.ts";
import { eraseVerified, program, readSteady } from "../proven-flash.ts";

/** In the table of sequences: nothing of ours, a page of another format version, a page that no longer erases. */
export const NONE = 0;
const KEPT = 0xffffffff;
export const BAD = 0xfffffffe;

/** What is known of a page's bytes since the start: not looked at, as written, one bit mended, beyond mending. */
export const UNCHECKED = 0;
export const WHOLE = 1;
export const MENDED = 2;
export const DECAYED = 3;

/** Which page belongs to whom: plain data. Sequences are compared as 32-bit serial numbers. */
export interface TableState {
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

/** What works with it. */
export interface PageTable extends Pick<TableState, "sequences" | "owners" | "checks"> {
  kept(): number;
  bad(): number;
  /** Pins with pages of samples. */
  pins(): number[];
  /** First page of a pin with a sequence not before `sequence` (0 = any), or -1. */
  pageFrom(pin: number, sequence: number): number;
  newest(pin: number): number;
  /** The page's header is beyond mending. */
  forget(index: number): void;
  /** Erases page `index` and makes it `page`, with the next sequence. False when its flash is bad. */
  take(index: number, page: Page): boolean;
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
function findNewest(state: TableState, pin: number): void {
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
export function mountPageTable(region: FlashRegion, ledger: Pick<Ledger, "pins" | "cursor">): TableState {
  const crc32 = region.crc32;
  const pages = region.pages;
  const sequences = new Uint32Array(pages);
  const pins = new Uint16Array(pages);
  const state: TableState = {
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
  const settledPins = ledger.pins();
  for (let i = 0; i < settledPins.length; i++) {
    const sequence = sequenceOf(ledger.cursor(settledPins[i]));
    if (sequence > 0) noteSequence(sequence);
  }

  return state;
}

/** As `PageTable.take`. */
function takePage(region: FlashRegion, state: TableState, index: number, page: Page): boolean {
  "on demand";
  const crc32 = region.crc32;
  const sequences = state.sequences;
  const pins = state.owners;
  const address = region.address + index * region.pageBytes;
  const header = region.flash.read(HEADER_BYTES, address);
  mendHeader(crc32, header);
  if (headerKind(crc32, header) !== "none") {
    // Spoiled first: an erase cut short can leave a whole header over what is left of the words.
    region.flash.write(new Uint8Array(4), address + HEADER_AT.crc);
  }
  sequences[index] = BAD;
  state.checks[index] = UNCHECKED;
  // It may have been the last of a pin that was removed.
  if (state.newestOf[pins[index]] === index) findNewest(state, pins[index]);
  do state.lastSequence = (state.lastSequence + 1) >>> 0;
  while (state.lastSequence === NONE || state.lastSequence >= BAD);
  page.index = index;
  page.address = address;
  page.sequence = state.lastSequence;
  if (!eraseVerified(region, address)) return false;
  if (!program(region, encodeHeader(crc32, page), address)) return false;
  sequences[index] = page.sequence;
  pins[index] = page.pin;
  state.newestOf[page.pin] = index;
  return true;
}

/** Made anew for each use, and let go after it: its functions take JsVars only while it lasts. */
export function usePageTable(region: FlashRegion, state: TableState): PageTable {
  const pages = region.pages;
  const sequences = state.sequences;
  const pins = state.owners;
  const newestOf = state.newestOf;

  function count(sequence: number): number {
    let sum = 0;
    for (let i = 0; i < pages; i++) if (sequences[i] === sequence) sum++;
    return sum;
  }

  return {
    sequences: sequences,
    owners: pins,
    checks: state.checks,
    kept: () => count(KEPT),
    bad: () => count(BAD),
    pins() {
      const all = Object.keys(newestOf).map(Number);
      const fixesAt = all.indexOf(FIXES_PIN);
      if (fixesAt >= 0) all.splice(fixesAt, 1);
      return all;
    },
    pageFrom(pin, sequence) {
      let first = -1;
      for (let i = 0; i < pages; i++) {
        if (pins[i] !== pin || !isOurs(sequences[i])) continue;
        if (sequence > 0 && ((sequences[i] - sequence) | 0) < 0) continue;
        if (first < 0 || ((sequences[i] - sequences[first]) | 0) < 0) first = i;
      }
      return first;
    },
    newest: (pin) => newestOf[pin] ?? -1,
    forget(index) {
      sequences[index] = NONE;
      findNewest(state, pins[index]);
    },
    take: (index, page) => takePage(region, state, index, page),
  };
}
