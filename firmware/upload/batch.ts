/**
 * A run of one datastream's samples as the pieces of a JSON body. It is walked twice, once to measure (Content-Length
 * comes first) and once to send, and again after a lost answer: the same run gives the same bytes each time.
 */
import { boundMsAt, type Segment, type TimeMap } from "../clock/time-map.ts";
import { decimalText, SCALES } from "../storage/format/decimal.ts";
import { type Position, positionOf, sampleIndexOf, sequenceOf } from "../storage/format/position.ts";
import type { Reader } from "../storage/ring/reader.ts";
import type { Storage } from "../storage/ring/ring.ts";
import type { TextLine } from "../storage/ring/text-fold.ts";
import type { SampleSource } from "./sample-source.ts";

/** What a body depends on, and what may end it early while it is planned. */
export interface Run {
  pin: number;
  from: Position;
  /** Infinity while planned: as far as the other limits let it. */
  to: Position;
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
  /** Where misdated points of the datastream stand on the server, 0 and 0 for nowhere: no point may meet one of them. */
  wrongFromMs: number;
  wrongToMs: number;
}

/** Counts are those of the samples walked so far. */
export interface Batch {
  /**
   * Walks on by one piece of at most 64 samples, or 128 that are only measured,
   * and puts its points into `text`. False when there is none left.
   */
  step(): boolean;
  /** Points of the last step with the commas between, "" when none of its samples is sent. */
  text: string;
  /** Position after the last sample walked. */
  to: Position;
  samples: number;
  points: number;
  /** With the outer brackets. */
  bodyBytes: number;
  thinned: number;
  undatable: number;
  unrepresentable: number;
  corrupt: number;
  /** Timestamp of the first point, 0 while there is none. */
  firstTrueMs: number;
  /** Timestamp of the last point. */
  lastTrueMs: number;
  /** Session of its sample, and the stretch of the time map that dated it; undefined while there is no point. */
  lastSession: number;
  lastSegment: Segment | undefined;
  /** The run consists of samples that can never be dated; it ends before the first that can. */
  never: boolean;
  /** The run ended before a sample that can't be dated well enough yet. */
  held: boolean;
}

/** Jitter of a misdated point, and of the sample that might meet it. */
const DODGE_MS = 20;
/** More where the two are far apart, as the rate of their map differs: a learned crystal's swing. */
const DODGE_PPM = 40;
const DODGE_MAX_MS = 100;

/**
 * The timestamp, moved on where it comes near one of the misdated points: the server must get no second value for a time. They
 * stand as regularly as the samples do, and the last of them at `run.wrongToMs`.
 */
function dodge(trueMs: number, run: Run, intervalMs: number): number {
  if (trueMs > run.wrongToMs || trueMs < run.wrongFromMs) return trueMs;
  const behindMs = run.wrongToMs - trueMs;
  const nearMs = Math.min(DODGE_MS + (behindMs * DODGE_PPM) / 1e6, DODGE_MAX_MS, intervalMs / 4);
  const apartMs = Math.round(behindMs / intervalMs) * intervalMs - behindMs;
  return Math.abs(apartMs) > nearMs ? trueMs : Math.ceil(trueMs + nearMs - apartMs);
}

/** What a batch is walked with. */
export interface BatchParts {
  storage: Storage;
  source: SampleSource;
  map: TimeMap;
}

/** A line that holds nowhere yet. */
function lineOf(run: Run, divisor: number, measured: boolean): TextLine {
  return {
    stretch: undefined,
    session: -1,
    zeroMs: 0,
    divisor,
    untilTrueMs: run.untilTrueMs,
    pointsMax: 0,
    afterTrueMs: 0,
    measured,
    text: "",
    chars: 0,
    firstTrueMs: 0,
    lastTrueMs: 0,
  };
}

/** What the steps of a batch share. */
interface Walk {
  parts: BatchParts;
  run: Run;
  batch: Batch;
  reader: Reader;
  decimals: number;
  /** Of the samples; 0 when no misdated points are in the way. */
  intervalMs: number;
  /** The stretch of the time map that the last sample lay in, if it has a time. */
  segment: Segment | undefined;
  /** How samples of `segment` become points. The half that rounds to the ms is in `zeroMs`. */
  line: TextLine;
}

/** Of a batch that is not walked, or not any more. */
export function noStep(): boolean {
  return false;
}

function openWalk(parts: BatchParts, run: Run, measured: boolean): Walk {
  "on demand";
  const storage = parts.storage;
  const decimals = parts.source.decimals(storage, run.pin, run.from);
  const batch: Batch = {
    step: noStep,
    text: "",
    to: run.from,
    samples: 0,
    points: 0,
    bodyBytes: 2,
    thinned: 0,
    undatable: 0,
    unrepresentable: 0,
    corrupt: 0,
    firstTrueMs: 0,
    lastTrueMs: run.afterTrueMs,
    lastSession: 0,
    lastSegment: undefined,
    never: false,
    held: false,
  };
  return {
    parts,
    run,
    batch,
    reader: parts.source.reader(storage, run.pin, run.from, run.to),
    decimals,
    intervalMs: run.wrongToMs > run.afterTrueMs ? parts.source.intervalMs(storage, run.pin, run.from) : 0,
    segment: undefined,
    line: lineOf(run, SCALES[decimals], measured),
  };
}

/** Looks up the stretch of the time map that a sample lies in. Returns whether its time is not known yet. */
function locate(walk: Walk, rawMs: number): boolean {
  const segment = walk.segment;
  const line = walk.line;
  const session = walk.reader.session;
  if (segment && session === line.session && rawMs >= segment.fromRawMs && rawMs < segment.toRawMs) return false;
  const dating = walk.parts.source.date(walk.parts.map, session, rawMs, walk.run.fixId);
  const found = dating.state === "dated" ? dating.segment : undefined;
  walk.segment = found;
  line.session = session;
  line.stretch = found;
  if (found) line.zeroMs = found.trueMs - found.fromRawMs * found.rate + 0.5;
  return dating.state === "held";
}

/** Sample by sample. Returns how many of the piece belong to the run. */
function walkPiece(walk: Walk): number {
  "on demand";
  const run = walk.run;
  const batch = walk.batch;
  const line = walk.line;
  const rawMs = walk.reader.rawMs;
  const values = walk.reader.values;
  for (let i = 0; i < rawMs.length; i++) {
    const raw = rawMs[i];
    if (locate(walk, raw)) {
      batch.held = true;
      return i;
    }
    const segment = walk.segment;
    if (batch.samples > 0 && batch.never !== (segment === undefined)) return i;
    if (segment === undefined) {
      batch.never = true;
      batch.samples++;
      batch.undatable++;
      continue;
    }
    const exactMs = line.zeroMs + raw * segment.rate;
    if (exactMs - 0.5 > run.untilTrueMs) return i;
    const number = run.thinPhase + batch.samples;
    batch.samples++;
    const trueMs = Math.floor(exactMs);
    // Two samples in one ms would collapse on the server: moved on as far as the time is uncertain anyway.
    const freeMs = Math.max(trueMs, batch.lastTrueMs + 1);
    const sentMs = walk.intervalMs > 0 ? dodge(freeMs, run, walk.intervalMs * segment.rate) : freeMs;
    if (run.thinEvery > 1 && number % run.thinEvery !== 0) batch.thinned++;
    else if (isNaN(values[i])) batch.unrepresentable++;
    else if (sentMs > trueMs && sentMs - (exactMs - 0.5) > boundMsAt(segment, raw)) batch.undatable++;
    else {
      if (batch.points === 0) batch.firstTrueMs = sentMs;
      batch.lastTrueMs = sentMs;
      batch.lastSession = line.session;
      batch.lastSegment = segment;
      const point = `${batch.points > 0 ? ",[" : "["}${sentMs},${decimalText(values[i], walk.decimals)}]`;
      batch.bodyBytes += point.length;
      batch.text += point;
      batch.points++;
      if (batch.points === run.pointsMax) return i + 1;
    }
  }
  return rawMs.length;
}

/** Position after the first `taken` samples of the piece of `count` that was read from `from`. */
function cut(walk: Walk, from: Position, count: number, taken: number): Position {
  "on demand";
  const reader = walk.reader;
  const pin = walk.run.pin;
  let high = reader.position - (count - taken);
  if (reader.position - from === count || sampleIndexOf(reader.position) === count) return high;
  // Samples were lost within or before the piece, and only reading again tells where.
  let low = positionOf(sequenceOf(high), 0);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const part = walk.parts.source.reader(walk.parts.storage, pin, from, middle);
    let samples = 0;
    for (let n = part.next(); n > 0; n = part.next()) samples += n;
    if (samples < taken) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Starts at the first piece of a run; nothing is read until the first step. `measured`: all is counted, but the texts are not
 * to be used. This takes half the time.
 */
export function openBatch(parts: BatchParts, run: Run, measured?: boolean): Batch {
  "on demand";
  const walk = openWalk(parts, run, measured === true);
  const batch = walk.batch;
  const reader = walk.reader;
  const line = walk.line;
  let over = false;

  /** Takes the text of a piece of `count` samples, all of which are points. */
  function takeText(count: number): void {
    batch.text = batch.points > 0 ? line.text : line.text.substr(1);
    batch.bodyBytes += batch.points > 0 ? line.chars : line.chars - 1;
    if (batch.points === 0) batch.firstTrueMs = line.firstTrueMs;
    batch.lastSession = line.session;
    batch.lastSegment = walk.segment;
    batch.points += count;
    batch.samples += count;
    batch.lastTrueMs = line.lastTrueMs;
  }

  function step(): boolean {
    batch.text = "";
    if (over) return false;
    const from = batch.to;
    line.afterTrueMs = batch.lastTrueMs;
    line.pointsMax = run.pointsMax - batch.points;
    // Only sample by sample can points be kept apart from the misdated ones.
    line.untilTrueMs =
      batch.lastTrueMs >= run.wrongToMs ? run.untilTrueMs : Math.min(run.untilTrueMs, run.wrongFromMs - 1);
    const count = reader.next(run.thinEvery === 1 && !batch.never ? line : undefined);
    if (count === 0) {
      over = true;
      batch.to = run.to === Infinity ? reader.position : run.to;
      batch.corrupt = reader.corrupt;
      return false;
    }
    let taken = count;
    if (reader.folded) takeText(count);
    else {
      taken = walkPiece(walk);
      // Long, as the text is, and no longer needed.
      reader.rawMs = [];
      reader.values = [];
    }
    // Long, and no longer needed.
    line.text = "";
    if (taken < count) over = true;
    if (taken > 0) {
      batch.to = taken < count ? cut(walk, from, count, taken) : reader.position;
      // Every place of the piece's page holds a sample or the loss of one.
      batch.corrupt = reader.corrupt - (reader.position - batch.to - (count - taken));
    }
    if (batch.points === run.pointsMax) over = true;
    return taken > 0;
  }

  batch.step = step;
  return batch;
}
