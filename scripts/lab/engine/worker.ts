/** The worker of the page: the lab behind messages. scripts/lab/build-worker.ts puts program and budgets in. */

import type { LabProgram } from "../program.ts";
import type { Asked } from "../protocol.ts";
import { createLab } from "./lab.ts";
import type { Budgets } from "./views.ts";

declare const __LAB__: { program: LabProgram; budgets: Budgets };

/** Of a worker's globals, what is used here: the compiler has no types of the browser's for this folder. */
interface WorkerScope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { data: Asked }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
// setTimeout would wait 4 ms each time. A message to oneself comes after those that the page has sent meanwhile.
const { port1, port2 } = new MessageChannel();
const slices: (() => void)[] = [];
port1.addEventListener("message", () => slices.shift()?.());
port1.start();

const lab = createLab({
  ...__LAB__,
  tell: (told, transfer) => scope.postMessage(told, transfer),
  later(slice) {
    slices.push(slice);
    port2.postMessage(0);
  },
});

scope.onmessage = ({ data }) => lab.ask(data);
