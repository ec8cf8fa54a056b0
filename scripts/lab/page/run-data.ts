/** What the page has of a run: the lists that only grow, put together from the views. */
import type { Have, RunInfo, StreamInfo, TimelineEntry, View } from "../protocol.ts";

/** Numbers that come in pieces. `x` and `y` have `length` numbers that count; behind them is room. */
export class Series {
  x = new Float64Array(1024);
  y = new Float64Array(1024);
  length = 0;

  /** Puts a piece at `from`: what was there and behind is replaced. */
  put(from: number, x: Float64Array, y: Float64Array): void {
    const length = from + x.length;
    if (length > this.x.length) {
      this.x = grown(this.x, length);
      this.y = grown(this.y, length);
    }
    this.x.set(x, from);
    this.y.set(y, from);
    this.length = length;
  }
}

function grown(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(length, 2 * numbers.length));
  larger.set(numbers);
  return larger;
}

export interface StreamData extends StreamInfo {
  readings: Series;
  /** How many of `readings` lie at or before the moment that is shown. */
  readingCount: number;
  points: Series;
  pointCount: number;
  /** As in protocol.ts: three numbers for each run of samples. */
  states: Uint32Array;
  counts: number[];
  failed: number;
}

export interface RunData {
  info: RunInfo;
  view: View;
  streams: StreamData[];
  timeline: TimelineEntry[];
  /** The last of all lines that the console printed. */
  lines: View["lines"];
  /** Number of all that it printed. */
  linesEnd: number;
  /** The past moment that somebody looks at; undefined: the present. */
  seekMs: number | undefined;
}

/** Lines of the console that the page keeps. */
const LINES_MAX = 20_000;

/** The first view of a run, into lists of its own. */
export function createRunData(info: RunInfo, view: View): RunData {
  const data: RunData = { info, view, streams: [], timeline: [], lines: [], linesEnd: 0, seekMs: undefined };
  mergeView(data, view);
  return data;
}

/** What the next question for a view says that the page has. */
export function haveOf({ streams, timeline, linesEnd }: RunData): Have {
  return {
    readings: Object.fromEntries(streams.map(({ pin, readings }) => [pin, readings.length])),
    points: Object.fromEntries(streams.map(({ pin, points }) => [pin, points.length])),
    timeline: timeline.length,
    lines: linesEnd,
  };
}

export const NOTHING: Have = { readings: {}, points: {}, timeline: 0, lines: 0 };

export function mergeView(data: RunData, view: View): void {
  for (const one of view.streams) {
    const stream = streamOf(data, one.pin);
    stream.readings.put(one.readings.from, one.readings.trueMs, one.readings.values);
    stream.points.put(one.points.from, one.points.ts, one.points.values);
    stream.readingCount = one.readings.count;
    stream.pointCount = one.points.count;
    stream.states = one.states;
    stream.counts = one.counts;
    stream.failed = one.failed;
  }
  data.timeline.push(...view.timeline);
  data.lines.push(...view.lines);
  data.linesEnd = Math.max(data.linesEnd, view.linesFrom) + view.lines.length;
  if (data.lines.length > LINES_MAX) data.lines.splice(0, data.lines.length - LINES_MAX);
  data.view = view;
}

function streamOf(data: RunData, pin: string): StreamData {
  const known = data.streams.find((one) => one.pin === pin);
  if (known !== undefined) return known;
  const info = data.info.streams.find((one) => one.pin === pin) ?? { pin, name: "", decimals: 2, intervalMs: 60_000 };
  const stream: StreamData = {
    ...info,
    readings: new Series(),
    readingCount: 0,
    points: new Series(),
    pointCount: 0,
    states: new Uint32Array(0),
    counts: [],
    failed: 0,
  };
  data.streams.push(stream);
  return stream;
}
