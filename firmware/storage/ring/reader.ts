import type { Page } from "../format/page.ts";
import { isAhead, type Position, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { settledOf } from "../ledger/reading.ts";
import { accountOf } from "../ledger/state.ts";
import { createDecoder, type Span } from "./decoder.ts";
import { openPage, streamOf } from "./open-page.ts";
import { pageFrom, UNCHECKED, WHOLE } from "./page-table.ts";
import type { Samples } from "./plain.ts";
import { seek } from "./resume.ts";
import type { Ring, Storage } from "./ring.ts";
import { verifyPage } from "./seal.ts";
import type { TextLine } from "./text-fold.ts";

/**
 * A run of samples of one datastream, piece by piece, oldest first. Values are scaled integers; NaN = the reading could not
 * be represented. `corrupt` counts the samples that flash lost, from the start of the run to the end of the piece.
 */
export interface Reader extends Samples {
  /** Decodes the next piece, into arrays or the text of `line`, and returns how many samples it has; 0 = the run has ended. */
  next(line?: TextLine): number;
  /** Session of every sample in the piece. */
  session: number;
  /** Position behind the piece. */
  position: Position;
}

/** Where a reader stands. */
interface Reading {
  storage: Storage;
  pin: number;
  to: Position;
  out: Reader;
  page: Page | undefined;
  /** What the run takes of the page, and the position of the page's first sample. */
  span: Span;
  firstPosition: Position;
  /** -1 before the first page. */
  decimals: number;
  /** How many samples of the datastream come before the next page, if that is known. */
  expected: number;
  /** What is read of the page counts: it was checked on entering, or is read a second time. */
  sure: boolean;
}

/** True when page `index` is the one that the datastream goes on writing. Its newest page was looked at. */
function isLive(ring: Ring, pin: number, index: number): boolean {
  const stream = ring.streams[pin];
  return stream !== undefined && stream.page !== undefined && stream.page.index === index && stream.open;
}

/** The first page of the run from `sequence` on; -1 when there is none. */
function nextPage(reading: Reading, sequence: number): number {
  "on demand";
  const table = reading.storage.ring.table;
  const index = pageFrom(table, reading.pin, sequence);
  return index < 0 || isAhead(positionOf(table.sequences[index], 0), reading.to) ? -1 : index;
}

/** Takes `page` for the next one of the run, from the sample `span.from` on. False when the run ends before it. */
function acceptPage(reading: Reading, page: Page): boolean {
  "on demand";
  const ring = reading.storage.ring;
  const to = reading.to;
  const out = reading.out;
  const span = reading.span;
  if (reading.decimals >= 0 && page.decimals !== reading.decimals) return false;
  reading.page = page;
  reading.decimals = page.decimals;
  reading.firstPosition = positionOf(page.sequence, 0);
  span.end = page.end;
  span.upTo = sequenceOf(to) === page.sequence ? Math.min(page.total, sampleIndexOf(to)) : page.total;
  const gap = (page.sampledBefore + span.from - reading.expected) | 0;
  if (gap > 0) out.corrupt += gap;
  if (page.sealed && ring.table.checks[page.index] !== WHOLE) {
    // Damage that can't be mended may hide behind whole words: then nothing of the page is believed.
    reading.sure = true;
    if (!verifyPage(ring.region, page, ring.table.checks)) {
      page.at = page.end;
      page.count = span.from;
      return true;
    }
  }
  if (span.from > 0) seek(ring.region, page, page.end, span.from);
  return true;
}

/** Enters the page that holds the next sample. False at the end of the run. */
function enterPage(reading: Reading): boolean {
  const ring = reading.storage.ring;
  const sequences = ring.table.sequences;
  const span = reading.span;
  let sequence = sequenceOf(reading.out.position);
  span.from = sampleIndexOf(reading.out.position);
  // Each turn passes a page or loses one.
  for (let turns = sequences.length; turns >= 0; turns--) {
    const index = nextPage(reading, sequence);
    if (index < 0) return false;
    if (sequences[index] !== sequence) span.from = 0;
    const page = openPage(reading.storage, index);
    if (!page) continue;
    if (page.sequence !== sequence || isLive(ring, reading.pin, index) || span.from < page.total) {
      return acceptPage(reading, page);
    }
    if (isNaN(reading.expected)) reading.expected = page.sampledBefore + page.total;
    span.from = 0;
    sequence = (sequence + 1) >>> 0;
  }
  return false;
}

/** The page may have been misread, or it decayed since it was checked: it is read once more before anything is given up. */
function readAgain(reading: Reading, page: Page): void {
  "on demand";
  const position = reading.out.position;
  reading.expected = page.sampledBefore + (sequenceOf(position) === page.sequence ? sampleIndexOf(position) : 0);
  reading.storage.ring.table.checks[page.index] = UNCHECKED;
  reading.sure = true;
  reading.page = undefined;
}

/** Leaves a page at the end of its part of the run. False when the run ends here. */
function leavePage(reading: Reading, page: Page): boolean {
  "on demand";
  const out = reading.out;
  const span = reading.span;
  out.corrupt += Math.max(0, span.upTo - Math.max(page.count, span.from));
  page.count = Math.max(page.count, span.upTo);
  out.position = reading.firstPosition + Math.max(span.upTo, span.from);
  if (!isAhead(reading.to, out.position)) return false;
  reading.expected = page.sampledBefore + page.total;
  reading.sure = false;
  reading.page = undefined;
  return !isLive(reading.storage.ring, reading.pin, page.index);
}

function startReading(storage: Storage, pin: number, from: Position, to: Position): Reading {
  "on demand";
  // Its newest page is looked at.
  streamOf(storage, pin);
  return {
    storage,
    pin,
    to,
    out: { session: 0, rawMs: [], values: [], position: from, corrupt: 0, folded: false, next: () => 0 },
    page: undefined,
    span: { end: 0, from: 0, upTo: 0 },
    firstPosition: 0,
    decimals: -1,
    expected: from === accountOf(storage.ledger, pin).cursor ? settledOf(storage.ledger, pin) : Number.NaN,
    sure: false,
  };
}

/** Reads from `from` up to `to` (Infinity for all); the run ends where the decimals change. */
export function openReader(storage: Storage, pin: number, from: Position, to: Position): Reader {
  "on demand";
  const reading = startReading(storage, pin, from, to);
  const decode = createDecoder(storage.ring.region);
  const out = reading.out;
  const span = reading.span;
  const sequences = storage.ring.table.sequences;
  let ended = false;

  function next(line?: TextLine): number {
    while (!ended) {
      if (!reading.page && !enterPage(reading)) break;
      const p = reading.page as Page;
      // Overwritten under the reader: what stands there now is another page.
      if (sequences[p.index] !== p.sequence) break;
      if (p.count < span.upTo && p.at < span.end) {
        const corrupt = out.corrupt;
        const samples = decode(p, span, out, line);
        if (!reading.sure && (p.lost || out.corrupt > corrupt)) {
          out.corrupt = corrupt;
          readAgain(reading, p);
          continue;
        }
        out.position = reading.firstPosition + (p.count > span.from ? p.count : span.from);
        if (samples === 0) continue;
        out.session = p.session;
        return samples;
      }
      if (!leavePage(reading, p)) break;
    }
    ended = true;
    reading.page = undefined;
    return 0;
  }

  // Espruino does not hoist functions.
  out.next = next;
  return out;
}
