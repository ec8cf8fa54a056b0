/** The page: simulated units, or a real one. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { LabControl } from "./lab-control.ts";
import { type Store, sentenceOf } from "./lab-state.ts";
import type { RunData } from "./run-data.ts";
import { RunCharts, RunSide } from "./run-view.tsx";
import { openRecording, SourceBar } from "./source-bar.tsx";
import { TimeBar } from "./time-bar.tsx";
import { World } from "./world.tsx";

export interface AppProps {
  store: Store;
  control: LabControl;
  /** The part for real devices is fetched when it is needed. Puts itself into the element, and returns what takes it away. */
  showDevice(into: HTMLElement): Promise<() => void>;
}

export function App(props: AppProps) {
  const { store, control } = props;
  const [, draw] = useState(0);
  const [isReal, setReal] = useState(false);
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => store.subscribe(() => draw((n) => n + 1)), [store]);
  useEffect(() => listenToKeys(control, () => isReal, help), [control, isReal]);
  const { state } = store;
  const run = state.runs[state.focus];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a file can be dropped anywhere; the dialog has a button for it
    <div
      class="lab"
      aria-busy={state.asked > 0 || run === undefined}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) void openRecording(file, control, state);
      }}
    >
      <header>
        <h1>
          backfill <span>lab</span>
        </h1>
        <nav class="buttons" aria-label="Simulated or real">
          <button type="button" aria-pressed={!isReal} onClick={() => setReal(false)}>
            Simulated
          </button>
          <button type="button" aria-pressed={isReal} onClick={() => setReal(true)}>
            Real device
          </button>
        </nav>
        {!isReal && <SourceBar store={store} control={control} run={run} />}
        <button
          type="button"
          class="help"
          aria-label="Keys and colours"
          title="keys  ?"
          onClick={() => help.current?.showModal()}
        >
          ?
        </button>
      </header>
      <Notice store={store} />
      {isReal ? <RealDevice {...props} /> : <Simulated {...props} />}
      <HelpDialog dialog={help} />
    </div>
  );
}

function Notice({ store }: { store: Store }) {
  const { notice } = store.state;
  if (notice === undefined) return null;
  return (
    <p class={notice.isError ? "notice bad" : "notice"} role="alert">
      {notice.text}
      <button type="button" aria-label="Close this message" onClick={() => store.set({ notice: undefined })}>
        ×
      </button>
    </p>
  );
}

function Simulated({ store, control }: AppProps) {
  const { state } = store;
  const run = state.runs[state.focus];
  if (run === undefined) return <p class="loading">{state.notice === undefined ? "The unit is being built …" : ""}</p>;
  const runs = [state.runs.a, state.runs.b].filter((one) => one !== undefined) as RunData[];
  const isPair = runs.length > 1;
  return (
    <>
      <TimeBar state={state} control={control} run={run} />
      {run.view.broken !== undefined && (
        <p class="notice bad" role="alert">
          The firmware did what hardware can't do: {run.view.broken}. The run is void. Please report it with the link.
        </p>
      )}
      <main class={isPair ? "pair" : ""}>
        <World run={run} control={control} />
        {runs.map((one) => (
          <RunCharts key={one.info.run} store={store} control={control} run={one} isPair={isPair} />
        ))}
        <RunSide run={run} control={control} isPair={isPair} />
      </main>
    </>
  );
}

function RealDevice({ showDevice, store }: AppProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let takeAway: (() => void) | undefined;
    let isGone = false;
    showDevice(box.current as HTMLDivElement).then(
      (done) => {
        if (isGone) done();
        else takeAway = done;
      },
      (error) => store.set({ notice: { text: sentenceOf(error), isError: true } }),
    );
    return () => {
      isGone = true;
      takeAway?.();
    };
  }, [showDevice, store]);
  return <div ref={box} class="real" />;
}

const KEYS: [string, string][] = [
  ["space", "run, pause"],
  ["→ ←", "next event, event before"],
  ["Shift →", "next sample"],
  ["Home End", "power-on, now"],
  ["B", "branch: a second run from this moment"],
  ["P", "press the unit's button"],
  ["X, Shift X", "cut the power; in the next flash write"],
  ["?", "this list"],
];

function HelpDialog({ dialog }: { dialog: { current: HTMLDialogElement | null } }) {
  return (
    <dialog ref={dialog} aria-label="Keys">
      <h2>Keys</h2>
      <dl class="keys-list">
        {KEYS.map(([key, what]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
      </dl>
      <p>
        On charts: click to go to a moment, drag to look closer, “all” to see everything again. Drop a CSV file anywhere
        to run its readings. Double-click a flash page to turn over one of its bits.
      </p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

/** Undoes itself. Keys are for the page unless somebody writes or chooses something. */
function listenToKeys(control: LabControl, isReal: () => boolean, help: { current: HTMLDialogElement | null }) {
  const acts: Record<string, () => void> = {
    " ": () => void control.toggle(),
    ArrowRight: () => void control.stepOn("event"),
    ArrowLeft: () => control.stepBack(),
    "Shift+ArrowRight": () => void control.stepOn("sample"),
    Home: () => control.seek(0),
    End: () => control.seek(undefined),
    b: () => void control.branch(),
    p: () => void control.act({ do: "press" }),
    x: () => void control.act({ do: "power", kind: "cut", offMs: 5000 }),
    "Shift+X": () => void control.act({ do: "cut-in-flash", offMs: 5000 }),
    "Shift+?": () => help.current?.showModal(),
    "?": () => help.current?.showModal(),
  };
  const onKey = (event: KeyboardEvent) => {
    const at = event.target as HTMLElement;
    const isTaken =
      at.closest("dialog[open], textarea, select") !== null || (at.tagName === "INPUT" && !at.matches(".scrub"));
    if (isReal() || isTaken || event.ctrlKey || event.metaKey || event.altKey) return;
    // Space on a button presses that button.
    if (event.key === " " && at.tagName === "BUTTON" && !at.matches(".play")) return;
    const act = acts[event.shiftKey ? `Shift+${event.key}` : event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
