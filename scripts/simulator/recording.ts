/** Recorded readings from a CSV file, for sensors that replay them. */
import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";

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

/** `YYYY-MM-DD`, with a time behind `T` or a space, and a zone. */
const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/;
/** Seconds or milliseconds since 1970, by their count of digits: 2001 to 2286. */
const EPOCH = /^(\d{10}(?:\.\d+)?|\d{13})$/;
const DELIMITERS = [",", ";", "\t"];

/** Unix ms of a cell; UTC unless it says otherwise. NaN for a text that is no time, and for a date that is in no calendar. */
function parseTime(text: string): number {
  if (EPOCH.test(text)) return text.length === 13 ? Number(text) : Math.round(Number(text) * 1000);
  const parts = DATE_TIME.exec(text);
  if (parts === null) return Number.NaN;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "0", zone = "Z"] = parts;
  const date = `${year}-${month}-${day}`;
  // Date.parse takes 31 February for 3 March.
  if (new Date(`${date}T00:00:00Z`).getUTCDate() !== Number(day)) return Number.NaN;
  const offset = zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  return Date.parse(`${date}T${hour}:${minute}:${second}.${fraction.slice(0, 3)}${offset}`);
}

/** The delimiter that the header has most of. */
function delimiterOf(text: string): string {
  // What a quoted cell holds divides nothing.
  const header = text.split(/\r?\n/, 1)[0].replace(/"[^"]*"/g, "");
  const count = (delimiter: string) => header.split(delimiter).length;
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best));
}

interface Row {
  line: number;
  cells: string[];
}

/** The rows of a text, quoted cells and all, without empty lines. Throws RecordingError. */
function rowsOf(text: string, file: string): Row[] {
  const options = {
    bom: true,
    delimiter: delimiterOf(text),
    relax_column_count: true,
    trim: true,
    info: true,
  } as const;
  try {
    const parsed = parse(text, {
      ...options,
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
    }) as unknown as Parsed[];
    return parsed.map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new RecordingError(`${file}, line ${error.lines}: a quoted cell has no end, or text stands behind it`);
  }
}

interface Parsed {
  record: string[];
  info: { lines: number };
}

/** A decimal comma where the comma divides no cells. NaN for an empty cell. */
function parseValue(text: string): number {
  if (text === "") return Number.NaN;
  const value = Number(text.replace(/^([+-]?\d+),(\d+)$/, "$1.$2"));
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
}

const READ_ERRORS: { [code: string]: string } = { ENOENT: "no such file", EISDIR: "it is a folder" };

/**
 * Reads `time` (ISO 8601, `YYYY-MM-DD HH:MM:SS` or the time since 1970 in s or ms; UTC unless it says otherwise), then a column
 * for each sensor. Cells are divided by commas, semicolons or tabs. An empty cell is a failed reading. Throws RecordingError.
 */
export function readRecording(file: string): Recording {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new RecordingError(`can't read ${file}: ${READ_ERRORS[code ?? ""] ?? code ?? String(error)}`);
  }
  return parseRecording(text, file);
}

export function parseRecording(text: string, file: string): Recording {
  const [first, ...rows] = rowsOf(text, file);
  if (first === undefined) throw new RecordingError(`${file} is empty`);
  const wrong = (line: number, what: string) => new RecordingError(`${file}, line ${line}: ${what}`);
  const header = first.cells;
  if (header[0] !== "time") throw wrong(1, `the first column has to be "time", not "${header[0]}"`);
  const columns = header.slice(1);
  if (columns.length === 0) throw wrong(1, "there is no column beside the time");
  columns.forEach((name, i) => {
    if (name === "") throw wrong(1, `column ${i + 2} has no name`);
    if (columns.indexOf(name) !== i) throw wrong(1, `two columns are called "${name}"`);
  });
  if (rows.length === 0) throw wrong(1, "no row follows the header");
  const times: number[] = [];
  for (const { line, cells } of rows) {
    if (cells.length !== header.length) {
      throw wrong(line, `${cells.length} columns where the header has ${header.length}`);
    }
    const ms = parseTime(cells[0]);
    if (!Number.isFinite(ms)) throw wrong(line, `"${cells[0]}" is not a time in ISO 8601, or no such date exists`);
    if (times.length > 0 && ms < times[times.length - 1]) throw wrong(line, "earlier than the line before");
    times.push(ms);
  }
  return {
    columns,
    times,
    column(name) {
      const at = header.indexOf(name, 1);
      if (at < 1) throw new RecordingError(`${file} has no column "${name}": it has ${columns.join(", ")}`);
      const values = new Float64Array(rows.length);
      rows.forEach(({ line, cells }, i) => {
        values[i] = parseValue(cells[at]);
        if (values[i] === Number.POSITIVE_INFINITY) {
          throw wrong(line, `"${cells[at]}" in column "${name}" is not a number`);
        }
      });
      return values;
    },
  };
}

/** Rows that lie this many usual distances apart have a gap between them. */
const GAP_DISTANCES = 3;

/** From one row to the next, usually (the median); Infinity for one row. */
function usualDistanceMs(times: number[]): number {
  if (times.length < 2) return Number.POSITIVE_INFINITY;
  const distances = times.slice(1).map((ms, i) => ms - times[i]);
  return distances.sort((a, b) => a - b)[distances.length >> 1];
}

/** How long a row is held: the reading of a moment later than that is missing. Infinity for a recording of one row. */
export function holdMsOf(times: number[]): number {
  return Math.max(GAP_DISTANCES * usualDistanceMs(times), 1);
}

/**
 * Reads the last row at or before a time; before the first row, the first. In a gap of the recording and after its end there
 * is no reading: NaN. Fast when the times asked for increase.
 */
export function replay(times: number[], values: Float64Array): (ms: number) => number {
  const holdMs = holdMsOf(times);
  let at = 0;
  return (ms) => {
    if (ms < times[at]) at = 0;
    while (at + 1 < times.length && times[at + 1] <= ms) at++;
    return ms - times[at] < holdMs ? values[at] : Number.NaN;
  };
}
