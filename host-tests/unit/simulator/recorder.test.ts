import { describe, expect, test } from "vitest";
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import { audit } from "../../../scripts/simulator/audit.ts";
import { createCrystal } from "../../../scripts/simulator/crystal.ts";
import { createRecorder } from "../../../scripts/simulator/recorder.ts";
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
