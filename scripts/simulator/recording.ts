/** Recorded readings from a CSV file, for sensors that replay them. */
import { readFileSync } from "node:fs";

/** The file is malformed, or lacks what was asked for. The message is for a person and says where. */
export class RecordingError extends Error {
  override name = "RecordingError";
}

export interface Recording {
  columns: string[];
  /** Unix ms of each row. */
  times: number[];
  /** Values of a column, row by row. Throws RecordingError for a column that is not there or not all numbers. */
  column(name: string): Float64Array;
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Reads `time` in ISO 8601 (UTC unless it says otherwise), then a column for each sensor. Throws RecordingError. */
export function readRecording(file: string): Recording {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new RecordingError(`can't read ${file}: ${code === "ENOENT" ? "no such file" : (code ?? String(error))}`);
  }
  return parseRecording(text, file);
}

export function parseRecording(text: string, file: string): Recording {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.length > 0 && lines[lines.length - 1].trim() === "") lines.pop();
  if (lines.length === 0) throw new RecordingError(`${file} is empty`);
  const wrong = (line: number, what: string) => new RecordingError(`${file}, line ${line}: ${what}`);
  const header = lines[0].split(",").map((name) => name.trim());
  if (header[0] !== "time") throw wrong(1, `the first column has to be "time", not "${header[0]}"`);
  const columns = header.slice(1);
  if (columns.length === 0) throw wrong(1, "there is no column beside the time");
  columns.forEach((name, i) => {
    if (name === "") throw wrong(1, `column ${i + 2} has no name`);
    if (columns.indexOf(name) !== i) throw wrong(1, `two columns are called "${name}"`);
  });
  if (lines.length === 1) throw wrong(1, "no row follows the header");
  const times: number[] = [];
  const cells: string[][] = [];
  for (let i = 1; i < lines.length; i++) {
    const row = lines[i].split(",").map((cell) => cell.trim());
    if (row.length !== header.length) throw wrong(i + 1, `${row.length} columns where the header has ${header.length}`);
    const zone = ISO_TIME.exec(row[0]);
    const ms = zone ? Date.parse(zone[1] === undefined && row[0].includes("T") ? `${row[0]}Z` : row[0]) : Number.NaN;
    if (!Number.isFinite(ms)) throw wrong(i + 1, `"${row[0]}" is not a time in ISO 8601`);
    if (times.length > 0 && ms < times[times.length - 1]) throw wrong(i + 1, "earlier than the line before");
    times.push(ms);
    cells.push(row);
  }
  return {
    columns,
    times,
    column(name) {
      const at = header.indexOf(name, 1);
      if (at < 1) throw new RecordingError(`${file} has no column "${name}": it has ${columns.join(", ")}`);
      const values = new Float64Array(cells.length);
      cells.forEach((row, i) => {
        const value = row[at] === "" ? Number.NaN : Number(row[at]);
        if (!Number.isFinite(value)) throw wrong(i + 2, `"${row[at]}" in column "${name}" is not a number`);
        values[i] = value;
      });
      return values;
    },
  };
}

/** Reads the last row at or before a time; before the first row, the first. Fast when the times asked for increase. */
export function replay(times: number[], values: Float64Array): (ms: number) => number {
  let at = 0;
  return (ms) => {
    if (ms < times[at]) at = 0;
    while (at + 1 < times.length && times[at + 1] <= ms) at++;
    return values[at];
  };
}
