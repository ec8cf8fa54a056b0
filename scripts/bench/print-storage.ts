/** `npm run bench -- storage`: a table for people, and with `--json` the figures as the last line. */
import Table from "cli-table3";
import { columnsOf } from "./readings.ts";
import { measureStorage } from "./storage-figures.ts";

/** Measures and prints. `data` is the path of a CSV. */
export function printStorageBench(options: { data?: string; json?: boolean }): void {
  const figures = measureStorage(options.data ? columnsOf(options.data) : []);
  const { bytesPerSample, batch } = figures;
  const vs = figures.vs.storageFileCsv;
  const table = new Table({ head: ["", "ours", "StorageFile of CSV lines"], style: { head: [], border: [] } });
  for (const name of Object.keys(bytesPerSample)) {
    table.push([`flash bytes a sample, ${name}`, bytesPerSample[name], vs.bytesPerSample[name]]);
  }
  table.push(
    ["erases for 100,000 samples", figures.erasesPer100k, vs.erasesPer100k],
    ["programs an append", figures.writesPerAppend, vs.writesPerAppend],
    ["reads an append", figures.readsPerAppend, "a search of Storage"],
    ["bytes programmed a sample", figures.writeAmplification, ""],
    ["wear, most over least, 100 turns", figures.wearSpread, ""],
    ["reads a mount, 16 / 64 / 384 pages", Object.values(figures.mountReads).join(" / "), ""],
    ["programs / reads a batch of 1,000", `${batch.writes} / ${batch.reads}`, ""],
  );
  console.log(table.toString());
  if (options.json) console.log(JSON.stringify(figures));
}
