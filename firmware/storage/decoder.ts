import type { FlashRegion } from "../platform/ports.ts";
import { BOOKS, CHECK_SHORT, DATA_WORDS, INDEX, MISSED, REBASE, TORN, WORDS } from "./code-words.ts";
import { CHECK_EVERY_BYTES, type Page, RECORD_MAX } from "./page.ts";
import { applyRecord, COUNT, decodeRecord, EPOCH, SESSION, VALUE } from "./record.ts";
import { findTail } from "./tail.ts";

/** Flash is decoded in pieces of so many bytes: it fits few JsVars, and native calls work it off. */
const DECODE_BYTES = 40;
/** In the table of steps, a byte that is no sample: so far down that no sum of true steps gets there. */
const NO_STEP = -30000;
const NO_STEPS_SUM = -20000;

/** Where decoded samples go: two parallel arrays, replaced at each piece. */
export interface Samples {
  rawMs: number[];
  values: number[];
  /** Samples between `from` and `upTo` that could not be decoded. */
  corrupt: number;
}

export interface Decoder {
  /**
   * Decodes one piece of `page` from its state on, not beyond offset `end`: samples of one session with index from `from`
   * up to but not including `upTo` go to `out`. Returns how many; 0 also for a piece without samples.
   */
  decode(page: Page, end: number, from: number, upTo: number, out: Samples): number;
  /** Finds the end of a page without a seal and puts the state there, reading back to its last absolute record only. */
  resume(page: Page): void;
}

export function createDecoder(region: FlashRegion): Decoder {
  const flash = region.flash;
  const fields: number[] = [0, 0, 0, 0, 0, 0, 0, 0];
  /** Step and jitter of each byte in the book of one word that was used last. */
  const steps = new Int16Array(256);
  const jitters = new Int8Array(256);
  let tabledBook = -1;

  function fillTables(book: number): void {
    const jitterSpan = BOOKS[3 * book];
    const stepSpan = BOOKS[3 * book + 1];
    const stepSymbols = 2 * stepSpan + 1;
    steps.fill(NO_STEP);
    for (let symbol = 0; symbol < stepSymbols * (2 * jitterSpan + 1); symbol++) {
      steps[WORDS[symbol]] = (symbol % stepSymbols) - stepSpan;
      jitters[WORDS[symbol]] = Math.floor(symbol / stepSymbols) - jitterSpan;
    }
    tabledBook = book;
  }

  /** A piece of nothing but one-word samples, worked off by native calls. False, with nothing changed, when it is anything else. */
  function decodePlain(page: Page, bytes: Uint8Array, out: Samples): boolean {
    if (tabledBook !== page.book) fillTables(page.book);
    const stepOf = steps;
    const jitterOf = jitters;
    const intervalMs = page.intervalMs;
    let value = page.value;
    // On the interpreter an expression costs a sixth less than a block that returns.
    const values = [].slice.call(bytes).map((byte) => (value += stepOf[byte]));
    if (value - page.value < NO_STEPS_SUM) return false;
    let slotMs = page.nextMs - intervalMs;
    // biome-ignore lint/suspicious/noAssignInExpressions: see above
    out.rawMs = [].slice.call(bytes).map((byte) => (slotMs += intervalMs) + jitterOf[byte]);
    out.values = values;
    page.value = value;
    const samples = values.length;
    page.rawMs = out.rawMs[samples - 1];
    page.at += samples;
    page.count += samples;
    page.nextMs = slotMs + intervalMs;
    return true;
  }

  /** Words of a page, with the one mended that is known to be wrong. */
  function readWords(page: Page, at: number, bytes: number): Uint8Array {
    const words = flash.read(bytes, page.address + at);
    const mended = page.mendedAt - at;
    if (mended >= 0 && mended < bytes) words[mended] = page.mendedByte;
    return words;
  }

  /** Counts what was lost before an absolute record that says it is sample number `count`. */
  function skipTo(page: Page, count: number, from: number, out: Samples): void {
    out.corrupt += Math.max(0, count - Math.max(page.count, from));
    page.count = count;
  }

  function decode(page: Page, end: number, from: number, upTo: number, out: Samples): number {
    const words = page.words;
    const plain = words === 1 && !page.lost;
    let room = Math.min(DECODE_BYTES, end - page.at);
    // The next absolute record stands here at the latest: up to it the piece may well be plain.
    const toCheck = page.checkedAt + CHECK_EVERY_BYTES - page.at;
    if (plain && toCheck > 0 && toCheck < room) room = toCheck;
    const bytes = readWords(page, page.at, room);
    if (plain && page.count + room <= upTo && (page.count >= from || page.count + room <= from)) {
      if (decodePlain(page, bytes, out)) return page.count > from ? room : 0;
    }
    const stepSymbols = 2 * page.stepSpan + 1;
    const symbols = stepSymbols * (2 * page.jitterSpan + 1);
    out.rawMs = [];
    out.values = [];
    let i = 0;
    while (i < room && page.count < upTo) {
      const word = INDEX[bytes[i]];
      let length = words;
      let value = page.value;
      if (word === TORN) {
        page.lost = true;
        // So few may be what a torn record left.
        if (page.strays < RECORD_MAX) page.strays = 0;
        i++;
        continue;
      }
      if (word >= CHECK_SHORT && word <= REBASE) {
        const record = readWords(page, page.at + i, Math.min(RECORD_MAX, end - page.at - i));
        length = decodeRecord(word, record, fields);
        if (length === 0 || (word !== REBASE && fields[EPOCH] !== page.epoch)) {
          page.lost = true;
          i++;
          continue;
        }
        if (word === REBASE && out.rawMs.length > 0 && page.headerSession + fields[SESSION] !== page.session) break;
        // A record behind lost samples may lie beyond the end that was asked for: it is left for the next run.
        skipTo(page, Math.min(fields[COUNT], upTo), from, out);
        if (fields[COUNT] >= upTo) {
          page.lost = true;
          break;
        }
        applyRecord(page, word, fields, page.at + i + length);
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
          if (i + 1 === room && page.at + room < end) break;
          const second = i + 1 < room ? INDEX[bytes[i + 1]] : TORN;
          symbol = second < DATA_WORDS ? word * DATA_WORDS + second : symbols;
        }
        if (symbol >= symbols) {
          page.lost = true;
          i++;
          continue;
        }
        value += (symbol % stepSymbols) - page.stepSpan;
        page.value = value;
        page.rawMs = page.nextMs + Math.floor(symbol / stepSymbols) - page.jitterSpan;
      }
      if (page.count >= from) {
        out.rawMs.push(page.rawMs);
        out.values.push(value);
      }
      page.nextMs += page.intervalMs;
      page.count++;
      i += length;
      // What follows an absolute record is likely plain again.
      if (words === 1 && word >= DATA_WORDS) break;
    }
    page.at += i;
    return out.rawMs.length;
  }

  /** Offset of the last absolute record before `tail` that the page can be read on from; -1 when there is none. */
  function lastRecord(page: Page, tail: number, start: number): number {
    for (let at = tail - 1; at >= start; ) {
      const piece = Math.max(start, at - DECODE_BYTES + 1);
      const bytes = flash.read(at - piece + 1, page.address + piece);
      for (let i = bytes.length - 1; i >= 0; i--) {
        const word = INDEX[bytes[i]];
        if (word < CHECK_SHORT || word > REBASE) continue;
        const record = flash.read(Math.min(RECORD_MAX, tail - piece - i), page.address + piece + i);
        // Without the base that it counts from, a check is no start.
        if (decodeRecord(word, record, fields) > 0 && (word === REBASE || fields[EPOCH] === 0)) return piece + i;
      }
      at = piece - 1;
    }
    return -1;
  }

  function resume(page: Page): void {
    const tail = findTail(region, page);
    const at = lastRecord(page, tail, page.at);
    const nothing: Samples = { rawMs: [], values: [], corrupt: 0 };
    if (at >= 0) {
      page.at = at;
      page.lost = true;
    }
    while (page.at < tail) decode(page, tail, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, nothing);
    // More words than a torn record has, behind one that is torn: samples that decayed.
    if (page.lost && page.strays >= RECORD_MAX) page.count += Math.floor(page.strays / page.words);
    page.total = page.count;
    page.end = tail;
    page.lastRawMs = page.rawMs;
  }

  return { decode: decode, resume: resume };
}
