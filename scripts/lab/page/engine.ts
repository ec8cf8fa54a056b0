/** The page's end of protocol.ts: questions to the worker, each with its answer as a promise. */
import type { Answers, Asked, Question, RunId, Told } from "../protocol.ts";

export interface Engine {
  /** Rejects with the worker's sentence. */
  ask<K extends Question["ask"]>(question: Extract<Question, { ask: K }>): Promise<Answers[K]>;
  /** A long replay tells how far it is. */
  onProgress: (run: RunId, atMs: number, toMs: number) => void;
}

/** Talks to a worker that runs scripts/lab/engine/worker.ts. */
export function createEngine(worker: Worker): Engine {
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  const engine: Engine = {
    ask(question) {
      const asked: Asked = { ...question, id: ++lastId };
      return new Promise((resolve, reject) => {
        waiting.set(asked.id, { resolve: resolve as (answer: unknown) => void, reject });
        worker.postMessage(asked);
      });
    },
    onProgress: () => {},
  };
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    if ("tell" in data) {
      engine.onProgress(data.run, data.atMs, data.toMs);
      return;
    }
    const one = waiting.get(data.id);
    waiting.delete(data.id);
    if ("error" in data) one?.reject(new Error(data.error));
    else one?.resolve(data.answer);
  };
  worker.onerror = (event) => {
    for (const one of waiting.values())
      one.reject(new Error(`the simulation stopped: ${event.message}; load the page again`));
    waiting.clear();
  };
  return engine;
}
