import type { ExportedSample } from "./stored-samples.ts";

export type ExportFormat = "csv" | "json";

/** Turns samples into lines. `name` is the datastream's, where it is known. */
export interface SampleWriter {
  head: string[];
  line(sample: ExportedSample, name: string, first: boolean): string;
  foot: string[];
}

/** What a spreadsheet would take for something else is quoted. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(ts: number | undefined): string {
  return ts === undefined ? "" : new Date(ts).toISOString();
}

export function createWriter(format: ExportFormat): SampleWriter {
  if (format === "json") {
    return {
      head: ["["],
      line: (sample, name, first) => {
        const { pin, ts, value, state, boundMs } = sample;
        const number = value === "" ? null : Number(value);
        const one = { pin, name, ts: ts ?? null, iso: iso(ts) || null, value: number, state, boundMs: boundMs ?? null };
        return `${first ? "" : ","}${JSON.stringify(one)}`;
      },
      foot: ["]"],
    };
  }
  return {
    head: ["pin,name,ts,iso,value,state,bound_ms"],
    line: ({ pin, ts, value, state, boundMs }, name) =>
      [pin, cell(name), ts ?? "", iso(ts), value, state, boundMs ?? ""].join(","),
    foot: [],
  };
}
