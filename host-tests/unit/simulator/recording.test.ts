import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRecording, readRecording } from "../../../scripts/simulator/recording.ts";
import { readForm } from "../../../scripts/simulator/recording-form.ts";
import { replay } from "../../../scripts/simulator/replay.ts";

const START_MS = Date.UTC(2026, 0, 1);
const minute = (n: number) => START_MS + n * 60_000;

/** The readings of a recording with rows at these minutes, whose value is the minute. */
function shown(rows: number[], asked: number[], gapMs?: number): number[] {
  const read = replay(rows.map(minute), Float64Array.from(rows), gapMs);
  return asked.map((one) => read(minute(one)));
}

const none = Number.NaN;

describe("a replayed recording", () => {
  test("of one row holds it for ever", () => {
    expect(replay([5], Float64Array.of(7))(1e15)).toBe(7);
  });

  test("shows the last row at or before a time", () => {
    const { times, column } = parseRecording(
      "time,a,b\r\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:01:00Z,3.5,-4\n\n",
      "x.csv",
    );
    const read = replay(times, column("a"));
    expect([0, 59_999, 60_000, 100_000, 30_000].map((ms) => read(START_MS + ms))).toEqual([1, 1, 3.5, 3.5, 1]);
  });

  test("has no reading in a gap, in an empty cell and after its end", () => {
    const rows = [0, 1, 2, 60, 61].map((n) => `${minute(n) / 1000},${n}`);
    const { times, column } = parseRecording(`time,a\n${rows.join("\n")}\n${minute(62) / 1000},\n`, "x.csv");
    const read = replay(times, column("a"));
    const asked = [2, 2.9, 3, 4, 30, 59, 60, 61, 62, 1000];
    expect(asked.map((n) => read(minute(n)))).toEqual([2, 2, none, none, none, none, 60, 61, none, none]);
  });

  test("has no reading where a single row is missing", () => {
    expect(shown([0, 1, 2, 4, 5], [2.1, 3.1, 4.1])).toEqual([2, none, 4]);
  });

  test("holds a row whose successor comes a little late", () => {
    expect(shown([0, 1, 2.4, 3, 4], [1.1, 2.3, 2.5])).toEqual([1, 1, 2.4]);
  });

  test("has the gaps that a person says", () => {
    expect(shown([0, 1, 2, 5, 6], [3, 4.9], 10 * 60_000)).toEqual([2, 2]);
    expect(shown([0, 1, 2, 5, 6], [1.1, 1.6], 30_000)).toEqual([1, none]);
  });
});

describe("a recording", () => {
  test("is divided by what stands between the cells of its header, not in them", () => {
    const text = 'time;"temperature, outside"\n2026-01-01T00:00:00Z;21,5\n';
    expect(parseRecording(text, "a.csv").column("temperature, outside")).toEqual(Float64Array.of(21.5));
  });

  test.each([
    ["semicolons and decimal commas", "time;a\n2026-01-01 00:00:00;20,5\n2026-01-01 00:01:00;-0,25\n"],
    ["tabs", "time\ta\n2026-01-01T00:00:00Z\t20.5\n2026-01-01T01:01:00+0100\t-0.25\n"],
    ["quoted cells", '"time","a"\n"2026-01-01","20,5"\n"2026-01-01T00:01","-0.25"\n'],
    ["seconds since 1970", "time,a\n1767225600,20.5\n1767225660,-0.25\n"],
    ["ms since 1970", "\uFEFFtime,a\r\n1767225600000,20.5\r\n1767225660000,-0.25\r\n"],
    ["the day first, divided by dots", "Time;a\n01.01.2026 00:00;20,5\n1.1.2026 0:01:00;-,25\n"],
  ])("is read with %s", (_, text) => {
    const { times, column } = parseRecording(text, "x.csv");
    expect(times).toEqual([minute(0), minute(1)]);
    expect([...column("a")]).toEqual([20.5, -0.25]);
  });

  test.each([
    [["delimiter=pipe"], "time|a\n2026-01-01|20.5\n2026-01-01T00:01|-0.25\n"],
    [["time=DD/MM/YYYY"], "time,a\n01/01/2026 00:00,20.5\n01/01/2026 00:01,-0.25\n"],
    [["time=MM/DD/YYYY", "zone=+02:00"], "time,a\n01/01/2026 02:00,20.5\n01/01/2026 02:01,-0.25\n"],
    [["time=s"], "time,a\n1767225600,20.5\n1767225660.0,-0.25\n"],
    [["time-column=when, about"], 'a,"when, about"\n20.5,2026-01-01\n-0.25,2026-01-01 00:01\n'],
  ])("is read as --csv %j says", (settings, text) => {
    const { times, column, columns } = parseRecording(text, "x.csv", readForm(settings));
    expect(times).toEqual([minute(0), minute(1)]);
    expect(columns).toEqual(["a"]);
    expect([...column("a")]).toEqual([20.5, -0.25]);
  });

  test("takes what recorders write for no reading as a failed one", () => {
    const cells = ["", "NaN", "null", "n/a", "unavailable", "-"];
    const rows = cells.map((cell, i) => `${minute(i)},${cell}`);
    expect([...parseRecording(`time,a\n${rows.join("\n")}\n`, "x.csv").column("a")]).toEqual(cells.map(() => none));
  });

  test.each([
    ["", "is empty"],
    ["when,a\n", 'line 1: the first column has to be "time"'],
    ["time\n2026-01-01T00:00:00Z\n", "line 1: there is no column"],
    ["time,a\n", "line 1: no row"],
    ["time,a,a\n2026-01-01T00:00:00Z,1,1\n", 'line 1: two columns are called "a"'],
    ["time,a\nyesterday,1\n", 'line 2: "yesterday" is not a time: write 2026-01-31T12:00:00Z, 2026-01-31 12:00:00,'],
    ["time,a\n03/04/2026,1\n", 'line 2: "03/04/2026" may be a day of two months: say --csv time=DD/MM/YYYY or'],
    ["time,a\n2026-01-01T00:00:00Z,1,1\n", "line 2: 3 columns"],
    ["time,a\n2026-01-01T00:01:00Z,1\n2026-01-01T00:00:00Z,1\n", "line 3: earlier"],
    ["time,a\n2026-02-30T00:00:00Z,1\n", 'line 2: there is no such date: "2026-02-30T00:00:00Z"'],
    ["time,a\n31.04.2026,1\n", 'line 2: there is no such date: "31.04.2026"'],
    ["time,a\n2026-01-01 25:00,1\n", 'line 2: there is no such time of day: "2026-01-01 25:00"'],
    ["time,a\n2026-01-01T00:01:00Z,1e\n", 'line 2: "1e" in column "a"'],
    ["time,a\n2026-01-01T00:01:00Z,0x10\n", 'line 2: "0x10" in column "a"'],
    ['time,a\n2026-01-01,1\n\n2026-01-02,"2\n2026-01-03,3\n', "line 4: a quoted cell that begins here has no end"],
    ['time,a\n2026-01-01,1\n2026-01-02,"2\n2026-01-03,"3"\n', "line 3: a quoted cell that begins here has no end, or"],
    ['time,a\n2026-01-01,1"2\n', "line 2: a quote in the middle of a cell"],
  ])("says where it is malformed (%j)", (text, message) => {
    expect(() => parseRecording(text, "x.csv").column("a")).toThrow(message);
  });

  test.each([
    [["decimal=point"], "time;a\n2026-01-01;1,5\n", '"1,5" in column "a" is not a number'],
    [["time=s"], "time,a\n2026-01-01,1\n", '"2026-01-01" is no number of s since 1970'],
    [["time=DD/MM/YYYY"], "time,a\n2026-01-01,1\n", '"2026-01-01" is not a time of the form DD/MM/YYYY'],
    [["time-column=b"], "time,a\n2026-01-01,1\n", 'there is no column "b": there are time, a'],
  ])("says what is not as --csv %j says", (settings, text, message) => {
    expect(() => parseRecording(text, "x.csv", readForm(settings)).column("a")).toThrow(message);
  });

  test.each(["delimiter=x", "decimal", "time=noon", "zone=CET", "gap=0s", "gap=wide", "toString=1", ""])(
    "refuses the setting --csv %j, and says which there are",
    (setting) => {
      expect(() => readForm([setting])).toThrow(/^--csv: ".*" is none of delimiter=comma\|semicolon/);
    },
  );
});

describe("a file that is no UTF-8", () => {
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  test.each([
    ["UTF-16", Buffer.from("\uFEFFtime,a\n", "utf16le"), "is UTF-16: save it as CSV in UTF-8"],
    ["UTF-16 without a mark", Buffer.from("time,a\n", "utf16le"), "line 1: UTF-16, or no text"],
    [
      "Latin-1",
      Buffer.from("time,a\n2026-01-01,1\n2026-01-02,2 °C\n", "latin1"),
      "line 3: a letter that is not in UTF-8",
    ],
    ["a spreadsheet", Buffer.from([0x50, 0x4b, 3, 4, 20, 0]), "is a spreadsheet or another packed file"],
  ])("is refused in words: %s", (_, bytes, message) => {
    const file = join(folder, "x.csv");
    writeFileSync(file, bytes);
    expect(() => readRecording(file)).toThrow(message);
  });
});
