import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { simulate } from "../../../scripts/simulate.ts";
import { captureTerminal } from "../../support/console/captured-terminal.ts";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const folder = mkdtempSync(join(tmpdir(), "simulate-"));
let files = 0;

function csv(...lines: string[]): string {
  const file = join(folder, `${++files}.csv`);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

const good = csv("time,temperature", "2026-01-01T00:00:00Z,20.5", "2026-01-01T00:01:00Z,20.55");
const data = (...lines: string[]) => ["--data", csv(...lines)];

/** The arguments for a device file with this text. */
function deviceFile(source: string): string[] {
  const file = join(folder, `${++files}.ts`);
  writeFileSync(file, source);
  return ["--device", file];
}

/** `more`: members of its server. */
function ownDevice({ pins = ["v1"], decimals = 1, region = '"flash"', intervalMs = 60_000, more = "" } = {}): string {
  const streams = pins.map(
    (pin, i) =>
      `{ pin: "${pin}", name: "x${i === 0 ? "" : i + 1}", intervalMs: ${intervalMs}, decimals: ${decimals}, sensor: (done: any) => done(20 + Math.random()) }`,
  );
  return `export const device = {
    name: "own", region: ${region}, server: { url: "https://blynk.cloud", ${more} }, timeServers: ["a.example", "b.example"],
    datastreams: [${streams.join(", ")}],
  };`;
}

const GREEDY = ownDevice({ intervalMs: 5000, more: "pointsPerDayMax: 1000000, requestsPerDayMax: 100000" });

const WRONG: [what: string, args: string[], message: string][] = [
  ["an unknown scenario", ["--scenario", "nope"], 'unknown scenario "nope". There are: week-offline'],
  ["a scenario that is misspelled", ["--scenario", "week-ofline"], "did you mean week-offline?"],
  ["an unknown flag", ["--frequency", "5"], "unknown option '--frequency'"],
  ["a flag without its value", ["--scenario"], "argument missing"],
  ["an argument that is no flag", ["week-offline"], "too many arguments"],
  ["a missing CSV", ["--data", join(folder, "none.csv")], "no such file"],
  ["a folder in place of a CSV", ["--data", folder], "it is a folder"],
  ["an empty CSV", data(), "is empty"],
  ["a CSV with a header only", data("time,temperature"), "line 1: no row follows the header"],
  ["a CSV without the time", data("when,temperature", "x,1"), 'line 1: the first column has to be "time", not "when"'],
  ["a CSV without a sensor", data("time", "2026-01-01T00:00:00Z"), "line 1: there is no column beside the time"],
  ["two columns of one name", data("time,a,a", "2026-01-01T00:00:00Z,1,2"), 'line 1: two columns are called "a"'],
  ["a time that is none", data("time,a", "yesterday,1"), 'line 2: "yesterday" is not a time'],
  ["a time that goes back", data("time,a", "2026-01-02,1", "2026-01-01,1"), "line 3: earlier than the line before"],
  ["a date in no calendar", data("time,a", "2026-02-30,1"), 'line 2: there is no such date: "2026-02-30"'],
  [
    "a quoted cell without an end",
    data("time,a", '2026-01-01,"1'),
    "line 2: a quoted cell that begins here has no end",
  ],
  ["a row that is too short", data("time,a,b", "2026-01-01,1"), "line 2: 2 columns where the header has 3"],
  [
    "a reading that is no number",
    [...data("time,temperature", "2026-01-01,20.5", "2026-01-02,oops"), "--streams", "temperature=v1:1"],
    'line 3: "oops" in column "temperature" is not a number',
  ],
  ["an unknown column", ["--data", good, "--streams", "humidity=v1:1"], 'no column "humidity"'],
  ["a pin beyond v255", ["--data", good, "--streams", "temperature=v256:1"], '"v256" is not a pin'],
  ["a pin that is none", ["--data", good, "--streams", "temperature=D4:1"], '"D4" is not a pin'],
  ["a pin with a leading zero", ["--data", good, "--streams", "temperature=v01:1"], '"v01" is not a pin'],
  ["too many decimals", ["--data", good, "--streams", "temperature=v1:9"], '"9" decimals: 0 to 4 are kept'],
  ["a stream without a pin", ["--data", good, "--streams", "temperature"], "is not column=pin:decimals"],
  ["no stream", ["--data", good, "--streams", ""], "is not column=pin:decimals"],
  ["one pin for two", ["--data", good, "--streams", "temperature=v1:1,temperature=v1:0"], "two datastreams for pin v1"],
  ["streams of no recording", ["--streams", "temperature=v1:1"], "--streams needs --data"],
  ["streams for a device file", ["--data", good, "--device", "x.ts", "--streams", "a=v1:1"], "exclude each other"],
  ["a form of no recording", ["--csv", "decimal=comma"], "--csv needs --data"],
  ["a form that is none", ["--data", good, "--csv", "comma"], '--csv: "comma" is none of delimiter='],
  ["a map of no device file", ["--data", good, "--map", "temperature=x"], "--map needs --data FILE.csv and --device"],
  [
    "a map without a datastream",
    ["--data", good, ...deviceFile(ownDevice()), "--map", "temperature"],
    "is not column=datastream",
  ],
  ["a map of no column", ["--data", good, ...deviceFile(ownDevice()), "--map", "temp=x"], 'has no column "temp"'],
  [
    "a map of no datastream",
    ["--data", good, ...deviceFile(ownDevice()), "--map", "temperature=y"],
    'no datastream "y" (did you mean x?): it has x',
  ],
  [
    "a recording whose columns are none of the device's",
    ["--data", good, ...deviceFile(ownDevice())],
    "the columns are temperature; the datastreams are x. Say which is which with --map",
  ],
  ["a date of start in no calendar", ["--start", "2026-02-30T00:00:00Z"], '"2026-02-30T00:00:00Z" is not a time'],
  ["an interval of zero", ["--data", good, "--every", "0s"], "the shortest interval is 100 ms"],
  ["a negative interval", ["--data", good, "--every", "-5s"], "can't be negative"],
  ["an interval without a unit", ["--data", good, "--every", "60"], '"60" is not a duration: write 90s, 5m, 12h or 7d'],
  ["a duration that is none", ["--offline", "long"], '"long" is not a duration'],
  ["a drift that is none", ["--drift", "fast"], '"fast" is not a number'],
  ["an unknown region", ["--region", "ota_7"], '"ota_7" is none of'],
  ["a start that is none", ["--start", "soon"], '"soon" is not a time'],
  ["a seed that is none", ["--seed", "1.5"], "--seed: a whole number, 0 or more"],
  ["a server without a token", ["--server", "http://127.0.0.1:1"], "--server and --token belong together"],
  ["a server that is no origin", ["--server", "blynk", "--token", "x"], '"blynk" is not an origin'],
  ["a server with a port that is none", ["--server", "http://127.0.0.1:99999", "--token", "x"], "is not an origin"],
  [
    "a run of the future on a server",
    ["--server", "http://127.0.0.1:1", "--token", "x", "--start", "2999-01-01"],
    "later than now: a real server takes no points of the future",
  ],
  ["a fleet of none", ["--fleet", "0"], "--fleet: 1 to 1000 devices"],
  ["a fleet and a scenario", ["--fleet", "2", "--scenario", "chaos"], "--fleet excludes --scenario"],
  ["a fleet and a server", ["--fleet", "2", "--server", "http://127.0.0.1:1"], "--fleet excludes --server"],
  ["a fleet and a token", ["--fleet", "2", "--token", "x"], "--fleet excludes --token"],
  ["a fleet and an end", ["--fleet", "2", "--until", "1h"], "--fleet excludes --until"],
  ["a fleet and a drift", ["--fleet", "2", "--drift", "20"], "--fleet excludes --drift"],
  ["a fleet and a start", ["--fleet", "2", "--start", "-7d"], "--fleet excludes --start"],
  ["a fleet and its points", ["--fleet", "2", "--points-out", "x.csv"], "--fleet excludes --points-out"],
  ["points into a folder that is missing", ["--points-out", join(folder, "none", "x.csv")], "there is no such file or"],
  ["points into a folder", ["--points-out", folder], "can't be written: it is a folder"],
  ["a folder in place of a device file", ["--device", folder], `the device file is a folder: ${folder}`],
  ["a device file without an export", deviceFile("const device = 1;"), "it exports no device"],
  ["two datastreams on one pin", deviceFile(ownDevice({ pins: ["v1", "v1"] })), "pin v1 is taken by datastreams[0]"],
  ["a device file with 99 decimals", deviceFile(ownDevice({ decimals: 99 })), "datastreams[0].decimals must be 0 to 4"],
  ["a device file that throws", deviceFile("nothing.there(); export const device = 1;"), "fails when it is loaded"],
  [
    "a device file whose region is an address",
    deviceFile(ownDevice({ region: "{ address: 0x310000, bytes: 65536 }" })),
    "whose region is a partition's label",
  ],
  [
    "a server that is not there",
    ["--server", "http://127.0.0.1:1", "--token", "x"],
    "127.0.0.1:1 can't be reached: the",
  ],
  ["a missing device file", ["--device", join(folder, "none.ts")], "none.ts"],
];

describe("npm run simulate", () => {
  test.each(WRONG)(
    "says what is wrong with %s, with exit status 1 and nothing but the error on stdout",
    async (_what, args, message) => {
      const terminal = captureTerminal();
      expect(await simulate(["--json", ...args], terminal)).toBe(1);
      expect(terminal.err.join("\n")).toContain(message);
      expect(terminal.err.join("\n")).not.toMatch(/\n\s+at /);
      expect(terminal.out).toHaveLength(1);
      const said = JSON.parse(terminal.out[0]);
      expect(Object.keys(said)).toEqual(["error"]);
      expect(said.error.message).toContain(message);
    },
  );

  test("exits with 1 as a process too, without a stack trace", () => {
    const args = ["--import", "tsx", "scripts/simulate.ts", "--json", "--scenario", "nope"];
    const done = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
    expect(done.stderr).toBe(`simulate: ${done.stderr.slice("simulate: ".length)}`);
    expect(done.stderr.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(done.stdout)).toEqual({ error: { message: expect.stringContaining("unknown scenario") } });
    expect(done.status).toBe(1);
  }, 30_000);

  test("replays a recording: every reading at its time, rounded to its decimals, in its shortest form", async () => {
    const points = join(folder, "points.csv");
    const rows = ["20.5", "20.55", "-0.04", "7"].map((value, i) => `2026-01-01T00:0${i}:00Z,${value}`);
    const terminal = captureTerminal();
    const args = [...data("time,temperature", ...rows), "--streams", "temperature=v7:1", "--every", "60s"];
    expect(await simulate([...args, "--json", "--points-out", points], terminal)).toBe(0);
    expect(terminal.out).toHaveLength(1);
    const report = JSON.parse(terminal.out[0]);
    expect(report).toMatchObject({ scenario: "custom", balanced: true, server: { violations: [] } });
    const [header, ...lines] = readFileSync(points, "utf8").trim().split("\n");
    expect(header).toBe("pin,ts,value");
    expect(lines).toHaveLength(report.streams[0].delivered);
    // Power-on takes a moment, so the first sample comes just after the first row.
    const value = new Map(
      lines.map((line) => line.split(",")).map(([, ts, text]) => [Math.floor(Number(ts) / 60_000), text]),
    );
    const first = Date.parse("2026-01-01T00:00:00Z") / 60_000;
    expect([0, 1, 2, 3].map((minute) => value.get(first + minute))).toEqual(["20.5", "20.6", "0", "7"]);
  });

  test("sums up for a person what became of every sample", async () => {
    const terminal = captureTerminal();
    expect(await simulate(["--data", good, "--offline", "3h", "--until", "5h", "--seed", "3"], terminal)).toBe(0);
    // Colours are there or not, as the surroundings (CI=true, say) have it.
    const text = stripVTControlCharacters(terminal.out.join("\n"));
    for (const expected of [
      "custom: 0.",
      "seed 3",
      "v1 temperature",
      "as short as JSON can be",
      "Balanced: every sample",
    ]) {
      expect(text).toContain(expected);
    }
    expect(terminal.err).toEqual(["simulate: the recording ends at 2026-01-01T00:01:00Z; readings after it fail"]);
  });

  /** The points that the server holds after a run, by pin. */
  async function pointsOf(
    args: string[],
  ): Promise<{ err: string[]; points: Map<string, [minute: number, value: string][]> }> {
    const file = join(folder, `${++files}-points.csv`);
    const terminal = captureTerminal();
    expect(await simulate([...args, "--json", "--points-out", file], terminal)).toBe(0);
    const points = new Map<string, [number, string][]>();
    for (const line of readFileSync(file, "utf8").trim().split("\n").slice(1)) {
      const [pin, ts, value] = line.split(",");
      const minute = Math.floor((Number(ts) - Date.UTC(2026, 0, 1)) / 60_000);
      points.set(pin, [...(points.get(pin) ?? []), [minute, value]]);
    }
    return { err: terminal.err, points };
  }

  const rows = Array.from({ length: 30 }, (_, i) => `2026-01-01T00:${String(i).padStart(2, "0")}:00Z,${20 + i},${i}`);

  test("gives the sensors of a device file the columns of their names, each at its time", async () => {
    // Two rows are missing: two failed readings, and no value comes twice.
    const file = csv("time,X,other", ...rows.filter((_, i) => i !== 10 && i !== 20));
    const { err, points } = await pointsOf(["--data", file, ...deviceFile(ownDevice())]);
    expect(points.get("v1")).toEqual(
      rows.map((_, i) => [i, String(20 + i)]).filter(([i]) => i !== 10 && i !== 20 && Number(i) < 30),
    );
    expect(err).toEqual([
      "simulate: no datastream for the column other: not used (--map)",
      "simulate: the recording ends at 2026-01-01T00:29:00Z; readings after it fail",
    ]);
  });

  test("gives them the columns that --map says, also one with commas in its name", async () => {
    const file = csv('time,a,"t, out=side"', ...rows);
    const { err, points } = await pointsOf([
      ...["--data", file, ...deviceFile(ownDevice({ pins: ["v1", "v2"] }))],
      ...["--map", "t, out=side=v2"],
    ]);
    expect(points.get("v2")?.slice(0, 5)).toEqual([0, 1, 2, 3, 4].map((i) => [i, String(i)]));
    expect(err).toContain("simulate: no column for the datastream x: made-up readings of a room (--map)");
  });

  test("plays a recording to its end after a time offline, and names an end that is too early", async () => {
    const file = csv("time,a,b", ...rows);
    const whole = await pointsOf(["--data", file, "--offline", "5m"]);
    expect(whole.points.get("v1")).toHaveLength(30);
    const cut = await pointsOf(["--data", file, "--until", "15m"]);
    expect(cut.err).toEqual(["simulate: the run ends 14m before the recording does: --until 29m covers it"]);
  });

  test("takes all columns of a recording, whatever their names", async () => {
    const file = csv('time,"a, b","c=v9:1"', ...rows);
    const { points } = await pointsOf(["--data", file, "--until", "10m"]);
    expect([...points.keys()]).toEqual(["v1", "v2"]);
    const chosen = await pointsOf(["--data", file, "--streams", "a, b=v7:0", "--until", "10m"]);
    expect([...chosen.points.keys()]).toEqual(["v7"]);
  });

  test("says nothing of its last row while a recording lasts", async () => {
    const terminal = captureTerminal();
    expect(await simulate(["--data", good, "--until", "60s", "--json"], terminal)).toBe(0);
    expect(terminal.err).toEqual([]);
  });

  test("exits with 1 when a limit of the server was broken, and prints the report all the same", async () => {
    const args = [...deviceFile(GREEDY), "--region", "ota_0", "--offline", "15h", "--until", "20h"];
    const terminal = captureTerminal();
    expect(await simulate([...args, "--json"], terminal)).toBe(1);
    expect(JSON.parse(terminal.out[0]).server.violations).not.toEqual([]);
    const table = captureTerminal();
    expect(await simulate(args, table)).toBe(1);
    expect(table.out.join("\n")).toContain("Something is wrong: see above.");
  });

  test("exits with 1 when a fleet breaks a limit of the server", async () => {
    const args = ["--fleet", "1", ...deviceFile(GREEDY), "--region", "ota_0", "--offline", "14h"];
    const terminal = captureTerminal();
    expect(await simulate([...args, "--json"], terminal)).toBe(1);
    expect(JSON.parse(terminal.out[0]).violations).toBeGreaterThan(0);
    expect(await simulate(args, captureTerminal())).toBe(1);
  }, 60_000);

  test("exits with 1 when the promise of the chosen scenario is broken, and says which", async () => {
    const args = ["--scenario", "full-ring", "--every", "1h"];
    const terminal = captureTerminal();
    expect(await simulate([...args, "--json"], terminal)).toBe(1);
    expect(JSON.parse(terminal.out[0])).toMatchObject({ scenario: "full-ring", balanced: true });
    expect(terminal.err).toEqual(["simulate: the promise of full-ring is broken: nothing was overwritten"]);
  });

  test("holds no promise against a run whose end or outage was chosen", async () => {
    const args = ["--scenario", "full-ring", "--every", "1h", "--offline", "1d", "--json"];
    expect(await simulate(args, captureTerminal())).toBe(0);
  });
});
