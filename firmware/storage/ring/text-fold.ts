import { DATA_WORDS } from "../format/code-words.ts";
import { NATIVE_BELOW } from "../format/decimal.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import { NO_STEPS_SUM, type PlainStart } from "./plain.ts";

/** Characters of a point without its value, with a timestamp of 13 digits: `,[1790000000000,]`. */
const POINT_CHARS = 17;
/** Timestamps have 13 digits from 2001 to 2286. */
const TRUE_MS_MIN = 1e12;
const TRUE_MS_MAX = 1e13;

/** More than a piece of plain words can add to a value. */
export const STEPS_MAX = 100000;

/** How samples become points, on a straight stretch of the time map, and what the points must keep within. */
export interface TextLine {
  /** It holds for raw times of `session` from `fromRawMs` up to but not including `toRawMs`; undefined = for none. */
  stretch: { fromRawMs: RawMs; toRawMs: RawMs; rate: number } | undefined;
  session: number;
  /** The timestamp of a raw time is zeroMs + raw × rate, rounded down. */
  zeroMs: number;
  /** A value is its scaled integer divided by this, a power of ten. */
  divisor: number;
  /** No sample may be later, to the half ms that `zeroMs` rounds by. */
  untilTrueMs: TrueMs;
  pointsMax: number;
  /** The first timestamp must be later than this. */
  afterTrueMs: TrueMs;
  /** Only the length of the text is asked for. */
  measured: boolean;
  /** What a piece that was folded leaves: its points as `,[timestamp,value]` each, to be taken at once, as the text is long. */
  text: string;
  /** And how long it is, or would be. */
  chars: number;
  firstTrueMs: TrueMs;
  lastTrueMs: TrueMs;
}

/**
 * Whether all samples of a piece are usual, asked once for all of them: each lies on the line, within its limits, and the
 * slots are so far apart that jitter does not change their order.
 */
export function isUsual(line: TextLine, start: PlainStart, bytes: number): boolean {
  const stretch = line.stretch;
  const samples = bytes / start.words;
  const spanMs = start.jitterSpan;
  const firstRawMs = start.nextMs - spanMs;
  const lastRawMs = start.nextMs + (samples - 1) * start.intervalMs + spanMs;
  return (
    stretch !== undefined &&
    start.session === line.session &&
    firstRawMs >= stretch.fromRawMs &&
    lastRawMs < stretch.toRawMs &&
    start.intervalMs >= 2 * spanMs + 2 &&
    line.zeroMs + firstRawMs * stretch.rate >= line.afterTrueMs + 1 &&
    line.zeroMs - 0.5 + lastRawMs * stretch.rate <= line.untilTrueMs &&
    samples <= line.pointsMax &&
    (line.divisor === 1 || (start.value < NATIVE_BELOW - STEPS_MAX && start.value > STEPS_MAX - NATIVE_BELOW))
  );
}

/**
 * The same for a book of one word a sample, which nearly all pages have. Undefined also when a byte was not a sample. Only
 * measured, a sample takes half the time. On the interpreter a template costs a tenth of the loop.
 */
export function foldWords(
  line: TextLine,
  start: PlainStart,
  bytes: Uint8Array,
  steps: Int16Array,
  jitters: Int8Array,
): number | undefined {
  let slotMs = start.nextMs - start.intervalMs;
  const intervalMs = start.intervalMs;
  const zero = line.zeroMs;
  const rate = (line.stretch as { rate: number }).rate;
  const before = start.value;
  const divisor = line.divisor;
  const floor = Math.floor;
  const count = bytes.length;
  const firstMs = Math.floor(zero + (start.nextMs + jitters[bytes[0]]) * rate);
  const lastMs = Math.floor(zero + (slotMs + count * intervalMs + jitters[bytes[count - 1]]) * rate);
  let value = before;
  let text = "";
  // biome-ignore-start lint: one expression; a block with a variable costs a tenth more
  if (line.measured && firstMs >= TRUE_MS_MIN && lastMs < TRUE_MS_MAX) {
    for (const byte of bytes as unknown as number[]) text += (value += steps[byte]) / divisor;
    line.chars = text.length + count * POINT_CHARS;
    text = "";
  } else {
    for (const byte of bytes as unknown as number[]) {
      // biome-ignore format: see above
      text += ",[" + floor(zero + ((slotMs += intervalMs) + jitters[byte]) * rate) + "," + (value += steps[byte]) / divisor + "]";
    }
    line.chars = text.length;
  }
  // biome-ignore-end lint: see above
  if (value - before < NO_STEPS_SUM) return undefined;
  line.firstTrueMs = firstMs;
  line.lastTrueMs = lastMs;
  line.text = text;
  return value;
}

/**
 * A usual piece of a book of two words as text, in one loop from its bytes; returns its last value. Undefined when it has to be
 * read as arrays. `steps` is that of plain.ts. Names are looked up in the order in which they stand here.
 */
export function foldPairs(line: TextLine, start: PlainStart, bytes: Uint8Array, steps: Int16Array): number | undefined {
  if (!isUsual(line, start, bytes.length)) return undefined;
  const intervalMs = start.intervalMs;
  let slotMs = start.nextMs - intervalMs - start.jitterSpan;
  let value = start.value;
  const floor = Math.floor;
  const zero = line.zeroMs;
  const rate = (line.stretch as { rate: number }).rate;
  let text = "";
  const divisor = line.divisor;
  let lastMs = 0;
  const stepSpan = start.stepSpan;
  const stepSymbols = 2 * stepSpan + 1;
  const symbols = start.symbols;
  let sum = 0;
  for (let i = 0; i < bytes.length; ) {
    const first = steps[bytes[i++]];
    const second = steps[bytes[i++]];
    const symbol = first * DATA_WORDS + second;
    const step = symbol % stepSymbols;
    if (symbol >= symbols) return undefined;
    sum += first + second;
    slotMs += intervalMs;
    value += step - stepSpan;
    lastMs = floor(zero + (slotMs + (symbol - step) / stepSymbols) * rate);
    text += `,[${lastMs},${value / divisor}]`;
  }
  if (sum < 0) return undefined;
  line.firstTrueMs = parseInt(text.substr(2, 15), 10);
  line.lastTrueMs = lastMs;
  line.chars = text.length;
  line.text = text;
  return value;
}
