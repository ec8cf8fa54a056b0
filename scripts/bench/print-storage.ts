/** `npm run bench -- storage`: a table for people, and the figures for a program. */
import Table from "cli-table3";
import { columnsOf } from "./readings.ts";
import { measureStorage } from "./storage-figures.ts";

export interface StorageBenchOptions {
  /** Path of a CSV. */
  data?: string;
}

/** Measures, prints, and gives the figures to `result`. Throws RecordingError when the CSV cannot be read. */
export async function printStorageBench(
  options: StorageBenchOptions,
  print: (line: string) => void,
  result: ((figures: object) => void) | undefined,
): Promise<void> {
  const figures = await measureStorage(options.data ? columnsOf(options.data) : []);
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
    ["reads a sample, logged and sent", figures.readsPerSample, ""],
    ["reads a page taken, 16 / 384 pages", Object.values(figures.readsPerPageTaken).join(" / "), ""],
    ["bytes programmed a sample", figures.writeAmplification, ""],
    ["wear, most over least, 100 turns", figures.wearSpread, ""],
    ["reads a mount, 16 / 64 / 384 pages", Object.values(figures.mountReads).join(" / "), ""],
    ["bytes a power-on costs a datastream", figures.bootBytes, ""],
    ["bytes a sample, device.ts, 10 days offline", figures.defaultDeviceBytesPerSample, ""],
    ["programs / reads a batch of 1,000", `${batch.writes} / ${batch.reads}`, ""],
  );
  print(table.toString());
  result?.(figures);
}
