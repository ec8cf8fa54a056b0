import { DATA_WORDS, WORDS } from "../format/code-words.ts";
import type { Page } from "../format/page.ts";
import { jitterOf, symbolOf } from "../format/symbol.ts";
import { foldPairs, type TextLine } from "./text-fold.ts";

/** Marks a byte that is not a sample in the table of steps. */
export const NO_STEP = -30000;
/** A piece with such a byte has a sum of steps below this. A piece of samples never has. */
export const NO_STEPS_SUM = -20000;

/** Where decoded samples go: two parallel arrays, replaced at each piece. */
export interface Samples {
  rawMs: number[];
  /** Scaled integers. */
  values: number[];
  /** Samples of the span that could not be decoded. */
  corrupt: number;
  /** The piece went into a line's text: the arrays are empty. */
  folded: boolean;
}

/** What a piece of plain words counts from: the first sample's slot, the value before it, and the page's book. */
export type PlainStart = Pick<
  Page,
  "session" | "nextMs" | "intervalMs" | "value" | "words" | "jitterSpan" | "stepSpan" | "symbols"
>;

/**
 * Passes over samples that nobody wants. This takes a third of the time of decoding them into arrays. Returns the last
 * value, as `foldPairs` does.
 */
function passOver(start: PlainStart, bytes: Uint8Array, steps: Int16Array): number | undefined {
  let value = start.value;
  if (start.words === 1) {
    for (const byte of bytes as unknown as number[]) value += steps[byte];
    return value;
  }
  const stepSymbols = 2 * start.stepSpan + 1;
  const symbols = start.symbols;
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

/**
 * Takes the next bytes of a page if they are nothing but samples, and moves the page's state on. With `wanted` the samples go to
 * `out`, or to `line` if that takes them; else they are only passed. False, with nothing changed, when the bytes are anything
 * else, or of a book of two words that neither passes nor goes to a line.
 */
export type DecodePlain = (
  page: Page,
  bytes: Uint8Array,
  out: Samples,
  wanted: boolean,
  line: TextLine | undefined,
) => boolean;

/**
 * Tables of the book that was used last. If the book has one word a sample, the sample of a byte lies `jitters[byte]` ms
 * from its slot, and its value is `steps[byte]` more than the value before. If it has two words a sample, `steps[byte]` is
 * the index of the word. 65 × the first index + the second index is the symbol; the book may not have that symbol. For a
 * byte that is not a sample, `steps[byte]` is NO_STEP.
 */
export interface BookTables {
  /** -1 before the first. */
  book: number;
  steps: Int16Array;
  jitters: Int8Array;
}

/** Makes `tables` those of the page's book. */
export function fillTables(tables: BookTables, page: Page): void {
  const steps = tables.steps;
  steps.fill(NO_STEP);
  tables.book = page.book;
  if (page.words === 2) {
    for (let index = 0; index < DATA_WORDS; index++) steps[WORDS[index]] = index;
    return;
  }
  for (let jitterMs = -page.jitterSpan; jitterMs <= page.jitterSpan; jitterMs++) {
    for (let step = -page.stepSpan; step <= page.stepSpan; step++) {
      const word = WORDS[symbolOf(page, jitterMs, step)];
      steps[word] = step;
      tables.jitters[word] = jitterMs;
    }
  }
}

export function createPlainDecoder(tables: BookTables): DecodePlain {
  return (page, bytes, out, wanted, line) => {
    if (tables.book !== page.book) fillTables(tables, page);
    const stepOfByte = tables.steps;
    const jitterOfByte = tables.jitters;
    const intervalMs = page.intervalMs;
    const count = bytes.length;
    const before = page.value;
    let slotMs = page.nextMs - intervalMs;
    let value = before;
    let folded: number | undefined;
    if (!wanted) folded = passOver(page, bytes, stepOfByte);
    else if (line && page.words === 2) folded = foldPairs(line, page, bytes, stepOfByte);
    out.folded = folded !== undefined;
    if (folded !== undefined) value = folded;
    // On the interpreter an expression costs a sixth less than a block that returns.
    else if (page.words === 1) out.values = [].slice.call(bytes).map((byte) => (value += stepOfByte[byte]));
    else return false;
    if (page.words === 1 && value - before < NO_STEPS_SUM) return false;
    // biome-ignore lint/suspicious/noAssignInExpressions: see above
    if (!out.folded) out.rawMs = [].slice.call(bytes).map((byte) => (slotMs += intervalMs) + jitterOfByte[byte]);
    const samples = count / page.words;
    slotMs = page.nextMs + (samples - 1) * intervalMs;
    page.value = value;
    page.nextMs = slotMs + intervalMs;
    if (page.words === 1) slotMs += jitterOfByte[bytes[count - 1]];
    else slotMs += jitterOf(page, stepOfByte[bytes[count - 2]] * DATA_WORDS + stepOfByte[bytes[count - 1]]);
    page.rawMs = slotMs;
    page.at += count;
    page.count += samples;
    return true;
  };
}
