import type { TimeMap } from "../../../firmware/clock/time-map.ts";
import { type ExportedSample, pinsOf, type StoredData, samplesOf } from "./stored-samples.ts";

export type ExportFormat = "csv" | "json";

export interface SampleExportOptions {
  format: ExportFormat;
  /** Names of datastreams, by pin: "v1". */
  names: Map<string, string>;
  /** Leaves out samples that the device will not send any more. */
  pendingOnly: boolean;
  /** The time map with what a person stated. With it, each sample says whether its time follows from that. */
  stated?: TimeMap;
}

/** States of samples that may still be sent. */
const PENDING_STATES = ["pending", "undated", "sending"];

/** Writes all samples line by line, and returns how many have each state, and how many a stated time. */
export function writeSamples(data: StoredData, options: SampleExportOptions, put: (line: string) => void) {
  const counts = new Map<ExportedSample["state"], number>();
  const writer = WRITERS[options.format](options.stated !== undefined);
  let stated = 0;
  writer.head.forEach(put);
  let first = true;
  for (const pin of pinsOf(data)) {
    for (const sample of samplesOf(data, pin, options.stated)) {
      if (options.pendingOnly && !PENDING_STATES.includes(sample.state)) continue;
      put(writer.line(sample, options.names.get(sample.pin) ?? "", first));
      first = false;
      if (sample.stated) stated++;
      counts.set(sample.state, (counts.get(sample.state) ?? 0) + 1);
    }
  }
  writer.foot.forEach(put);
  return { counts, stated };
}

/** Turns samples into lines. `name` is the datastream's, "" when it is not known. */
interface SampleWriter {
  head: string[];
  line(sample: ExportedSample, name: string, first: boolean): string;
  foot: string[];
}

/** `withStated`: one column more says whether the time follows from what a person stated. */
const WRITERS: { [format in ExportFormat]: (withStated: boolean) => SampleWriter } = {
  csv: (withStated) => ({
    head: [`pin,name,ts,iso,value,state,bound_ms${withStated ? ",stated" : ""}`],
    line: ({ pin, ts, value, state, boundMs, stated }, name) => {
      const cells = [pin, cell(name), ts ?? "", iso(ts), value, state, boundMs ?? ""];
      return (withStated ? [...cells, stated ? "stated" : ""] : cells).join(",");
    },
    foot: [],
  }),
  json: (withStated) => ({
    head: ["["],
    line: (sample, name, first) => {
      const { pin, ts, value, state, boundMs, stated } = sample;
      const number = value === "" ? null : Number(value);
      const one = { pin, name, ts: ts ?? null, iso: iso(ts) || null, value: number, state, boundMs: boundMs ?? null };
      return `${first ? "" : ","}${JSON.stringify(withStated ? { ...one, stated } : one)}`;
    },
    foot: ["]"],
  }),
};

/** A cell of CSV, in quotes where a spreadsheet would misread it otherwise. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(ts: number | undefined): string {
  return ts === undefined ? "" : new Date(ts).toISOString();
}
