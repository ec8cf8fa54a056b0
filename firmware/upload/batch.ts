/**
 * A run of one datastream's samples as the pieces of a JSON body. It is walked twice, once to measure (Content-Length
 * comes first) and once to send, and again after a lost answer: the same run gives the same bytes each time.
 */
import type { Segment, TimeMap } from "../clock/time-map.ts";
import { DATA_WORDS } from "../storage/format/code-words.ts";
import type { Fold, PlainStart, Ring } from "../storage/ring/ring.ts";

/** What a body depends on, and what may end it early while it is planned. Positions as in ring.ts. */
export interface Run {
  pin: number;
  from: number;
  /** Infinity while planned: as far as the other limits let it. */
  to: number;
  /** Version of the time map. */
  fixId: number;
  /** Every k-th sample is sent: those whose number in the run plus `thinPhase` is divisible. */
  thinEvery: number;
  thinPhase: number;
  /** The first timestamp is later than this. */
  afterTrueMs: number;
  pointsMax: number;
  /** The run ends before a sample that is later. */
  untilTrueMs: number;
}

/** Counts are those of the samples walked so far. */
export interface Batch {
  /** Walks on by one piece of at most 64 samples and puts its points into `text`. False when there is none left. */
  step(): boolean;
  /** Points of the last step with the commas between, "" when none of its samples is sent. */
  text: string;
  /** Position after the last sample walked. */
  to: number;
  samples: number;
  points: number;
  /** With the outer brackets. */
  bodyBytes: number;
  thinned: number;
  undatable: number;
  unrepresentable: number;
  corrupt: number;
  /** Timestamp of the last point. */
  lastTrueMs: number;
  /** The run consists of samples that can never be dated; it ends before the first that can. */
  never: boolean;
  /** The run ended before a sample that can't be dated well enough yet. */
  held: boolean;
}

const SCALES = [1, 10, 100, 1000, 10000];

/** v / 10^d as text was compared with the exact decimal on the interpreter below this; beyond it invents digits. */
const NATIVE_BELOW = 1e6;

/** `value` / 10^`decimals` as the shortest decimal, digit by digit. */
export function decimalText(value: number, decimals: number): string {
  if (value > -NATIVE_BELOW && value < NATIVE_BELOW) return `${value / SCALES[decimals]}`;
  let digits = `${value < 0 ? -value : value}`;
  if (decimals > 0) {
    // At least 1e6, so the point never comes first.
    const point = digits.length - decimals;
    let end = digits.length;
    while (end > point && digits.charAt(end - 1) === "0") end--;
    digits = digits.substr(0, point) + (end > point ? `.${digits.substring(point, end)}` : "");
  }
  return value < 0 ? `-${digits}` : digits;
}

/** More than a piece of plain words can add to a value. */
const STEPS_MAX = 100000;

/** Starts at the first piece of a run; nothing is read until the first step. */
export function openBatch(ring: Pick<Ring, "reader" | "decimals">, map: Pick<TimeMap, "date">, run: Run): Batch {
  const reader = ring.reader(run.pin, run.from, run.to);
  const decimals = ring.decimals(run.pin, run.from);
  const scale = SCALES[decimals];
  let over = false;
  let session = -1;
  let segment: Segment | undefined;
  /** True time is zeroMs + raw × rate, with the half that rounds it. */
  let zeroMs = 0;
  let held = false;
  let foldedTrueMs = 0;

  /** Looks up the stretch of the time map that a sample lies in. */
  const locate = (rawMs: number): void => {
    if (segment && reader.session === session && rawMs >= segment.fromRawMs && rawMs < segment.toRawMs) return;
    const dating = map.date(reader.session, rawMs, run.fixId);
    session = reader.session;
    held = dating.state === "held";
    segment = dating.state === "dated" ? dating.segment : undefined;
    if (segment) zeroMs = segment.trueMs - segment.fromRawMs * segment.rate + 0.5;
  };

  /**
   * Whether all samples of a piece are usual, asked once for all of them: the map keeps a segment's times certain enough,
   * and slots that far apart stay in order.
   */
  const isUsual = (start: PlainStart, bytes: number): boolean => {
    const samples = bytes / start.words;
    const spanMs = start.jitterSpan;
    const firstRawMs = start.nextMs - spanMs;
    const lastRawMs = start.nextMs + (samples - 1) * start.intervalMs + spanMs;
    return (
      segment !== undefined &&
      start.session === session &&
      firstRawMs >= segment.fromRawMs &&
      lastRawMs < segment.toRawMs &&
      start.intervalMs >= 2 * spanMs + 2 &&
      zeroMs + firstRawMs * segment.rate >= batch.lastTrueMs + 1 &&
      zeroMs - 0.5 + lastRawMs * segment.rate <= run.untilTrueMs &&
      batch.points + samples <= run.pointsMax &&
      (decimals === 0 || (start.value < NATIVE_BELOW - STEPS_MAX && start.value > STEPS_MAX - NATIVE_BELOW))
    );
  };

  /**
   * The usual piece, in one loop from its bytes to its text. On the interpreter adding to a text takes as long as mapping to
   * pairs and JSON.stringify, and a fifth of the JsVars. Names are looked up in the order in which they stand here.
   */
  const fold: Fold = (start, bytes, steps, jitters) => {
    if (!isUsual(start, bytes.length)) return undefined;
    const intervalMs = start.intervalMs;
    let slotMs = start.nextMs - intervalMs;
    let value = start.value;
    const floor = Math.floor;
    const zero = zeroMs;
    const rate = (segment as Segment).rate;
    let text = "";
    const divisor = scale;
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
      const symbols = stepSymbols * (2 * start.jitterSpan + 1);
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
    foldedTrueMs = lastMs;
    batch.text = batch.points > 0 ? text : text.substr(1);
    return value;
  };

  /** Sample by sample. Returns how many of the piece belong to the run. */
  const walkPiece = (rawMs: number[], values: number[]): number => {
    for (let i = 0; i < rawMs.length; i++) {
      const raw = rawMs[i];
      locate(raw);
      if (held) {
        batch.held = true;
        return i;
      }
      if (batch.samples > 0 && batch.never !== (segment === undefined)) return i;
      if (segment === undefined) {
        batch.never = true;
        batch.samples++;
        batch.undatable++;
        continue;
      }
      const exactMs = zeroMs + raw * segment.rate;
      if (exactMs - 0.5 > run.untilTrueMs) return i;
      const number = run.thinPhase + batch.samples;
      batch.samples++;
      let trueMs = Math.floor(exactMs);
      // Two samples in one ms would collapse on the server: moved on as far as the time is uncertain anyway.
      const late = batch.lastTrueMs + 1 - trueMs;
      if (run.thinEvery > 1 && number % run.thinEvery !== 0) batch.thinned++;
      else if (isNaN(values[i])) batch.unrepresentable++;
      else if (late > 0 && batch.lastTrueMs + 1 - (exactMs - 0.5) > segment.boundMs(raw)) batch.undatable++;
      else {
        if (late > 0) trueMs += late;
        batch.lastTrueMs = trueMs;
        const point = `${batch.points > 0 ? ",[" : "["}${trueMs},${decimalText(values[i], decimals)}]`;
        batch.bodyBytes += point.length;
        batch.text += point;
        batch.points++;
        if (batch.points === run.pointsMax) return i + 1;
      }
    }
    return rawMs.length;
  };

  /** Position after the first `taken` samples of the piece that was read from `from`. */
  const cut = (from: number, count: number, taken: number): number => {
    let high = reader.position - (count - taken);
    if (reader.position - from === count || reader.position % 4096 === count) return high;
    // Samples were lost within or before the piece, and only reading again tells where.
    let low = high - (high % 4096);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const part = ring.reader(run.pin, from, middle);
      let samples = 0;
      for (let n = part.next(); n > 0; n = part.next()) samples += n;
      if (samples < taken) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const step = (): boolean => {
    batch.text = "";
    if (over) return false;
    const from = batch.to;
    const count = reader.next(run.thinEvery === 1 && !batch.never ? fold : undefined);
    if (count === 0) {
      over = true;
      batch.to = run.to === Infinity ? reader.position : run.to;
      batch.corrupt = reader.corrupt;
      return false;
    }
    let taken = count;
    if (reader.folded) {
      batch.bodyBytes += batch.text.length;
      batch.points += count;
      batch.samples += count;
      batch.lastTrueMs = foldedTrueMs;
    } else {
      batch.text = "";
      taken = walkPiece(reader.rawMs, reader.values);
    }
    if (taken < count) over = true;
    if (taken > 0) {
      batch.to = taken < count ? cut(from, count, taken) : reader.position;
      // Every place of the piece's page holds a sample or the loss of one.
      batch.corrupt = reader.corrupt - (reader.position - batch.to - (count - taken));
    }
    if (batch.points === run.pointsMax) over = true;
    return taken > 0;
  };

  const batch: Batch = {
    step,
    text: "",
    to: run.from,
    samples: 0,
    points: 0,
    bodyBytes: 2,
    thinned: 0,
    undatable: 0,
    unrepresentable: 0,
    corrupt: 0,
    lastTrueMs: run.afterTrueMs,
    never: false,
    held: false,
  };
  return batch;
}
