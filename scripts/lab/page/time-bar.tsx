/** Time: run, pause, speed, step, and the bar that goes back to any moment. */
import type { LabControl } from "./lab-control.ts";
import type { LabState } from "./lab-state.ts";
import type { RunData } from "./run-data.ts";
import { DAY_MS, paceText, sincePowerOn, utc } from "./words.ts";

/** Simulated ms for each real ms. */
const SPEEDS: [string, number][] = [
  ["real time", 1],
  ["1 min/s", 60],
  ["1 h/s", 3600],
  ["6 h/s", 21_600],
  ["1 day/s", 86_400],
  ["1 week/s", 604_800],
  ["as fast as it goes", Number.POSITIVE_INFINITY],
];

interface BarProps {
  state: LabState;
  control: LabControl;
  run: RunData;
}

export function TimeBar({ state, control, run }: BarProps) {
  const { view, info } = run;
  const shownMs = run.seekMs ?? view.nowMs;
  return (
    <section class="time" aria-label="Time">
      <TimeButtons state={state} control={control} run={run} />
      <output class="clock">
        <b>{sincePowerOn(shownMs)}</b>
        <span>{utc(info.startMs + shownMs)} UTC</span>
        <span class="pace">{paceWords(run)}</span>
      </output>
      <input
        class="scrub"
        type="range"
        min={0}
        max={Math.max(1, Math.ceil(view.nowMs))}
        step="any"
        value={shownMs}
        aria-label="Moment that is shown"
        aria-valuetext={sincePowerOn(shownMs)}
        onInput={(event) => control.seek(Number(event.currentTarget.value))}
      />
      <BranchButtons state={state} control={control} run={run} />
      {state.progress !== undefined && <progress max={1} value={state.progress} aria-label="Replaying" />}
    </section>
  );
}

function TimeButtons({ state, control, run: { view } }: BarProps) {
  const button = (sign: string, label: string, title: string, act: () => void) => (
    <button type="button" aria-label={label} title={title} onClick={act}>
      {sign}
    </button>
  );
  return (
    <div class="buttons">
      <button
        type="button"
        class="play"
        aria-label={view.playing ? "Pause (space)" : "Run (space)"}
        onClick={() => control.toggle()}
      >
        {view.playing ? "❚❚" : "▶"}
      </button>
      {button("◀│", "Back to the event before (left arrow)", "event before  ←", () => control.stepBack())}
      {button("│▶", "On to the next event (right arrow)", "next event  →", () => void control.stepOn("event"))}
      {button(
        "·▶",
        "On to the next sample (shift and right arrow)",
        "next sample  Shift →",
        () => void control.stepOn("sample"),
      )}
      <button
        type="button"
        title="run one day further, at full speed"
        onClick={() => control.runTo(view.nowMs + DAY_MS)}
      >
        +1 day
      </button>
      <select
        aria-label="Speed"
        value={String(state.speed)}
        onChange={(event) => control.setSpeed(Number(event.currentTarget.value))}
      >
        {SPEEDS.map(([name, speed]) => (
          <option key={name} value={String(speed)}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function BranchButtons({ state, control, run }: BarProps) {
  const isPair = state.runs.a !== undefined && state.runs.b !== undefined;
  return (
    <div class="buttons">
      {run.seekMs !== undefined && (
        <>
          <button type="button" onClick={() => control.seek(undefined)} title="End">
            Back to now
          </button>
          <button type="button" onClick={() => control.goOnFromHere()} title="what came after is forgotten">
            Go on from here
          </button>
        </>
      )}
      {isPair ? (
        <button type="button" onClick={() => control.closeBranch()}>
          Close this run
        </button>
      ) : (
        <button
          type="button"
          onClick={() => control.branch()}
          title="a second run beside this one, from this moment  B"
        >
          Branch
        </button>
      )}
    </div>
  );
}

function paceWords({ view, seekMs }: RunData): string {
  if (view.broken !== undefined) return "void";
  if (seekMs !== undefined) return "in the past";
  if (view.playing) return view.pace > 0 ? paceText(view.pace) : "…";
  if (view.ended === "drained") return "all delivered";
  return view.ended === "until" ? "time is up" : "paused";
}
