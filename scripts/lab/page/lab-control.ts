/** What somebody can do on the page: each is a question to the engine, and then a look at what came of it. */
import type { Action, Keepsake, RunId, RunInfo, RunSource } from "../protocol.ts";
import type { Engine } from "./engine.ts";
import { type Store, sentenceOf } from "./lab-state.ts";
import { createRunData, haveOf, mergeView, NOTHING, type RunData } from "./run-data.ts";

export interface LabControl {
  /** Opens what the address bar says, or the first scenario. */
  start(hash: string): Promise<void>;
  open(source: RunSource): Promise<void>;
  openScenario(name: string, seed: number): Promise<void>;
  /** A script as JSON text, for the device of the run. */
  openScript(json: string): Promise<void>;
  /** Plays or pauses all runs. */
  toggle(): Promise<void>;
  setSpeed(speed: number): Promise<void>;
  stepOn(to: "event" | "sample"): Promise<void>;
  /** Shows the event before the shown moment. */
  stepBack(): void;
  /** Shows a past moment; undefined: the present. */
  seek(atMs: number | undefined): void;
  /** Goes to a moment ahead. */
  runTo(atMs: number): Promise<void>;
  /** Makes the shown moment the present. */
  goOnFromHere(): Promise<void>;
  branch(): Promise<void>;
  closeBranch(): Promise<void>;
  act(action: Action): Promise<void>;
  keep(): Promise<Keepsake | undefined>;
}

/** What the page has beside the engine. */
export interface Surroundings {
  /** Writes the address bar. */
  putHash(hash: string): void;
  /** Calls back after the next frame, and `delayMs` later at least. */
  later(act: () => void, delayMs: number): void;
}

/** What a new visitor sees. */
const FIRST = { scenario: "week-offline", seed: 1 };
const IDS: RunId[] = ["a", "b"];
/** While time passes, a view is asked for this often. */
const VIEW_EVERY_MS = 80;

export function createLabControl(engine: Engine, store: Store, surroundings: Surroundings): LabControl {
  const { state, set, attempt } = store;
  const { look, show } = createLooks(engine, store, surroundings);

  const openIds = () => IDS.filter((id) => state.runs[id] !== undefined);
  const shownMs = (run: RunData) => run.seekMs ?? run.view.nowMs;

  async function open(source: RunSource): Promise<void> {
    const info = await engine.ask({ ask: "open", run: "a", source });
    if (state.runs.b !== undefined) await engine.ask({ ask: "close", run: "b" });
    state.runs.b = undefined;
    set({ focus: "a", window: undefined });
    await show("a", info);
  }

  async function openScenario(name: string, seed: number): Promise<void> {
    await open(await engine.ask({ ask: "scenario", name, seed }));
  }

  /** Does something to each run that is open, then looks. */
  async function withEach(work: (id: RunId, run: RunData) => Promise<unknown>): Promise<void> {
    for (const id of openIds()) {
      await work(id, state.runs[id] as RunData);
      void look(id);
    }
  }

  async function play(): Promise<void> {
    await withEach(async (id, run) => {
      run.seekMs = undefined;
      if (run.view.ended === undefined) await engine.ask({ ask: "play", run: id, speed: state.speed });
    });
  }

  async function start(hash: string): Promise<void> {
    set({ hello: await engine.ask({ ask: "hello" }) });
    if (hash !== "") {
      const source = await attempt(() => engine.ask({ ask: "read-link", hash }));
      if (source !== undefined) return void (await attempt(() => open(source)));
    }
    const { notice } = state;
    await attempt(() => openScenario(FIRST.scenario, FIRST.seed));
    if (notice !== undefined) set({ notice });
  }

  function seek(atMs: number | undefined): void {
    for (const id of openIds()) {
      const run = state.runs[id] as RunData;
      run.seekMs = atMs === undefined || atMs >= run.view.nowMs ? undefined : Math.max(0, atMs);
      void look(id);
    }
    set({});
  }

  const controlOfFocus = createFocusControl(engine, store, { look, show, seek, shownMs });
  return {
    start,
    open: (source) => attempt(() => open(source)).then(() => {}),
    openScenario: (name, seed) => attempt(() => openScenario(name, seed)).then(() => {}),
    openScript: (json) =>
      attempt(async () => {
        const script = await engine.ask({ ask: "parse", json });
        const device = state.runs[state.focus]?.info.source.device ?? { kind: "file" };
        await open({ device, script });
      }).then(() => {}),
    toggle: () =>
      attempt(async () => {
        // To play now would end a replay that is under way.
        if (state.progress !== undefined) return;
        if (!openIds().some((id) => state.runs[id]?.view.playing)) return play();
        return withEach((id) => engine.ask({ ask: "pause", run: id }));
      }).then(() => {}),
    setSpeed: (speed) =>
      attempt(async () => {
        set({ speed });
        if (openIds().some((id) => state.runs[id]?.view.playing)) await play();
      }).then(() => {}),
    seek,
    runTo: (atMs) =>
      attempt(async () => {
        seek(undefined);
        await withEach((id) => engine.ask({ ask: "run-to", run: id, atMs }));
      }).then(() => {}),
    ...controlOfFocus,
  };
}

interface Looks {
  look(id: RunId): Promise<void>;
  show(id: RunId, info: RunInfo): Promise<void>;
}

function createLooks(engine: Engine, { state, set }: Store, surroundings: Surroundings): Looks {
  const looking = new Set<RunId>();
  const again = new Set<RunId>();

  /** Asks for a run's view, and while it plays for the next. One question at a time. */
  async function look(id: RunId): Promise<void> {
    if (looking.has(id)) return void again.add(id);
    const run = state.runs[id];
    if (run === undefined) return;
    looking.add(id);
    state.asked++;
    try {
      const view = await engine.ask({ ask: "view", run: id, atMs: run.seekMs, have: haveOf(run) });
      // Meanwhile another run may have taken its place.
      if (state.runs[id] !== run) return;
      mergeView(run, view);
      if (view.playing) surroundings.later(() => void look(id), VIEW_EVERY_MS);
    } catch (error) {
      if (state.runs[id] === run) set({ notice: { text: sentenceOf(error), isError: true } });
    } finally {
      looking.delete(id);
      set({ asked: state.asked - 1 });
      if (again.delete(id)) void look(id);
    }
  }

  async function show(id: RunId, info: RunInfo): Promise<void> {
    const view = await engine.ask({ ask: "view", run: id, have: NOTHING });
    state.runs[id] = createRunData(info, view);
    if (id === state.focus && info.hash !== undefined) surroundings.putHash(info.hash);
    set({});
    if (view.playing) void look(id);
  }

  engine.onProgress = (run, atMs, toMs) => {
    set({ progress: Number.isFinite(toMs) && toMs > 0 ? Math.min(1, atMs / toMs) : 0 });
    void look(run);
  };
  return { look, show };
}

interface Means extends Looks {
  seek(atMs: number | undefined): void;
  shownMs(run: RunData): number;
}

/** What is done to the run in focus. */
function createFocusControl(engine: Engine, { state, set, attempt }: Store, { look, show, seek, shownMs }: Means) {
  function focused(): RunData {
    const run = state.runs[state.focus];
    if (run === undefined) throw new Error("no run is open: choose a scenario");
    return run;
  }

  async function rewindTo(atMs: number): Promise<void> {
    await show(state.focus, await engine.ask({ ask: "rewind", run: state.focus, atMs }));
  }

  async function branch(): Promise<void> {
    const run = focused();
    const from = state.focus;
    const atMs = shownMs(run);
    await engine.ask({ ask: "pause", run: from });
    // Side by side they stand at the same moment.
    if (run.seekMs !== undefined) await rewindTo(atMs);
    const to = from === "a" ? "b" : "a";
    const info = await engine.ask({ ask: "branch", from, to, atMs });
    set({ focus: to });
    await show(to, info);
    void look(from);
  }

  async function act(action: Action): Promise<void> {
    const run = focused();
    if (run.seekMs !== undefined) throw new Error("this is the past: press “Go on from here” first, or go back to now");
    const { source, hash } = await engine.ask({ ask: "act", run: state.focus, action });
    // A run that had to be replayed has lists of its own.
    await show(state.focus, { ...run.info, source, hash });
    void look(state.focus);
  }

  /** The event next to the shown moment, of the focused run. */
  function eventAt(direction: 1 | -1): number | undefined {
    const run = focused();
    const atMs = shownMs(run);
    const times = run.timeline.map((one) => one.atMs);
    return direction < 0 ? times.findLast((one) => one < atMs - 0.5) : times.find((one) => one > atMs + 0.5);
  }

  return {
    stepOn: (to: "event" | "sample") =>
      attempt(async () => {
        const { seekMs } = focused();
        if (seekMs !== undefined) return seek(eventAt(1));
        await engine.ask({ ask: "step", run: state.focus, to });
        await look(state.focus);
      }).then(() => {}),
    stepBack: () => void attempt(async () => seek(eventAt(-1) ?? 0)),
    goOnFromHere: () => attempt(() => rewindTo(shownMs(focused()))).then(() => {}),
    branch: () => attempt(branch).then(() => {}),
    closeBranch: () =>
      attempt(async () => {
        const id = state.focus;
        const other = id === "a" ? "b" : "a";
        await engine.ask({ ask: "close", run: id });
        delete state.runs[id];
        set({ focus: other });
      }).then(() => {}),
    act: (action: Action) => attempt(() => act(action)).then(() => {}),
    keep: () => attempt(() => engine.ask({ ask: "keep", run: state.focus })),
  };
}
