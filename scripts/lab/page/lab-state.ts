/** The page's state, and who hears of its changes. Components read it; only lab-control.ts and controls change it. */
import type { Hello, RunId } from "../protocol.ts";
import type { RunData } from "./run-data.ts";

export interface LabState {
  hello: Hello | undefined;
  runs: { [id in RunId]?: RunData };
  /** The run that buttons and keys act on. */
  focus: RunId;
  /** Simulated ms for each real ms, of the next "play". */
  speed: number;
  /** Simulated ms before the shown moment that charts show, or from and to; undefined: all. */
  window: number | [fromMs: number, toMs: number] | undefined;
  /** Share of a replay that is done; undefined: none is under way. */
  progress: number | undefined;
  /** How many questions to the engine are without an answer. */
  asked: number;
  notice: { text: string; isError: boolean } | undefined;
}

export interface Store {
  readonly state: LabState;
  set(change: Partial<LabState>): void;
  /** Undoes the subscription. */
  subscribe(listener: () => void): () => void;
  /** Does something; an error becomes a notice, and the answer is undefined. */
  attempt<T>(work: () => Promise<T>): Promise<T | undefined>;
}

const DAY_MS = 86_400_000;

export function createStore(): Store {
  const listeners = new Set<() => void>();
  const state: LabState = {
    hello: undefined,
    runs: {},
    focus: "a",
    speed: DAY_MS / 1000,
    window: undefined,
    progress: undefined,
    asked: 0,
    notice: undefined,
  };
  function set(change: Partial<LabState>): void {
    Object.assign(state, change);
    for (const listener of listeners) listener();
  }
  return {
    state,
    set,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async attempt(work) {
      try {
        set({ notice: undefined, asked: state.asked + 1 });
        return await work();
      } catch (error) {
        const text = sentenceOf(error);
        // A newer click took its place: that one speaks.
        if (!text.includes("asked for meanwhile")) set({ notice: { text, isError: true } });
        return undefined;
      } finally {
        set({ progress: undefined, asked: state.asked - 1 });
      }
    },
  };
}

/** An error as a sentence for a person. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?)]$/.test(sentence) ? sentence : `${sentence}.`;
}
