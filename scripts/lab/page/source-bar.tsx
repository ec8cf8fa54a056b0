/** What is run: a scenario with its seed, a script, a recording that is dropped here. And what can be taken home. */
import { useRef, useState } from "preact/hooks";
import type { Keepsake, RunSource } from "../protocol.ts";
import type { LabControl } from "./lab-control.ts";
import type { LabState, Store } from "./lab-state.ts";
import type { RunData } from "./run-data.ts";

/** The unit in a world where nothing is wrong until somebody clicks. */
const FREE_PLAY = "free play";

/** It goes on for a year, so that a click is taken up by the run as it stands. */
function freePlay(seed: number): RunSource {
  return { device: { kind: "file" }, script: { scenario: FREE_PLAY, seed, atLeast: "365d", until: "400d" } };
}

interface BarProps {
  store: Store;
  control: LabControl;
  run: RunData | undefined;
}

export function SourceBar({ store, control, run }: BarProps) {
  const { hello } = store.state;
  const script = run?.info.source.script;
  const scenario = hello?.scenarios.find((one) => one.name === script?.scenario);
  const seed = script?.seed ?? 1;
  const open = (name: string, wanted: number) =>
    name === FREE_PLAY ? control.open(freePlay(wanted)) : control.openScenario(name, wanted);
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <div class="source">
      <label>
        scenario{" "}
        <select
          value={scenario?.name ?? ""}
          title={scenario?.about ?? "a script or a recording of your own"}
          onChange={(event) => open(event.currentTarget.value, seed)}
        >
          {scenario === undefined && <option value="">{script?.scenario ?? "…"}</option>}
          {script?.scenario !== FREE_PLAY && <option value={FREE_PLAY}>{FREE_PLAY}</option>}
          {hello?.scenarios.map(({ name, about, unable }) => (
            <option key={name} value={name} disabled={unable !== undefined} title={unable ?? about}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        seed{" "}
        <input
          class="seed"
          type="number"
          min={0}
          step={1}
          value={seed}
          disabled={scenario === undefined}
          onChange={(event) => scenario && open(scenario.name, Number(event.currentTarget.value) || 1)}
        />
      </label>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Script, data …
      </button>
      <SourceDialog dialog={dialog} store={store} control={control} run={run} />
      <KeepButtons store={store} control={control} run={run} />
    </div>
  );
}

function SourceDialog({ dialog, control, run, store }: BarProps & { dialog: { current: HTMLDialogElement | null } }) {
  const text = useRef<HTMLTextAreaElement>(null);
  const streams = useRef<HTMLInputElement>(null);
  const close = () => dialog.current?.close();
  const json = run === undefined ? "{}" : JSON.stringify(run.info.source.script, null, 2);
  const openScript = async () => {
    await control.openScript(text.current?.value ?? "{}");
    if (store.state.notice?.isError !== true) close();
  };
  return (
    <dialog ref={dialog} aria-label="Script and data">
      <h2>Script</h2>
      <p class="quiet">
        What happens to the unit and its world; what you clicked stands here too. The names are those of simulate().
      </p>
      {/* The key puts a new text in when the script has changed. */}
      <textarea key={json} ref={text} spellcheck={false} rows={16} aria-label="Script as JSON">
        {json}
      </textarea>
      {store.state.notice?.isError && <p class="bad">{store.state.notice.text}</p>}
      <div class="buttons">
        <button type="button" onClick={openScript}>
          Run this script
        </button>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      <h2>Recorded readings</h2>
      <p class="quiet">
        A CSV file: a column “time”, then one column for each sensor. Choose it here, or drop it anywhere on the page.
      </p>
      <label>
        columns to log <input ref={streams} placeholder="all of them, or temperature=v1:1,co2=v2:0" size={36} />
      </label>
      <input
        type="file"
        accept=".csv,text/csv,text/plain"
        aria-label="CSV file"
        onChange={async (event) => {
          const file = event.currentTarget.files?.[0];
          if (file !== undefined) await openRecording(file, control, store.state, streams.current?.value);
          close();
        }}
      />
    </dialog>
  );
}

/** Runs a recording: a week offline, unless the script of the run says otherwise. */
export async function openRecording(file: File, control: LabControl, state: LabState, streams?: string): Promise<void> {
  const csv = await file.text();
  const { seed, offline } = state.runs[state.focus]?.info.source.script ?? {};
  await control.open({
    device: { kind: "recording", fileName: file.name, csv, ...(streams ? { streams } : {}) },
    script: { scenario: file.name, seed: seed ?? 1, ...(offline === undefined ? {} : { offline }) },
  });
}

function KeepButtons({ store, control, run }: BarProps) {
  const [said, say] = useState("");
  const keep = (use: (kept: Keepsake) => Promise<string> | string) => async () => {
    const kept = await control.keep();
    if (kept === undefined) return;
    say(await use(kept));
    setTimeout(() => say(""), 3000);
  };
  const copy = (text: string, what: string) =>
    navigator.clipboard.writeText(text).then(
      () => `${what} copied`,
      () => {
        store.set({ notice: { text: `The browser does not let the page copy. ${what}: ${text}`, isError: false } });
        return "";
      },
    );
  const disabled = run === undefined;
  const nameOf = (end: string) =>
    `lab-${run?.info.source.script.scenario ?? "run"}-${run?.info.source.script.seed ?? 1}${end}`;
  return (
    <div class="buttons keep">
      <button
        type="button"
        disabled={disabled}
        onClick={keep(linkOf(copy))}
        title="copy a link: the address holds seed, device and script"
      >
        Link
      </button>
      <button
        type="button"
        disabled={disabled}
        onClick={keep((kept) => copy(kept.testText, "Test"))}
        title="a Vitest scenario that comes to the same"
      >
        Copy as test
      </button>
      <button
        type="button"
        disabled={disabled}
        onClick={keep((kept) => copy(kept.command, "Command"))}
        title="copy the command that does the same at the desk"
      >
        Command
      </button>
      <button
        type="button"
        disabled={disabled}
        title="save the report as JSON"
        onClick={keep((kept) => save(nameOf(".json"), JSON.stringify(kept.report, null, 2), "application/json"))}
      >
        Report
      </button>
      <button
        type="button"
        disabled={disabled}
        title="save what the server holds as CSV"
        onClick={keep((kept) => save(nameOf(".csv"), kept.pointsCsv, "text/csv"))}
      >
        Points
      </button>
      <span role="status">{said}</span>
    </div>
  );
}

function linkOf(copy: (text: string, what: string) => Promise<string>) {
  return (kept: Keepsake) =>
    kept.hash === undefined
      ? "the recording is too long for a link: send the file"
      : copy(`${location.href.split("#")[0]}#${kept.hash}`, "Link");
}

/** Hands a file to the browser's downloads. */
export function save(name: string, text: string, type: string): string {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return `${name} saved`;
}
