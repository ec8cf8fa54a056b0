/** `npm run bench -- interpreter`: a table for people, or the figures as the last line. */
import Table from "cli-table3";
import { ESPRUINO } from "../interpreter/interpreter.ts";
import { benchInterpreter } from "./interpreter-figures.ts";

/** Measures and prints. Ends the process with 1 when it cannot. */
export async function printInterpreterBench(options: { runs: string; json?: boolean }): Promise<void> {
  const runs = Number(options.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    console.error(`--runs ${options.runs}: give a whole number from 1 up`);
    process.exit(1);
  }
  if (ESPRUINO === "") {
    console.error(
      "There is no interpreter to measure: set ESPRUINO=/path/to/espruino, a Linux build with a fixed pool.",
    );
    process.exit(1);
  }
  console.error(`${runs} runs, some minutes…`);
  const figures = await benchInterpreter(runs);
  if (options.json) {
    console.log(JSON.stringify(figures));
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
  console.log(table.toString());
}
