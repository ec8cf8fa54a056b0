import type { FlashRegion } from "../../platform/ports.ts";
import { CHECK_SHORT, DATA_WORDS, INDEX, LONG, MISSED, TORN } from "../format/code-words.ts";
import { CHECK_EVERY_BYTES, gapBytes, type Page, RECORD_MAX } from "../format/page.ts";
import {
  applyRecord,
  COUNT,
  decodeRecord,
  EPOCH,
  FORM,
  JITTER,
  REBASE_FORM,
  SESSION,
  SHIFT_FORM,
  shiftBase,
  VALUE,
} from "../format/record.ts";
import { jitterOf, symbolOf } from "../format/symbol.ts";
import { type BookTables, createPlainDecoder, fillTables, type Samples } from "./plain.ts";
import { foldWords, isUsual, type TextLine } from "./text-fold.ts";
import { passedBytes, tornBytes } from "./torn.ts";

/** Flash is decoded in pieces of at most this many bytes: they fit few JsVars, and native calls work them off. */
export const DECODE_BYTES = 64;
/** Where only the length of a text is asked for, it holds no timestamps, and the way to a piece costs more than its samples. */
const MEASURE_BYTES = 128;
/** What may become arrays, which take three times a text, is read in smaller ones. */
const ARRAY_BYTES = 32;
/** What is only passed over is read in larger pieces: no arrays are made of it. */
const PASS_BYTES = 256;

/** What is wanted of a page: the samples with index from `from` up to but not including `upTo`, none beyond the offset `end`. */
export interface Span {
  end: number;
  from: number;
  upTo: number;
}

/**
 * Decodes one piece of `page` from its state on: samples of one session go to `out`, or to `line` if that takes them. Returns
 * how many; 0 also for a piece without samples.
 */
export type Decode = (page: Page, span: Span, out: Samples, line?: TextLine) => number;

/** What `takeRecord` returns when the piece ends before the record. */
const PIECE_ENDS = 0;

/** Decodes whatever stands there. */
function createPieceDecoder(region: FlashRegion, tables: BookTables): Decode {
  "on demand";
  const flash = region.flash;
  const fields = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  const decodePlain = createPlainDecoder(tables);

  /** Words of a page, with the one mended that is known to be wrong. */
  function readWords(page: Page, at: number, bytes: number): Uint8Array {
    const words = flash.read(bytes, page.address + at);
    const mended = page.mendedAt - at;
    if (mended >= 0 && mended < bytes) words[mended] = page.mendedByte;
    return words;
  }

  /** All words that a record at offset `at` can have. */
  function readRecord(page: Page, at: number, span: Span): Uint8Array {
    return readWords(page, at, Math.min(RECORD_MAX, span.end - at));
  }

  /**
   * Takes the absolute record or shift at offset `at`. Returns its length; PIECE_ENDS when it begins another session, or lies
   * beyond the span. When it is torn, returns minus the bytes to pass.
   */
  function takeRecord(page: Page, at: number, span: Span, out: Samples): number {
    const bytes = readRecord(page, at, span);
    const length = decodeRecord(page, bytes, fields);
    if (length > 0 && fields[FORM] === SHIFT_FORM) {
      if (!page.lost) shiftBase(page, fields[JITTER]);
      return length;
    }
    const hasBase = fields[FORM] >= REBASE_FORM;
    // No record counts fewer samples than there are before it: one that does decayed into another.
    if (length <= 0 || (!hasBase && fields[EPOCH] !== page.epoch) || fields[COUNT] < page.count) {
      page.lost = true;
      // None of its words counts; whatever was written next stands behind all of them.
      page.strays = 0;
      return -passedBytes(page, bytes, Math.abs(length), fields);
    }
    if (hasBase && out.rawMs.length > 0 && page.headerSession + fields[SESSION] !== page.session) {
      return PIECE_ENDS;
    }
    // The samples that the record says are missing were lost. A record behind lost samples may lie beyond the span: it is left
    // for the next run.
    const count = Math.min(fields[COUNT], span.upTo);
    out.corrupt += Math.max(0, count - Math.max(page.count, span.from));
    page.count = count;
    if (fields[COUNT] >= span.upTo) {
      page.lost = true;
      return PIECE_ENDS;
    }
    applyRecord(page, fields, at + length);
    return length;
  }

  /** Word by word, whatever the piece holds. */
  function decodeMixed(page: Page, bytes: Uint8Array, span: Span, out: Samples): number {
    const words = page.words;
    const room = bytes.length;
    out.rawMs = [];
    out.values = [];
    out.folded = false;
    let i = 0;
    while (i < room && page.count < span.upTo) {
      const word = INDEX[bytes[i]];
      let length = words;
      let value = page.value;
      if (word === TORN) {
        i += page.lost ? 1 : tornBytes(page, readRecord(page, page.at + i, span), fields);
        page.lost = true;
        // Fewer may be what a cut left of one program.
        if (page.strays < gapBytes(page)) page.strays = 0;
        continue;
      }
      if (word >= CHECK_SHORT && word <= LONG) {
        length = takeRecord(page, page.at + i, span, out);
        if (length === PIECE_ENDS) break;
        if (length < 0) {
          i -= length;
          continue;
        }
        if (fields[FORM] === SHIFT_FORM) {
          i += length;
          break;
        }
        value = isNaN(fields[VALUE]) ? Number.NaN : page.value;
      } else if (page.lost) {
        if (word < DATA_WORDS) page.strays++;
        i++;
        continue;
      } else if (word >= DATA_WORDS) {
        if (word === MISSED) page.missed++;
        else page.failed++;
        page.nextMs += page.intervalMs;
        i++;
        continue;
      } else {
        let symbol = word;
        if (words === 2) {
          // The second word is in the next piece, unless the page ends here.
          if (i + 1 === room && page.at + room < span.end) break;
          const second = i + 1 < room ? INDEX[bytes[i + 1]] : TORN;
          symbol = second < DATA_WORDS ? word * DATA_WORDS + second : page.symbols;
        }
        if (symbol >= page.symbols) {
          page.lost = true;
          i++;
          continue;
        }
        const jitterMs = jitterOf(page, symbol);
        value += symbol - symbolOf(page, jitterMs, 0);
        page.value = value;
        page.rawMs = page.nextMs + jitterMs;
      }
      if (page.count >= span.from) {
        out.rawMs.push(page.rawMs);
        out.values.push(value);
      }
      page.nextMs += page.intervalMs;
      page.count++;
      i += length;
      // What follows an absolute record is likely plain again.
      if (word >= DATA_WORDS) break;
    }
    page.at += i;
    return out.rawMs.length;
  }

  return (page, span, out, line) => {
    const words = page.words;
    const at = page.at;
    const left = span.end - at;
    let room = words === 2 ? DECODE_BYTES : ARRAY_BYTES;
    const pass = (span.from - page.count) * words;
    // Whole pieces: those that are wanted lie as if all had been, and a text is never of more than one and a record.
    if (pass > room && !page.lost) room = pass < PASS_BYTES ? pass - (pass % room) : PASS_BYTES;
    if (left < room) room = left;
    // The next absolute record stands here at the latest. Up to it the piece is likely to be plain.
    const toCheck = page.checkedAt + CHECK_EVERY_BYTES - at;
    const plain = toCheck >= words && room >= words && !page.lost;
    if (plain) room = toCheck < room ? toCheck - (toCheck % words) : room - (room % words);
    const bytes = page.mendedAt < 0 ? flash.read(room, page.address + at) : readWords(page, at, room);
    if (plain) {
      const samples = room / words;
      const wanted = page.count >= span.from;
      if (page.count + samples <= (wanted ? span.upTo : span.from)) {
        if (decodePlain(page, bytes, out, wanted, line)) return wanted ? samples : 0;
      }
    }
    return decodeMixed(page, bytes, span, out);
  };
}

export function createDecoder(region: FlashRegion): Decode {
  "on demand";
  const flash = region.flash;
  const tables: BookTables = { book: -1, steps: new Int16Array(256), jitters: new Int8Array(256) };
  /** Held from one piece that needs it to the next that does not: then the text of that one takes its place in memory. */
  let slow: Decode | undefined;

  function decodeSlowly(page: Page, span: Span, out: Samples, line: TextLine | undefined): number {
    if (!slow) slow = createPieceDecoder(region, tables);
    const samples = slow(page, span, out, line);
    if (page.count >= span.upTo || page.at >= span.end) slow = undefined;
    return samples;
  }

  /** What nearly every piece of a body is: text from plain words. Short, as the interpreter reads it again each time. */
  function decode(page: Page, span: Span, out: Samples, line?: TextLine): number {
    if (!line || page.words === 2 || page.lost || page.mendedAt >= 0 || page.count < span.from) {
      return decodeSlowly(page, span, out, line);
    }
    const count = Math.min(
      line.measured ? MEASURE_BYTES : DECODE_BYTES,
      line.pointsMax,
      span.upTo - page.count,
      page.checkedAt + CHECK_EVERY_BYTES - page.at,
      span.end - page.at,
    );
    if (count < 1 || !isUsual(line, page, count)) return decodeSlowly(page, span, out, line);
    if (tables.book !== page.book) fillTables(tables, page);
    slow = undefined;
    const bytes = flash.read(count, page.address + page.at);
    const value = foldWords(line, page, bytes, tables.steps, tables.jitters);
    if (value === undefined) return decodeSlowly(page, span, out, line);
    const slotMs = page.nextMs + (count - 1) * page.intervalMs;
    page.value = value;
    page.nextMs = slotMs + page.intervalMs;
    page.rawMs = slotMs + tables.jitters[bytes[count - 1]];
    page.at += count;
    page.count += count;
    out.folded = true;
    return count;
  }

  return decode;
}
