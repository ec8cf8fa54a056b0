import type { FlashRegion } from "../../platform/ports.ts";
import { BOOKS, CHECK_SHORT, DATA_WORDS, INDEX, MISSED, REBASE, TORN, WORDS } from "../format/code-words.ts";
import { CHECK_EVERY_BYTES, type Page, RECORD_MAX } from "../format/page.ts";
import { applyRecord, COUNT, decodeRecord, EPOCH, SESSION, VALUE } from "../format/record.ts";
import { findTail } from "./tail.ts";

/** Flash is decoded in pieces of so many bytes: it fits few JsVars, and native calls work it off. */
const DECODE_BYTES = 64;
/** In the table of steps, a byte that is no sample: so far down that no sum over a piece of samples gets there. */
const NO_STEP = -30000;
const NO_STEPS_SUM = -20000;

/** Where decoded samples go: two parallel arrays, replaced at each piece. */
export interface Samples {
  rawMs: number[];
  values: number[];
  /** Samples between `from` and `upTo` that could not be decoded. */
  corrupt: number;
  /** The piece was folded: the arrays are empty. */
  folded: boolean;
}

/** What a piece of plain words counts from: the first sample's slot, the value before it, and the page's book. */
export type PlainStart = Pick<
  Page,
  "session" | "nextMs" | "intervalMs" | "value" | "words" | "jitterSpan" | "stepSpan"
>;

/**
 * Works off a piece of plain samples by itself, without arrays between. Their slots are `intervalMs` apart. Of a book of one
 * word, each byte's sample lies `jitters[byte]` from its slot and is `steps[byte]` more than the one before. Of one of two
 * words, `steps[byte]` is a word's index: 65 × the first + the second is the symbol, (jitter + jitterSpan) × (2 × stepSpan + 1) +
 * step + stepSpan. A byte that is no sample is `NO_STEP`, and a symbol may be none of the book's. Returns the last value;
 * undefined = rather as arrays.
 */
export type Fold = (start: PlainStart, bytes: Uint8Array, steps: Int16Array, jitters: Int8Array) => number | undefined;

export interface Decoder {
  /**
   * Decodes one piece of `page` from its state on, not beyond offset `end`: samples of one session with index from `from`
   * up to but not including `upTo` go to `out`, or to `fold` if that takes them. Returns how many; 0 also for a piece
   * without samples.
   */
  decode(page: Page, end: number, from: number, upTo: number, out: Samples, fold?: Fold): number;
  /** Moves a page at its first word on to the last absolute record that is surely before sample `count`, if there is one. */
  seek(page: Page, end: number, count: number): void;
  /** Finds the end of a page without a seal and puts the state there, reading back to its last absolute record only. */
  resume(page: Page): void;
}

/** For samples that only have to be passed: a third of the time that arrays of them take. */
function passOver(start: PlainStart, bytes: Uint8Array, steps: Int16Array): number | undefined {
  let value = start.value;
  if (start.words === 1) {
    for (const byte of bytes as unknown as number[]) value += steps[byte];
    return value;
  }
  const stepSymbols = 2 * start.stepSpan + 1;
  const symbols = stepSymbols * (2 * start.jitterSpan + 1);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    const first = steps[bytes[i]];
    const second = steps[bytes[i + 1]];
    const symbol = first * DATA_WORDS + second;
    if (symbol >= symbols) return undefined;
    sum += first + second;
    value += (symbol % stepSymbols) - start.stepSpan;
  }
  return sum < 0 ? undefined : value;
}

export function createDecoder(region: FlashRegion): Decoder {
  const flash = region.flash;
  const fields: number[] = [0, 0, 0, 0, 0, 0, 0, 0];
  /** As `Fold` has them, of the book that was used last. */
  const steps = new Int16Array(256);
  const jitters = new Int8Array(256);
  let tabledBook = -1;

  function fillTables(book: number): void {
    const jitterSpan = BOOKS[3 * book];
    const stepSpan = BOOKS[3 * book + 1];
    const stepSymbols = 2 * stepSpan + 1;
    steps.fill(NO_STEP);
    tabledBook = book;
    if (BOOKS[3 * book + 2] === 2) {
      for (let index = 0; index < DATA_WORDS; index++) steps[WORDS[index]] = index;
      return;
    }
    for (let symbol = 0; symbol < stepSymbols * (2 * jitterSpan + 1); symbol++) {
      steps[WORDS[symbol]] = (symbol % stepSymbols) - stepSpan;
      jitters[WORDS[symbol]] = Math.floor(symbol / stepSymbols) - jitterSpan;
    }
  }

  /** A piece of nothing but samples. False, with nothing changed, when it is anything else, or two words a sample and nobody folds. */
  function decodePlain(page: Page, bytes: Uint8Array, out: Samples, fold: Fold | undefined): boolean {
    if (tabledBook !== page.book) fillTables(page.book);
    const stepOf = steps;
    const jitterOf = jitters;
    const intervalMs = page.intervalMs;
    const count = bytes.length;
    const before = page.value;
    let slotMs = page.nextMs - intervalMs;
    let value = before;
    const folded = fold ? fold(page, bytes, stepOf, jitterOf) : undefined;
    out.folded = folded !== undefined;
    if (folded !== undefined) value = folded;
    // On the interpreter an expression costs a sixth less than a block that returns.
    else if (page.words === 1) out.values = [].slice.call(bytes).map((byte) => (value += stepOf[byte]));
    else return false;
    if (page.words === 1 && value - before < NO_STEPS_SUM) return false;
    // biome-ignore lint/suspicious/noAssignInExpressions: see above
    if (!out.folded) out.rawMs = [].slice.call(bytes).map((byte) => (slotMs += intervalMs) + jitterOf[byte]);
    const samples = count / page.words;
    slotMs = page.nextMs + (samples - 1) * intervalMs;
    page.value = value;
    page.nextMs = slotMs + intervalMs;
    if (page.words === 1) slotMs += jitterOf[bytes[count - 1]];
    else {
      const symbol = stepOf[bytes[count - 2]] * DATA_WORDS + stepOf[bytes[count - 1]];
      slotMs += Math.floor(symbol / (2 * page.stepSpan + 1)) - page.jitterSpan;
    }
    page.rawMs = slotMs;
    page.at += count;
    page.count += samples;
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

  /** Word by word, whatever the piece holds. */
  function decodeMixed(page: Page, bytes: Uint8Array, end: number, from: number, upTo: number, out: Samples): number {
    const words = page.words;
    const room = bytes.length;
    const stepSymbols = 2 * page.stepSpan + 1;
    const symbols = stepSymbols * (2 * page.jitterSpan + 1);
    out.rawMs = [];
    out.values = [];
    out.folded = false;
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
      if (word >= DATA_WORDS) break;
    }
    page.at += i;
    return out.rawMs.length;
  }

  function decode(page: Page, end: number, from: number, upTo: number, out: Samples, fold?: Fold): number {
    const words = page.words;
    const at = page.at;
    let room = end - at < DECODE_BYTES ? end - at : DECODE_BYTES;
    // The next absolute record stands here at the latest: up to it the piece may well be plain.
    const toCheck = page.checkedAt + CHECK_EVERY_BYTES - at;
    const plain = toCheck >= words && room >= words && !page.lost;
    if (plain) room = toCheck < room ? toCheck - (toCheck % words) : room - (room % words);
    const bytes = page.mendedAt < 0 ? flash.read(room, page.address + at) : readWords(page, at, room);
    if (plain) {
      const samples = room / words;
      const wanted = page.count >= from;
      if (page.count + samples <= (wanted ? upTo : from)) {
        if (decodePlain(page, bytes, out, wanted ? fold : passOver)) return wanted ? samples : 0;
      }
    }
    return decodeMixed(page, bytes, end, from, upTo, out);
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
        // Without the base that it counts from, a check is no start, nor is a record without a value for the steps behind it.
        if (decodeRecord(word, record, fields) === 0 || isNaN(fields[VALUE])) continue;
        if (word === REBASE || fields[EPOCH] === 0) return piece + i;
      }
      at = piece - 1;
    }
    return -1;
  }

  function seek(page: Page, end: number, count: number): void {
    const at = lastRecord(page, Math.min(end, page.at + count * page.words), page.at);
    if (at < 0) return;
    page.at = at;
    // What is known of the page is the record's word, which comes next.
    page.lost = true;
  }

  function resume(page: Page): void {
    const tail = findTail(region, page);
    const nothing: Samples = { rawMs: [], values: [], corrupt: 0, folded: false };
    seek(page, tail, Number.POSITIVE_INFINITY);
    while (page.at < tail) decode(page, tail, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, nothing);
    // More words than a torn record has, behind one that is torn: samples that decayed.
    if (page.lost && page.strays >= RECORD_MAX) page.count += Math.floor(page.strays / page.words);
    page.total = page.count;
    page.end = tail;
    page.lastRawMs = page.rawMs;
  }

  return { decode: decode, seek: seek, resume: resume };
}
