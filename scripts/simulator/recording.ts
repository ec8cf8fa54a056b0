/** Recorded readings from a CSV file. */

import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import { counted } from "../build/counted.ts";
import { sayFileError } from "../build/file-error.ts";
import { delimiterOf, type RecordingForm, readTime, readValue } from "./recording-form.ts";

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

/**
 * Reads a column of times (ISO 8601, `YYYY-MM-DD HH:MM:SS`, `DD.MM.YYYY HH:MM` or the time since 1970 in s or ms; UTC unless
 * it says otherwise), and a column for each sensor. Cells are divided by commas, semicolons or tabs. An empty cell is a failed
 * reading. `form` says what is not to be detected. Throws RecordingError.
 */
export function readRecording(file: string, form: RecordingForm = {}): Recording {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new RecordingError(`can't read ${file}: ${sayFileError(error)}`);
  }
  return parseRecording(decode(bytes, file), file, form);
}

const SAVE_AS = "save it as CSV in UTF-8";

/** The text of a file. Throws RecordingError where it is not UTF-8. */
function decode(bytes: Uint8Array, file: string): string {
  const begins = (...first: number[]) => first.every((byte, i) => bytes[i] === byte);
  if (begins(0x50, 0x4b, 3, 4)) throw new RecordingError(`${file} is a spreadsheet or another packed file: ${SAVE_AS}`);
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) throw new RecordingError(`${file} is UTF-16: ${SAVE_AS}`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new RecordingError(`${file}, line ${lineAt(bytes, zero)}: UTF-16, or no text: ${SAVE_AS}`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // It says not where: the first line that can't be decoded.
    let start = 0;
    for (let line = 1; ; line++) {
      const end = bytes.indexOf(10, start);
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end < 0 ? undefined : end));
      } catch {
        throw new RecordingError(
          `${file}, line ${line}: a letter that is not in UTF-8, as Latin-1 or Windows-1252 have it: ${SAVE_AS}`,
        );
      }
      start = end + 1;
    }
  }
}

function lineAt(bytes: Uint8Array, place: number): number {
  return bytes.subarray(0, place).filter((byte) => byte === 10).length + 1;
}

interface Row {
  line: number;
  cells: string[];
}

/** What is wrong with the quotes, by the code of csv-parse. */
const QUOTE_FAULTS: { [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: "a quoted cell that begins here has no end",
  CSV_INVALID_CLOSING_QUOTE: "a quoted cell that begins here has no end, or text stands behind its end",
  INVALID_OPENING_QUOTE: 'a quote in the middle of a cell: quote the whole cell, and write "" for a quote in it',
};

/** The rows of a text, quoted cells and all, without empty lines. Throws RecordingError. */
function rowsOf(text: string, delimiter: string, file: string): Row[] {
  // csv-parse says where it noticed an open quote, which may be at the end: the row behind the last whole one has it.
  let lastWhole = 0;
  const rows: Row[] = [];
  try {
    parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      trim: delimiter.trim() !== "",
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      on_record(cells: string[], { lines }: { lines: number }) {
        lastWhole = lines;
        rows.push({ line: lines, cells: cells.map((cell) => cell.trim()) });
        return undefined;
      },
    });
    return rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const lines = text.split(/\r\n|\n|\r/);
    let line = lastWhole + 1;
    while (line < lines.length && lines[line - 1].trim() === "") line++;
    const fault = QUOTE_FAULTS[error.code] ?? error.message;
    throw new RecordingError(`${file}, line ${line}: ${fault}`);
  }
}

/** As readRecording, from the file's text. */
export function parseRecording(text: string, file: string, form: RecordingForm = {}): Recording {
  const [first, ...rows] = rowsOf(text, form.delimiter ?? delimiterOf(text.replace(/^\uFEFF/, "")), file);
  if (first === undefined) throw new RecordingError(`${file} is empty`);
  const wrong = (line: number, what: string) => new RecordingError(`${file}, line ${line}: ${what}`);
  const header = first.cells;
  const timeAt = timeColumnOf(header, form, (what) => wrong(first.line, what));
  const columns = header.filter((_, i) => i !== timeAt);
  if (columns.length === 0) {
    throw wrong(first.line, "there is no column beside the time, divided from it by a comma, a semicolon or a tab");
  }
  header.forEach((name, i) => {
    if (name === "") throw wrong(first.line, `column ${i + 1} has no name`);
    if (header.indexOf(name) !== i) throw wrong(first.line, `two columns are called "${name}"`);
  });
  if (rows.length === 0) throw wrong(first.line, "no row follows the header");
  const times: number[] = [];
  for (const { line, cells } of rows) {
    if (cells.length !== header.length) {
      throw wrong(line, `${counted(cells.length, "column")} where the header has ${header.length}`);
    }
    const ms = readTime(cells[timeAt], form);
    if (typeof ms === "string") throw wrong(line, ms);
    if (times.length > 0 && ms < times[times.length - 1]) throw wrong(line, "earlier than the line before");
    times.push(ms);
  }
  return {
    columns,
    times,
    column(name) {
      const at = header.indexOf(name);
      if (at < 0 || at === timeAt) throw new RecordingError(`${file} has no column "${name}": it has ${list(columns)}`);
      const values = new Float64Array(rows.length);
      rows.forEach(({ line, cells }, i) => {
        const value = readValue(cells[at], form);
        if (value === undefined) throw wrong(line, `"${cells[at]}" in column "${name}" is not a number`);
        values[i] = value;
      });
      return values;
    },
  };
}

/** The place of the column of times. */
function timeColumnOf(
  header: string[],
  { timeColumn }: RecordingForm,
  wrong: (what: string) => RecordingError,
): number {
  if (timeColumn !== undefined) {
    const at = header.indexOf(timeColumn);
    if (at < 0) throw wrong(`there is no column "${timeColumn}": there are ${list(header)}`);
    return at;
  }
  if (header[0].toLowerCase() === "time") return 0;
  throw wrong(`the first column has to be "time", not "${header[0]}"; --csv time-column=NAME names another`);
}

const list = (names: string[]) => names.map((name) => (/[,\s]/.test(name) ? `"${name}"` : name)).join(", ");
