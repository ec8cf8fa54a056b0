/** `npm run bench -- interpreter`: a table for people, or the figures for a program. */
import Table from "cli-table3";
import { ESPRUINO } from "../interpreter/interpreter.ts";
import { benchInterpreter } from "./interpreter-figures.ts";
import { benchOnDemand, type OnDemandFigures } from "./on-demand-figures.ts";

export interface InterpreterBenchOptions {
  runs: number;
}

/** Measures and prints, or gives the figures to `result`. Throws when `ESPRUINO` names no interpreter. */
export async function printInterpreterBench(
  { runs }: InterpreterBenchOptions,
  print: (line: string) => void,
  result: ((figures: object) => void) | undefined,
): Promise<void> {
  if (ESPRUINO === "") {
    throw new Error(
      "There is no interpreter to measure: set ESPRUINO=/path/to/espruino, a Linux build with a fixed pool.",
    );
  }
  console.error(`${runs} runs, some minutes…`);
  const figures = await benchInterpreter(runs);
  const onDemand = await benchOnDemand();
  if (result !== undefined) {
    result({ ...figures, onDemand });
    return;
  }
  const table = new Table({ head: ["on the interpreter", "measured"], style: { head: [], border: [] } });
  table.push(
    ["append with read-back, against a StorageFile line", `${figures.appendRatio.toFixed(2)}×`],
    ["decode and format a point, against CSV and JSON.stringify", `${figures.decodeRatio.toFixed(2)}×`],
    [
      "mount 64 kB / 1.5 MB, ms",
      `${figures.mountMs["64k"].toFixed(1)} / ${figures.mountMs["1536k"]?.toFixed(1) ?? "flash too small"}`,
    ],
    ["JsVars above idle, 10,000-point POST", figures.jsVarsPeak10k],
    ["10,000-point POST, ms", Math.round(figures.post10kMs)],
    ["points that fit: ours in 64 kB, RAM array, StorageFile in 64 kB", Object.values(figures.capacity).join(" / ")],
    ["points that one req.write of the whole body can send", figures.oneWritePointsMax ?? "no limit: the pool grows"],
    ["bundle, bytes", figures.bundleBytes],
    ["boot to greeting, ms", Math.round(figures.bootMs)],
    ["code lay in", figures.codeIn],
  );
  print(table.toString());
  printOnDemand(onDemand, print);
}

function printOnDemand(figures: OnDemandFigures, print: (line: string) => void): void {
  const head = ["function on demand", "makes", "JsVars while held", "ms a call", "calls in a sync"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { name, functions, jsVars, makeMs, callsInSync } of figures.functions) {
    table.push([name, functions, jsVars, makeMs.toFixed(2), callsInSync]);
  }
  print(table.toString());
  const { msInSync, bundleBytes, bundleBytesWithout } = figures;
  print(
    `Functions on demand take ${msInSync.toFixed(1)} ms in a sync, and ${bundleBytes - bundleBytesWithout} bytes of the bundle's ${bundleBytes}.`,
  );
}
