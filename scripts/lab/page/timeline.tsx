/** Power, Wi-Fi, times, requests and verdicts, one lane each, on the charts' axis. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TimelineEntry } from "../protocol.ts";
import { AXIS_PX, RIGHT_PX } from "./chart.tsx";
import { colourOf } from "./colours.ts";
import type { RunData } from "./run-data.ts";
import { sincePowerOn } from "./words.ts";

const LANES = ["power", "Wi-Fi", "clock", "requests", "syncs", "hands"] as const;
type Lane = (typeof LANES)[number];
const LANE_PX = 16;
const HEIGHT_PX = LANES.length * LANE_PX + 4;

interface TimelineProps {
  run: RunData;
  /** Simulated ms. */
  fromMs: number;
  toMs: number;
  onSeek(atMs: number): void;
}

export function Timeline(props: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [, draw] = useState(0);
  useEffect(() => {
    const resized = new ResizeObserver(() => draw((n) => n + 1));
    resized.observe(canvas.current as HTMLCanvasElement);
    return () => resized.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (canvas.current !== null) drawTimeline(canvas.current, props);
  });
  const at = (event: MouseEvent) => {
    const element = event.currentTarget as HTMLCanvasElement;
    const share = (event.offsetX - AXIS_PX) / (element.clientWidth - AXIS_PX - RIGHT_PX);
    return props.fromMs + Math.min(1, Math.max(0, share)) * (props.toMs - props.fromMs);
  };
  const { run } = props;
  const last = run.timeline[run.view.timelineCount - 1];
  return (
    <canvas
      ref={canvas}
      class="timeline"
      style={{ height: `${HEIGHT_PX}px` }}
      role="img"
      aria-label={`Timeline, ${run.view.timelineCount} events. ${last === undefined ? "" : `The last: ${entryText(last)}, ${sincePowerOn(last.atMs)}.`}`}
      onClick={(event) => props.onSeek(at(event))}
      onMouseMove={(event) => {
        event.currentTarget.title = nearText(run, at(event), (props.toMs - props.fromMs) / 100);
      }}
    />
  );
}

/** What an entry says, in words. */
export function entryText(entry: TimelineEntry): string {
  switch (entry.what) {
    case "power":
      return entry.on ? `power on (${entry.why})` : `power off (${entry.why})`;
    case "wifi":
      return entry.joined === undefined ? "Wi-Fi lost" : `Wi-Fi joined ${entry.joined}`;
    case "fix":
      return `clock known within ${Math.round(entry.boundMs)} ms (${entry.by})`;
    case "request":
      return `${entry.points} points of ${entry.pin}: ${entry.stored ? "taken" : "not taken"}, ${entry.answer}`;
    case "verdict":
      return `sync: ${entry.verdict === 0 ? "" : `${entry.verdict} blinks, `}${entry.text}`;
    case "press":
      return "button pressed";
    case "clock":
      return "clock set by hand";
    case "flash":
      return entry.text;
  }
}

function nearText({ timeline, view }: RunData, atMs: number, withinMs: number): string {
  const near = timeline
    .slice(0, view.timelineCount)
    .filter((one) => Math.abs(one.atMs - atMs) <= withinMs)
    .slice(-8)
    .map((one) => `${sincePowerOn(one.atMs)}: ${entryText(one)}`);
  return near.length > 0 ? near.join("\n") : sincePowerOn(atMs);
}

interface Pen {
  ctx: CanvasRenderingContext2D;
  xOf(ms: number): number;
  right: number;
}

function drawTimeline(canvas: HTMLCanvasElement, { run, fromMs, toMs }: TimelineProps): void {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  canvas.width = width * ratio;
  canvas.height = HEIGHT_PX * ratio;
  const ctx = canvas.getContext("2d");
  if (ctx === null) return;
  ctx.scale(ratio, ratio);
  const right = width - RIGHT_PX;
  const xOf = (ms: number) =>
    Math.min(right, Math.max(AXIS_PX, AXIS_PX + ((ms - fromMs) / (toMs - fromMs)) * (right - AXIS_PX)));
  ctx.font = "11px system-ui";
  ctx.textBaseline = "middle";
  for (const [lane, name] of LANES.entries()) {
    ctx.fillStyle = colourOf("--quiet");
    ctx.textAlign = "right";
    ctx.fillText(name, AXIS_PX - 6, middleOf(name));
    ctx.fillStyle = colourOf("--grid");
    ctx.fillRect(AXIS_PX, (lane + 1) * LANE_PX, right - AXIS_PX, 1);
  }
  const pen = { ctx, xOf, right };
  const entries = run.timeline.slice(0, run.view.timelineCount);
  drawBars(pen, entries, run.view.atMs);
  for (const entry of entries) if (entry.atMs >= fromMs && entry.atMs <= toMs) drawMark(pen, entry);
  const x = xOf(run.view.atMs);
  ctx.fillStyle = colourOf("--ink");
  ctx.fillRect(Math.min(right - 1, x), 0, 1.5, HEIGHT_PX);
}

const middleOf = (lane: Lane) => LANES.indexOf(lane) * LANE_PX + LANE_PX / 2 + 1;

/** Stretches with power, and with Wi-Fi. */
function drawBars({ ctx, xOf }: Pen, entries: TimelineEntry[], atMs: number): void {
  let poweredMs: number | undefined;
  let joinedMs: number | undefined;
  const bar = (lane: Lane, colour: string, from: number | undefined, to: number) => {
    if (from === undefined) return;
    ctx.fillStyle = colourOf(colour);
    ctx.fillRect(xOf(from), middleOf(lane) - 4, Math.max(1, xOf(to) - xOf(from)), 8);
  };
  for (const entry of entries) {
    if (entry.what === "power") {
      bar("power", "--truth", poweredMs, entry.atMs);
      poweredMs = entry.on ? entry.atMs : undefined;
    }
    const isLeft = entry.what === "power" || entry.what === "wifi";
    if (isLeft) {
      bar("Wi-Fi", "--sending", joinedMs, entry.atMs);
      joinedMs = entry.what === "wifi" && entry.joined !== undefined ? entry.atMs : undefined;
    }
  }
  bar("power", "--truth", poweredMs, atMs);
  bar("Wi-Fi", "--sending", joinedMs, atMs);
}

function drawMark({ ctx, xOf }: Pen, entry: TimelineEntry): void {
  const x = xOf(entry.atMs);
  const mark = (lane: Lane, colour: string, height: number) => {
    ctx.fillStyle = colourOf(colour);
    ctx.fillRect(x - 1, middleOf(lane) - height / 2, 2, height);
  };
  if (entry.what === "fix") mark("clock", "--delivered", 10);
  else if (entry.what === "clock") mark("hands", "--undated", 10);
  else if (entry.what === "press") mark("hands", "--ink", 10);
  else if (entry.what === "flash") mark("hands", "--lost", 12);
  else if (entry.what === "power" && !entry.on) mark("power", "--lost", 14);
  else if (entry.what === "request") {
    // Taken: a full bar. Not taken: a short one of another colour.
    mark("requests", entry.stored ? "--delivered" : "--lost", entry.stored ? 12 : 6);
  } else if (entry.what === "verdict") {
    ctx.fillStyle = colourOf(entry.verdict === 0 ? "--delivered" : "--pending");
    ctx.beginPath();
    ctx.arc(x, middleOf("syncs"), 3.5, 0, 7);
    ctx.fill();
  }
}
