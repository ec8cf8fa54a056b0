/** Lets time pass in a run: at a speed, to a moment, or to the next thing that happens. One task at a time. */
import { UsageError } from "../../simulator/errors.ts";
import type { LabRun } from "./lab-run.ts";

export interface Player {
  /** The run that is shown. Throws UsageError before the first one is there. */
  run(): LabRun;
  /** Simulated ms for each real ms; 0 while it stands still. */
  readonly speed: number;
  /** What it came to in the last second. */
  pace(): number;
  play(speed: number): void;
  pause(): void;
  /** Goes to a moment at full speed, then stands still. Rejects with UsageError when another task takes its place. */
  runTo(atMs: number): Promise<void>;
  step(to: "event" | "sample"): Promise<void>;
  /** Takes another run to this moment, and then into the place of the one that is shown. */
  replace(run: LabRun, toMs: number): Promise<void>;
}

export interface PlayerOptions {
  later(slice: () => void): void;
  onProgress(atMs: number, toMs: number): void;
}

/** Real time of one slice: between two of them messages are taken. */
const SLICE_MS = 20;
const PROGRESS_EVERY_MS = 100;
/** At a finite speed it does not fall back further than this in real time, when a slice takes longer than it should. */
const BEHIND_MS_MAX = 250;
const PACE_OVER_MS = 1000;

export function createPlayer({ later, onProgress }: PlayerOptions): Player {
  let shown: LabRun | undefined;
  let speed = 0;
  /** Grows with each new task: the one before ends. */
  let task = 0;
  const paces: { realMs: number; simulatedMs: number }[] = [];

  function run(): LabRun {
    if (shown === undefined) throw new UsageError("the run is not there yet: wait until it is opened");
    return shown;
  }

  const nextSlice = () => new Promise<void>((done) => later(done));

  /** Runs slices until `enough`, the moment or the end. Rejects when a newer task has begun. */
  async function goOn(on: LabRun, mine: number, toMs: number, enough?: () => boolean): Promise<void> {
    let toldMs = performance.now();
    while (on.advance(toMs, SLICE_MS, enough) === "busy") {
      await nextSlice();
      if (mine !== task) throw new UsageError("something else was asked for meanwhile");
      if (performance.now() - toldMs < PROGRESS_EVERY_MS) continue;
      toldMs = performance.now();
      onProgress(on.nowMs(), toMs);
    }
  }

  async function playOn(mine: number): Promise<void> {
    let lastMs = performance.now();
    while (mine === task) {
      const on = run();
      const nowMs = performance.now();
      const elapsedMs = Math.min(nowMs - lastMs, BEHIND_MS_MAX);
      lastMs = nowMs;
      const toMs = speed === Number.POSITIVE_INFINITY ? speed : on.nowMs() + elapsedMs * speed;
      const did = on.advance(toMs, SLICE_MS);
      paces.push({ realMs: performance.now(), simulatedMs: on.nowMs() });
      while (paces.length > 2 && paces[0].realMs < performance.now() - PACE_OVER_MS) paces.shift();
      if (did === "over") {
        if (mine === task) speed = 0;
        return;
      }
      await nextSlice();
    }
  }

  function begin(): number {
    speed = 0;
    paces.length = 0;
    return ++task;
  }

  return {
    run,
    get speed() {
      return speed;
    },
    pace() {
      const first = paces[0];
      const last = paces[paces.length - 1];
      if (speed === 0 || first === undefined || last.realMs === first.realMs) return 0;
      return (last.simulatedMs - first.simulatedMs) / (last.realMs - first.realMs);
    },
    play(wanted) {
      if (!(wanted > 0)) throw new UsageError(`a speed of ${wanted}: it has to be above 0`);
      run();
      const mine = begin();
      speed = wanted;
      void playOn(mine);
    },
    pause: () => void begin(),
    runTo: (atMs) => goOn(run(), begin(), atMs),
    step(to) {
      const on = run();
      const { timeline, pins } = on.journal;
      const samples = () => [...pins.values()].reduce((sum, pin) => sum + pin.samples.trueMs.length, 0);
      const seen = to === "event" ? timeline.length : samples();
      return goOn(on, begin(), Number.POSITIVE_INFINITY, () => (to === "event" ? timeline.length : samples()) > seen);
    },
    async replace(next, toMs) {
      await goOn(next, begin(), toMs);
      shown = next;
    },
  };
}
