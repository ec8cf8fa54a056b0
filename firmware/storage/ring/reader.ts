import type { Page } from "../format/page.ts";
import { isAhead, type Position, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { createDecoder } from "./decoder.ts";
import { UNCHECKED, WHOLE } from "./page-table.ts";
import { openPage, type RingParts } from "./parts.ts";
import type { Samples } from "./plain.ts";
import { seek } from "./resume.ts";
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

/** Reads from `from` up to `to` (Infinity for all); the run ends where the decimals change. */
export function openReader(parts: RingParts, pin: number, from: Position, to: Position): Reader {
  "on demand";
  const decode = createDecoder(parts.region);
  const table = parts.table;
  const out = { session: 0, rawMs: [], values: [], position: from, corrupt: 0, folded: false } as unknown as Reader;
  let page: Page | undefined;
  /** What the run takes of the page, and the position of the page's first sample. */
  const span = { end: 0, from: 0, upTo: 0 };
  let firstPosition = 0;
  let decimals = -1;
  /** How many samples of the datastream come before the next page, if that is known. */
  let expected = from === parts.ledger.cursor(pin) ? parts.ledger.settled(pin) : Number.NaN;
  let ended = false;
  /** What is read of the page counts: it was checked on entering, or is read a second time. */
  let sure = false;

  /** True when page `index` is the one that the datastream goes on writing. */
  function isLive(index: number): boolean {
    const stream = parts.streamOf(pin);
    return stream !== undefined && stream.page !== undefined && stream.page.index === index && stream.open;
  }

  /** Enters the page that holds the next sample. False at the end of the run. */
  function enter(): boolean {
    let sequence = sequenceOf(out.position);
    span.from = sampleIndexOf(out.position);
    // Each turn passes a page or loses one.
    for (let turns = table.sequences.length; !page; turns--) {
      const index = table.pageFrom(pin, sequence);
      if (turns < 0 || index < 0 || isAhead(positionOf(table.sequences[index], 0), to)) return false;
      if (table.sequences[index] !== sequence) span.from = 0;
      page = openPage(parts, index);
      if (page && page.sequence === sequence && !isLive(index) && span.from >= page.total) {
        if (isNaN(expected)) expected = page.sampledBefore + page.total;
        page = undefined;
        span.from = 0;
        sequence = (sequence + 1) >>> 0;
      }
    }
    if (decimals >= 0 && page.decimals !== decimals) {
      page = undefined;
      return false;
    }
    decimals = page.decimals;
    firstPosition = positionOf(page.sequence, 0);
    span.end = page.end;
    span.upTo = sequenceOf(to) === page.sequence ? Math.min(page.total, sampleIndexOf(to)) : page.total;
    const gap = (page.sampledBefore + span.from - expected) | 0;
    if (gap > 0) out.corrupt += gap;
    if (page.sealed && table.checks[page.index] !== WHOLE) {
      // Damage that can't be mended may hide behind whole words: then nothing of the page is believed.
      sure = true;
      if (!verifyPage(parts.region, page, table.checks)) {
        page.at = page.end;
        page.count = span.from;
        return true;
      }
    }
    if (span.from > 0) seek(parts.region, page, page.end, span.from);
    return true;
  }

  function next(line?: TextLine): number {
    while (!ended) {
      if (!page && !enter()) break;
      const p = page as Page;
      // Overwritten under the reader: what stands there now is another page.
      if (table.sequences[p.index] !== p.sequence) break;
      if (p.count < span.upTo && p.at < span.end) {
        const corrupt = out.corrupt;
        const samples = decode(p, span, out, line);
        if (!sure && (p.lost || out.corrupt > corrupt)) {
          // It may have been misread, or it decayed since it was checked: read once more before anything is given up.
          out.corrupt = corrupt;
          expected = p.sampledBefore + (sequenceOf(out.position) === p.sequence ? sampleIndexOf(out.position) : 0);
          table.checks[p.index] = UNCHECKED;
          sure = true;
          page = undefined;
          continue;
        }
        out.position = firstPosition + (p.count > span.from ? p.count : span.from);
        if (samples === 0) continue;
        out.session = p.session;
        return samples;
      }
      out.corrupt += Math.max(0, span.upTo - Math.max(p.count, span.from));
      p.count = Math.max(p.count, span.upTo);
      out.position = firstPosition + Math.max(span.upTo, span.from);
      if (!isAhead(to, out.position)) break;
      expected = p.sampledBefore + p.total;
      sure = false;
      page = undefined;
      if (isLive(p.index)) break;
    }
    ended = true;
    page = undefined;
    return 0;
  }

  // Espruino does not hoist functions.
  out.next = next;
  return out;
}
