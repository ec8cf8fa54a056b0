import { describe, expect, test } from "vitest";
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import { audit } from "../../../scripts/simulator/audit.ts";
import { createCrystal } from "../../../scripts/simulator/crystal.ts";
import { createRecorder } from "../../../scripts/simulator/recorder.ts";
import { holdMsOf, parseRecording, replay } from "../../../scripts/simulator/recording.ts";
import type { ServerPoint } from "../../../scripts/simulator/simulation-report.ts";
import { createWorld } from "../../../scripts/simulator/world.ts";

const NOTHING = { expired: 0, overwritten: 0, thinned: 0, undatable: 0, refused: 0, unrepresentable: 0, corrupt: 0 };

function recorded(values: number[]) {
  const world = createWorld(1000);
  const recorder = createRecorder(world);
  for (const value of values) {
    recorder.handOver(1, recorder.begin(1), value);
    recorder.programmed();
    recorder.callbackEnded();
    world.pass(1000);
  }
  return { world, recorder };
}

const status = (sampled: number, delivered: number, pending: number, dropped = {}): Pick<DeviceStatus, "streams"> => ({
  streams: [
    {
      ...{ pin: "v1", name: "", sampled, delivered, pending, dropped: { ...NOTHING, ...dropped } },
      ...{ misdated: 0, duplicated: 0, missed: 0, failed: 0 },
    },
  ],
});

const points = (...list: [number, string][]): ServerPoint[] => list.map(([ts, value]) => ({ pin: "v1", ts, value }));

describe("the error without correction", () => {
  const DAY_MS = 86_400_000;

  test("is what the crystal gained since a time server was heard last, at the worst reading", () => {
    const world = createWorld(0);
    const recorder = createRecorder(world, createCrystal({ driftPpm: 40 }));
    recorder.begin(1);
    expect(recorder.uncorrectedMsMax()).toBe(0);
    world.pass(DAY_MS);
    recorder.timeTold();
    world.pass(10 * DAY_MS);
    recorder.begin(1);
    recorder.timeTold();
    world.pass(DAY_MS);
    recorder.begin(1);
    expect(recorder.uncorrectedMsMax()).toBeCloseTo(10 * DAY_MS * 40e-6, 3);
  });

  test("is unknown after a boot until a time server is heard", () => {
    const world = createWorld(0);
    const recorder = createRecorder(world, createCrystal({ driftPpm: 40 }));
    recorder.timeTold();
    recorder.cut();
    world.pass(DAY_MS);
    recorder.begin(1);
    expect(recorder.uncorrectedMsMax()).toBe(0);
  });
});

describe("the record of samples", () => {
  test("counts a reading once flash took a program for it in the same callback", () => {
    const { recorder } = recorded([1, 2]);
    recorder.handOver(1, recorder.begin(1), 3);
    recorder.callbackEnded();
    recorder.programmed();
    recorder.callbackEnded();
    recorder.handOver(1, recorder.begin(1), Number.NaN);
    expect(recorder.pins.get(1)?.values).toEqual([1, 2]);
    expect(recorder.pins.get(1)?.failed).toBe(1);
  });

  test("lets the next mount decide about a reading under way in a power cut, and only about that one", () => {
    for (const [counted, expected, problems] of [
      [2, [1, 2], 0],
      [3, [1, 2, 9], 0],
      [1, [1, 2], 1],
      [4, [1, 2, 9], 1],
    ] as [number, number[], number][]) {
      const { recorder } = recorded([1, 2]);
      recorder.handOver(1, recorder.begin(1), 9);
      recorder.cut();
      recorder.mounted(1, counted);
      expect(recorder.pins.get(1)?.values).toEqual(expected);
      expect(recorder.pins.get(1)?.problems).toHaveLength(problems);
    }
  });
});

describe("the audit", () => {
  const check = (of: Pick<DeviceStatus, "streams">, held: ServerPoint[], values = [20.04, 20.06]) =>
    audit(of, recorded(values).recorder, held, [], () => 1);

  test("balances what was delivered, finds the reading of each point and the largest error", () => {
    const found = check(status(2, 2, 0), points([1003, "20"], [1990, "20.1"]));
    expect(found).toMatchObject({ balanced: true, problems: [], errorMsMax: 10 });
  });

  test("tells when the firmware counts another number of samples, or its sums are wrong", () => {
    expect(check(status(3, 2, 1), points([1000, "20"], [2000, "20.1"])).problems[0]).toContain(
      "sampled 2, the firmware says 3",
    );
    expect(check(status(2, 1, 0), points([1000, "20"])).problems[0]).toContain("≠");
    expect(check(status(2, 1, 0, { expired: 1 }), points([1000, "20"])).balanced).toBe(true);
  });

  test("tells when the server holds less than delivered, more than sampled, or a value that never was", () => {
    expect(check(status(2, 2, 0), points([1000, "20"])).problems[0]).toContain("the server holds 1");
    expect(check(status(2, 1, 1), points([1000, "20"], [2000, "20.1"])).problems[0]).toContain("the server holds 2");
    expect(check(status(2, 2, 0), points([1000, "20"], [2000, "21.1"])).problems[0]).toContain("never read so");
  });

  test("takes the points of a lost answer as pending still", () => {
    const exchange = { pin: "v1", atMs: 0, stored: true, answered: false, fault: "lost", points: 1 };
    const held = points([1000, "20"], [2000, "20.1"]);
    expect(audit(status(2, 1, 1), recorded([20.04, 20.06]).recorder, held, [exchange], () => 1).balanced).toBe(true);
  });
});

describe("a recording", () => {
  test("is divided by what stands between the cells of its header, not in them", () => {
    const text = 'time;"temperature, outside"\n2026-01-01T00:00:00Z;21,5\n';
    expect(parseRecording(text, "a.csv").column("temperature, outside")).toEqual(Float64Array.of(21.5));
  });

  test("of one row holds it for ever", () => {
    expect(holdMsOf([5])).toBe(Number.POSITIVE_INFINITY);
    expect(replay([5], Float64Array.of(7))(1e15)).toBe(7);
  });

  test("shows the last row at or before a time", () => {
    const recording = parseRecording("time,a,b\r\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:01:00Z,3.5,-4\n\n", "x.csv");
    const read = replay(recording.times, recording.column("a"));
    const start = Date.UTC(2026, 0, 1);
    expect([0, 59_999, 60_000, 100_000, 30_000].map((ms) => read(start + ms))).toEqual([1, 1, 3.5, 3.5, 1]);
  });

  test("has no reading in a gap, in an empty cell and after its end", () => {
    const rows = [0, 1, 2, 60, 61].map((minute) => `${Date.UTC(2026, 0, 1, 0, minute) / 1000},${minute}`);
    const { times, column } = parseRecording(`time,a\n${rows.join("\n")}\n1767229320,\n`, "x.csv");
    const read = replay(times, column("a"));
    const minutes = [2, 4, 5, 30, 59, 60, 61, 62, 1000];
    const none = Number.NaN;
    expect(minutes.map((minute) => read(Date.UTC(2026, 0, 1, 0, minute)))).toEqual([
      2,
      2,
      none,
      none,
      none,
      60,
      61,
      none,
      none,
    ]);
  });

  test.each([
    ["semicolons and decimal commas", "time;a\n2026-01-01 00:00:00;20,5\n2026-01-01 00:01:00;-0,25\n"],
    ["tabs", "time\ta\n2026-01-01T00:00:00Z\t20.5\n2026-01-01T01:01:00+0100\t-0.25\n"],
    ["quoted cells", '"time","a"\n"2026-01-01","20,5"\n"2026-01-01T00:01","-0.25"\n'],
    ["seconds since 1970", "time,a\n1767225600,20.5\n1767225660,-0.25\n"],
    ["ms since 1970", "\uFEFFtime,a\r\n1767225600000,20.5\r\n1767225660000,-0.25\r\n"],
  ])("is read with %s", (_, text) => {
    const { times, column } = parseRecording(text, "x.csv");
    expect(times).toEqual([Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 0, 1)]);
    expect([...column("a")]).toEqual([20.5, -0.25]);
  });

  test.each([
    ["", "is empty"],
    ["when,a\n", 'line 1: the first column has to be "time"'],
    ["time\n2026-01-01T00:00:00Z\n", "line 1: there is no column"],
    ["time,a\n", "line 1: no row"],
    ["time,a,a\n2026-01-01T00:00:00Z,1,1\n", 'line 1: two columns are called "a"'],
    ["time,a\nyesterday,1\n", 'line 2: "yesterday" is not a time in ISO 8601'],
    ["time,a\n2026-02-30T00:00:00Z,1,1\n", "line 2: 3 columns"],
    ["time,a\n2026-01-01T00:01:00Z,1\n2026-01-01T00:00:00Z,1\n", "line 3: earlier"],
    ["time,a\n2026-02-30T00:00:00Z,1\n", 'line 2: "2026-02-30T00:00:00Z" is not a time'],
    ["time,a\n2026-01-01T00:01:00Z,1e\n", 'line 2: "1e" in column "a"'],
  ])("says where it is malformed (%j)", (text, message) => {
    expect(() => parseRecording(text, "x.csv").column("a")).toThrow(message);
  });
});
