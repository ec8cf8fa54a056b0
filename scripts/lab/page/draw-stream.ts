/**
 * Draws a datastream into a uPlot: what was measured as a line, what the server holds as dots or a band behind it, and below
 * them a strip with the state of each sample. Many samples in a column of pixels become one stroke, so that 100,000 stay smooth.
 */
import type uPlot from "uplot";
import { colourOf } from "./colours.ts";
import type { Series, StreamData } from "./run-data.ts";
import { stateColour } from "./words.ts";

/** Of the strip, in CSS pixels. */
export const STRIP_PX = 9;
/** Samples get a dot each while they stand this far apart, in CSS pixels. */
const DOT_EVERY_PX = 4;

/** The index of the first that is not before `x`. */
export function firstFrom({ x }: Series, count: number, from: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (x[mid] < from) low = mid + 1;
    else high = mid;
  }
  return low;
}

interface Frame {
  ctx: CanvasRenderingContext2D;
  left: number;
  top: number;
  width: number;
  height: number;
  xOf(ms: number): number;
  yOf(value: number): number;
  minMs: number;
  maxMs: number;
  ratio: number;
}

export function drawStream(plot: uPlot, stream: StreamData): void {
  const { left, top, width, height } = plot.bbox;
  const { min, max } = plot.scales.x;
  const { min: low, max: high } = plot.scales.y;
  if (min == null || max == null || low == null || high == null) return;
  const frame: Frame = {
    ctx: plot.ctx,
    left,
    top,
    width,
    height,
    minMs: min,
    maxMs: max,
    ratio: devicePixelRatio,
    xOf: (ms) => left + ((ms - min) / (max - min)) * width,
    yOf: (value) => top + (1 - (value - low) / (high - low)) * height,
  };
  frame.ctx.save();
  frame.ctx.beginPath();
  frame.ctx.rect(left, top, width, height);
  frame.ctx.clip();
  drawPoints(frame, stream);
  drawReadings(frame, stream);
  drawStates(frame, stream);
  frame.ctx.restore();
}

/** What the server holds comes in no order of time: each column of pixels takes the least and the most. */
function drawPoints(frame: Frame, { points, pointCount }: StreamData): void {
  const { ctx, ratio } = frame;
  const lows = new Float32Array(Math.ceil(frame.width) + 1).fill(Number.NaN);
  const highs = new Float32Array(lows.length);
  for (let i = 0; i < pointCount; i++) {
    const column = Math.round(frame.xOf(points.x[i]) - frame.left);
    if (column < 0 || column >= lows.length) continue;
    const y = frame.yOf(points.y[i]);
    if (!(lows[column] <= y)) lows[column] = y;
    if (!(highs[column] >= y) || Number.isNaN(highs[column])) highs[column] = y;
  }
  ctx.fillStyle = colourOf("--server");
  const radius = 2 * ratio;
  for (let column = 0; column < lows.length; column++) {
    if (Number.isNaN(lows[column])) continue;
    ctx.fillRect(
      frame.left + column - radius,
      lows[column] - radius,
      2 * radius,
      highs[column] - lows[column] + 2 * radius,
    );
  }
}

function drawReadings(frame: Frame, stream: StreamData): void {
  const { ctx, ratio } = frame;
  const { readings, readingCount } = stream;
  const from = Math.max(0, firstFrom(readings, readingCount, frame.minMs) - 1);
  const to = Math.min(readingCount, firstFrom(readings, readingCount, frame.maxMs) + 1);
  ctx.strokeStyle = colourOf("--truth");
  ctx.lineWidth = 1.25 * ratio;
  ctx.lineJoin = "round";
  ctx.beginPath();
  const gapMs = stream.intervalMs * 3;
  let lastMs = Number.NaN;
  for (let i = from; i < to; ) {
    const x = Math.round(frame.xOf(readings.x[i]));
    const isNew = !(readings.x[i] - lastMs <= gapMs);
    let low = readings.y[i];
    let high = low;
    let last = low;
    const first = low;
    for (i++; i < to && Math.round(frame.xOf(readings.x[i])) === x; i++) {
      last = readings.y[i];
      if (last < low) low = last;
      if (last > high) high = last;
    }
    lastMs = readings.x[i - 1];
    if (isNew) ctx.moveTo(x, frame.yOf(first));
    else ctx.lineTo(x, frame.yOf(first));
    if (high > low) {
      ctx.lineTo(x, frame.yOf(low));
      ctx.lineTo(x, frame.yOf(high));
      ctx.lineTo(x, frame.yOf(last));
    }
  }
  ctx.stroke();
  if ((to - from) * DOT_EVERY_PX * ratio < frame.width) drawDots(frame, stream, from, to);
}

function drawDots(frame: Frame, { readings, states }: StreamData, from: number, to: number): void {
  const { ctx, ratio } = frame;
  for (let run = 0; run < states.length; run += 3) {
    const start = Math.max(from, states[run]);
    const end = Math.min(to, states[run + 1]);
    if (start >= end) continue;
    ctx.fillStyle = colourOf(stateColour(states[run + 2]));
    for (let i = start; i < end; i++) {
      ctx.beginPath();
      ctx.arc(frame.xOf(readings.x[i]), frame.yOf(readings.y[i]), 2 * ratio, 0, 7);
      ctx.fill();
    }
  }
}

function drawStates(frame: Frame, { readings, readingCount, states, intervalMs }: StreamData): void {
  const { ctx, ratio } = frame;
  const height = STRIP_PX * ratio;
  const top = frame.top + frame.height - height;
  ctx.fillStyle = colourOf("--panel");
  ctx.fillRect(frame.left, top, frame.width, height);
  for (let run = 0; run < states.length; run += 3) {
    const last = Math.min(states[run + 1], readingCount) - 1;
    if (last < states[run]) continue;
    const from = frame.xOf(readings.x[states[run]]);
    const to = frame.xOf(readings.x[last] + intervalMs);
    if (to < frame.left || from > frame.left + frame.width) continue;
    const colour = stateColour(states[run + 2]);
    ctx.fillStyle = colourOf(colour);
    // What was dropped is thinner too: colour alone tells not everybody.
    const isDropped = colour === "--dropped";
    ctx.fillRect(from, isDropped ? top + height / 2 : top, Math.max(ratio, to - from), isDropped ? height / 2 : height);
  }
}
