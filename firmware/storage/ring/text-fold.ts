import { DATA_WORDS } from "../format/code-words.ts";
import { NATIVE_BELOW } from "../format/decimal.ts";
import type { RawMs, TrueMs } from "../format/times.ts";
import type { PlainStart } from "./plain.ts";

/** More than a piece of plain words can add to a value. */
const STEPS_MAX = 100000;

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
  /** What a piece that was folded leaves: its points as `,[timestamp,value]` each, to be taken at once, as the text is long. */
  text: string;
  /** And its last timestamp. */
  lastTrueMs: TrueMs;
}

/**
 * Whether all samples of a piece are usual, asked once for all of them: each lies on the line, within its limits, and the
 * slots are so far apart that jitter does not change their order.
 */
function isUsual(line: TextLine, start: PlainStart, bytes: number): boolean {
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
 * A usual piece of plain words as text, in one loop from its bytes; returns its last value. Undefined when it has to be
 * read as arrays. `steps` and `jitters` are those of plain.ts, which also finds out whether a byte was not a sample. On the
 * interpreter, adding to a text takes as long as mapping to pairs and JSON.stringify, and a fifth of the JsVars. Names are
 * looked up in the order in which they stand here.
 */
export function foldText(
  line: TextLine,
  start: PlainStart,
  bytes: Uint8Array,
  steps: Int16Array,
  jitters: Int8Array,
): number | undefined {
  if (!isUsual(line, start, bytes.length)) return undefined;
  const intervalMs = start.intervalMs;
  let slotMs = start.nextMs - intervalMs;
  let value = start.value;
  const floor = Math.floor;
  const zero = line.zeroMs;
  const rate = (line.stretch as { rate: number }).rate;
  let text = "";
  const divisor = line.divisor;
  let lastMs = 0;
  if (start.words === 1) {
    for (const byte of bytes as unknown as number[]) {
      // One expression, and no template: either costs a tenth of the whole loop on the interpreter.
      // biome-ignore-start lint: see above
      // biome-ignore format: see above
      text += ",[" + floor(zero + ((slotMs += intervalMs) + jitters[byte]) * rate) + "," + (value += steps[byte]) / divisor + "]";
      // biome-ignore-end lint: see above
    }
    lastMs = floor(zero + (slotMs + jitters[bytes[bytes.length - 1]]) * rate);
  } else {
    const stepSpan = start.stepSpan;
    const stepSymbols = 2 * stepSpan + 1;
    const symbols = start.symbols;
    let sum = 0;
    slotMs -= start.jitterSpan;
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
  }
  line.lastTrueMs = lastMs;
  line.text = text;
  return value;
}
