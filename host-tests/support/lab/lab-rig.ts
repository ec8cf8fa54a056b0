/** A lab without a page: asks as the page does, and waits for the answer. */
import { Worker } from "node:worker_threads";
import { buildWorker } from "../../../scripts/lab/build-worker.ts";
import { createLab } from "../../../scripts/lab/engine/lab.ts";
import { buildLabProgram } from "../../../scripts/lab/program.ts";
import type { Answers, Question, Told, View } from "../../../scripts/lab/protocol.ts";

export interface LabRig {
  /** Rejects with the sentence that the page would show. */
  ask<Q extends Question>(question: Q): Promise<Answers[Q["ask"]]>;
  /** How far replays told that they were. */
  progress: Extract<Told, { tell: "progress" }>[];
}

export const NOTHING: Extract<Question, { ask: "view" }>["have"] = { readings: {}, points: {}, timeline: 0, lines: 0 };

/** On the simulator of Node.js, as all scenarios run. */
export async function startLab(): Promise<LabRig> {
  const program = await buildLabProgram();
  return rigOf((tell) => {
    const lab = createLab({
      program,
      budgets: { idle: 1900, sync: 2650, pool: 5886 },
      tell,
      later: (slice) => void setImmediate(slice),
    });
    return lab.ask;
  });
}

/** Makes a thread of Node.js talk as a browser's worker does. */
const AS_IN_BROWSER = `
const { parentPort } = require("node:worker_threads");
globalThis.postMessage = (message, transfer) => parentPort.postMessage(message, transfer);
parentPort.on("message", (data) => globalThis.onmessage({ data }));
`;
/** What a browser has not. */
const NOT_THERE = ["require", "module", "exports", "process", "Buffer", "setImmediate", "global"];

/** The worker's very text, in a thread of its own. */
export async function startWorker(): Promise<LabRig & { close(): Promise<unknown> }> {
  const text = await buildWorker();
  const hidden = NOT_THERE.map((name) => `${name} = undefined`).join();
  const worker = new Worker(`${AS_IN_BROWSER}{ const ${hidden};\n${text}}`, { eval: true });
  const rig = rigOf((tell) => {
    worker.on("message", tell);
    return (asked) => worker.postMessage(asked);
  });
  worker.on("error", (error) => rig.fail(error as Error));
  return Object.assign(rig, { close: () => worker.terminate() });
}

function rigOf(
  start: (tell: (told: Told) => void) => (asked: Question & { id: number }) => void,
): LabRig & { fail(error: Error): void } {
  const waiting = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>();
  const progress: LabRig["progress"] = [];
  let asked = 0;
  const send = start((told) => {
    if ("tell" in told) {
      progress.push(told);
      return;
    }
    const one = waiting.get(told.id);
    waiting.delete(told.id);
    if ("error" in told) one?.reject(new Error(told.error));
    else one?.resolve(told.answer as never);
  });
  return {
    progress,
    fail(error) {
      for (const { reject } of waiting.values()) reject(error);
    },
    ask: (question) =>
      new Promise((resolve, reject) => {
        waiting.set(++asked, { resolve, reject });
        send({ ...question, id: asked });
      }),
  };
}

/** What a view shows of its moment, without what came later and without what the page asked for: two runs alike show the same. */
export function momentOf(view: View): unknown {
  const { run: _, playing: __, pace: ___, nowMs: ____, ended: _____, broken: ______, ...shown } = view;
  return {
    ...shown,
    timeline: view.timeline.slice(0, view.timelineCount),
    lines: view.lines.slice(0, view.lineCount - view.linesFrom),
    streams: view.streams.map(({ readings, points, ...rest }) => ({
      ...rest,
      trueMs: readings.trueMs.slice(0, readings.count),
      values: readings.values.slice(0, readings.count),
      ts: points.ts.slice(0, points.count),
      held: points.values.slice(0, points.count),
    })),
  };
}
