/** One run: its charts, its timeline, its account, its unit and its flash. Two of them stand side by side. */
import { Account, Day } from "./account.tsx";
import { Chart } from "./chart.tsx";
import { FlashMap } from "./flash-map.tsx";
import type { LabControl } from "./lab-control.ts";
import type { Store } from "./lab-state.ts";
import { LogView } from "./log-view.tsx";
import { Panel } from "./panel.tsx";
import type { RunData } from "./run-data.ts";
import { Timeline } from "./timeline.tsx";
import { DAY_MS } from "./words.ts";

interface RunProps {
  store: Store;
  control: LabControl;
  run: RunData;
  /** Two runs share the width. */
  isPair: boolean;
}

const HOUR_MS = 3_600_000;
const WINDOWS: [string, number | undefined][] = [
  ["all", undefined],
  ["1 week", 7 * DAY_MS],
  ["1 day", DAY_MS],
  ["1 hour", HOUR_MS],
];
/** Heights in CSS pixels: of all that stands above and below the charts, of the account of a pair, of a chart's caption. */
const BESIDE_CHARTS_PX = 370;
const ACCOUNT_PX = 130;
const CAPTION_PX = 32;
/** Charts begin with a window of this length. */
const WINDOW_MIN_MS = 600_000;

/** Simulated ms that the charts show. */
function windowOf({ state }: Store, { view }: RunData): [number, number] {
  const { window } = state;
  if (Array.isArray(window)) return window;
  const toMs = Math.max(view.atMs, WINDOW_MIN_MS);
  return window === undefined ? [0, Math.max(view.nowMs, WINDOW_MIN_MS)] : [toMs - window, toMs];
}

export function RunCharts({ store, control, run, isPair }: RunProps) {
  const [fromMs, toMs] = windowOf(store, run);
  const { startMs } = run.info;
  const { window, focus } = store.state;
  const id = run.info.run;
  const roomPx = innerHeight - (isPair ? BESIDE_CHARTS_PX + ACCOUNT_PX : BESIDE_CHARTS_PX);
  const height = Math.max(84, Math.min(220, Math.floor(roomPx / Math.max(1, run.streams.length)) - CAPTION_PX));
  return (
    <section
      class={isPair && focus === id ? "run focused" : "run"}
      aria-label={`Run ${id.toUpperCase()}`}
      onPointerDown={() => focus !== id && store.set({ focus: id })}
    >
      <div class="run-head">
        {isPair && <b class="run-name">Run {id.toUpperCase()}</b>}
        <span class="keys">
          <i class="key truth" /> measured <i class="key server" /> on the server
        </span>
        <div class="buttons small">
          {WINDOWS.map(([name, ms]) => (
            <button type="button" key={name} aria-pressed={window === ms} onClick={() => store.set({ window: ms })}>
              {name}
            </button>
          ))}
        </div>
      </div>
      <div class="charts">
        {run.streams.length === 0 && <p class="quiet empty">Press ▶ (space) to let time pass.</p>}
        {run.streams.map((stream) => (
          <Chart
            key={`${id}${stream.pin}`}
            stream={stream}
            isServerKnown
            fromMs={startMs + fromMs}
            toMs={startMs + toMs}
            height={height}
            onSeek={(unixMs) => control.seek(unixMs - startMs)}
            onZoom={(from, to) => store.set({ window: [from - startMs, to - startMs] })}
          />
        ))}
      </div>
      <Timeline run={run} fromMs={fromMs} toMs={toMs} onSeek={(atMs) => control.seek(atMs)} />
      {isPair && <Account run={run} />}
      <LogView lines={run.lines} untilMs={run.view.atMs} title={`Log of run ${id.toUpperCase()}`} />
    </section>
  );
}

export function RunSide({ run, control, isPair }: Omit<RunProps, "store">) {
  const { label, pageBytes, pages } = run.info.region;
  return (
    <aside class="side" aria-label="State of the unit">
      {!isPair && <Account run={run} />}
      <Panel run={run} control={control} />
      <FlashMap
        flash={run.view.flash}
        title={`flash: ${label}, ${pages} × ${pageBytes / 1024} kB`}
        hasWear
        onHarm={(page) => control.act({ do: "flip", page, bit: 300 })}
      />
      <Day run={run} />
    </aside>
  );
}
