/** Whether a server takes connections, asked without giving up the thread: Espruino's connect blocks, and throws at once. */
import { Worker } from "node:worker_threads";

export type Reached = "open" | "refused" | "tls";

/** What the worker writes, in order. 0 while it tries. */
const ANSWERS: Reached[] = ["open", "refused", "tls"];
const CONNECT_TIMEOUT_MS = 5000;

/** Connects and, with `secure`, shakes hands; then closes. The result is the place in ANSWERS, from 1 on. */
const CODE = `
const { workerData, parentPort } = require("node:worker_threads");
const result = new Int32Array(workerData);
parentPort.on("message", ({ host, port, secure, timeout }) => {
  let done = false;
  let connected = false;
  const settle = (answer) => {
    if (done) return;
    done = true;
    socket.destroy();
    Atomics.store(result, 0, answer);
    Atomics.notify(result, 0);
  };
  const socket = require("node:net").connect({ host, port, timeout });
  socket.on("timeout", () => settle(2));
  socket.on("error", () => settle(connected ? 3 : 2));
  socket.on("connect", () => {
    connected = true;
    if (!secure) return settle(1);
    const servername = require("node:net").isIP(host) ? undefined : host;
    const tls = require("node:tls").connect({ socket, servername }, () => settle(1));
    tls.on("error", () => settle(3));
  });
});
`;

/** One thread for the process, which it does not keep alive: to start one takes longer than to connect. */
let prober: { worker: Worker; result: Int32Array } | undefined;

function startProber(): { worker: Worker; result: Int32Array } {
  const shared = new SharedArrayBuffer(4);
  const worker = new Worker(CODE, { eval: true, workerData: shared });
  worker.unref();
  return { worker, result: new Int32Array(shared) };
}

/** Blocks until it is known. A server of this very process takes connections meanwhile, but shakes no hands. */
export function probe(host: string, port: number, secure: boolean): Reached {
  prober ??= startProber();
  const { worker, result } = prober;
  Atomics.store(result, 0, 0);
  worker.postMessage({ host, port, secure, timeout: CONNECT_TIMEOUT_MS });
  Atomics.wait(result, 0, 0, 2 * CONNECT_TIMEOUT_MS);
  return ANSWERS[Atomics.load(result, 0) - 1] ?? "refused";
}
