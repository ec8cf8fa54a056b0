import { type ExportedSample, pinsOf, type StoredData, samplesOf } from "./stored-samples.ts";

export type ExportFormat = "csv" | "json";

export interface SampleExportOptions {
  format: ExportFormat;
  /** Names of datastreams, by pin: "v1". */
  names: Map<string, string>;
  /** Leaves out samples that the device will not send any more. */
  pendingOnly: boolean;
}

/** States of samples that may still be sent. */
const PENDING_STATES = ["pending", "undated", "sending"];

/** Writes all samples line by line, and returns how many have each state. */
export function writeSamples(data: StoredData, options: SampleExportOptions, put: (line: string) => void) {
  const counts = new Map<ExportedSample["state"], number>();
  const writer = WRITERS[options.format];
  writer.head.forEach(put);
  let first = true;
  for (const pin of pinsOf(data)) {
    for (const sample of samplesOf(data, pin)) {
      if (options.pendingOnly && !PENDING_STATES.includes(sample.state)) continue;
      put(writer.line(sample, options.names.get(sample.pin) ?? "", first));
      first = false;
      counts.set(sample.state, (counts.get(sample.state) ?? 0) + 1);
    }
  }
  writer.foot.forEach(put);
  return counts;
}

/** Turns samples into lines. `name` is the datastream's, "" when it is not known. */
interface SampleWriter {
  head: string[];
  line(sample: ExportedSample, name: string, first: boolean): string;
  foot: string[];
}

const WRITERS: { [format in ExportFormat]: SampleWriter } = {
  csv: {
    head: ["pin,name,ts,iso,value,state,bound_ms"],
    line: ({ pin, ts, value, state, boundMs }, name) =>
      [pin, cell(name), ts ?? "", iso(ts), value, state, boundMs ?? ""].join(","),
    foot: [],
  },
  json: {
    head: ["["],
    line: (sample, name, first) => {
      const { pin, ts, value, state, boundMs } = sample;
      const number = value === "" ? null : Number(value);
      const one = { pin, name, ts: ts ?? null, iso: iso(ts) || null, value: number, state, boundMs: boundMs ?? null };
      return `${first ? "" : ","}${JSON.stringify(one)}`;
    },
    foot: ["]"],
  },
};

/** A cell of CSV, in quotes where a spreadsheet would misread it otherwise. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(ts: number | undefined): string {
  return ts === undefined ? "" : new Date(ts).toISOString();
}
