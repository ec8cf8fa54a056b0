/** One datastream on the axis of time, by uPlot. */
import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colourOf } from "./colours.ts";
import { drawStream, firstFrom, STRIP_PX } from "./draw-stream.ts";
import type { StreamData } from "./run-data.ts";
import { grouped, utc } from "./words.ts";

/** Width of the values at the left, in CSS pixels; the timeline leaves as much. */
export const AXIS_PX = 60;
export const RIGHT_PX = 14;

interface ChartProps {
  stream: StreamData;
  /** Unix ms. */
  fromMs: number;
  toMs: number;
  height: number;
  /** Of a real device nobody knows what the server holds. */
  isServerKnown: boolean;
  onSeek(atMs: number): void;
  onZoom(fromMs: number, toMs: number): void;
}

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;

  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    const made = new uPlot(optionsOf(element, latest), [[], []], element);
    plot.current = made;
    const resized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    resized.observe(element);
    const onScheme = () => made.redraw(false, true);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", onScheme);
    return () => {
      scheme.removeEventListener("change", onScheme);
      resized.disconnect();
      made.destroy();
    };
  }, []);

  useLayoutEffect(() => {
    // The data lies in `stream`: uPlot gets the window only, and asks for the range of values itself.
    plot.current?.setData([
      [props.fromMs, props.toMs],
      [0, 0],
    ]);
  });

  const { stream } = props;
  const label = `${stream.pin} ${stream.name}`;
  const onServer = props.isServerKnown ? ` · ${grouped(stream.pointCount)} on the server` : "";
  const counts = `${grouped(stream.readingCount)} ${props.isServerKnown ? "measured" : "in flash"}${onServer}`;
  return (
    <figure class="chart" aria-label={`${label}: ${counts}`}>
      <figcaption>
        <b>{stream.pin}</b> {stream.name}
        <span class="numbers">{counts}</span>
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

/** Least and most value in the window, with room for the strip below. */
function rangeOf({ stream, fromMs, toMs, height }: ChartProps): [number, number] {
  const { readings, readingCount } = stream;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const to = firstFrom(readings, readingCount, toMs);
  for (let i = firstFrom(readings, readingCount, fromMs); i < to; i++) {
    const value = readings.y[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (low === high) [low, high] = [low - 1, high + 1];
  const room = (high - low) * 0.08;
  const strip = ((high - low + 2 * room) * (STRIP_PX + 3)) / Math.max(20, height - 40);
  return [low - room - strip, high + room];
}

function optionsOf(element: HTMLElement, latest: { current: ChartProps }): uPlot.Options {
  const stroke = () => colourOf("--quiet");
  const grid = { stroke: () => colourOf("--grid"), width: 1 };
  return {
    width: Math.max(100, element.clientWidth),
    height: latest.current.height,
    ms: 1,
    tzDate: (ms) => uPlot.tzDate(new Date(ms), "Etc/UTC"),
    padding: [4, RIGHT_PX, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      sync: { key: "lab", setSeries: false },
    },
    scales: { x: { time: true, range: (_, min, max) => [min, max] }, y: { range: () => rangeOf(latest.current) } },
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      { stroke, grid, ticks: grid, size: 24, font: "11px system-ui" },
      { stroke, grid, ticks: grid, size: AXIS_PX, font: "11px system-ui" },
    ],
    hooks: {
      draw: [(plot) => drawStream(plot, latest.current.stream)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 5) return;
          const { left, width } = plot.select;
          latest.current.onZoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [(plot) => showValue(plot, latest.current)],
      ready: [
        (plot) =>
          plot.over.addEventListener("click", () => {
            const { left } = plot.cursor;
            if (left !== undefined && left >= 0) latest.current.onSeek(plot.posToVal(left, "x"));
          }),
      ],
    },
  };
}

/** The sample under the pointer, in the chart's tooltip. */
function showValue(plot: uPlot, { stream }: ChartProps): void {
  const { left } = plot.cursor;
  if (left === undefined || left < 0) return void plot.over.removeAttribute("title");
  const ms = plot.posToVal(left, "x");
  const index = Math.min(stream.readingCount - 1, firstFrom(stream.readings, stream.readingCount, ms));
  if (index < 0) return;
  plot.over.title = `${utc(stream.readings.x[index])} UTC: ${stream.readings.y[index].toFixed(stream.decimals)}`;
}
