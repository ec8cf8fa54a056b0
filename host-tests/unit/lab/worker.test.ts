/** The worker of the page runs as the simulator of Node.js does, in a realm that has nothing but what a browser has. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LabDevice } from "../../../scripts/lab/protocol.ts";
import { recordedDevice } from "../../../scripts/simulator/recorded-device.ts";
import { parseRecording } from "../../../scripts/simulator/recording.ts";
import { findScenario } from "../../../scripts/simulator/scenarios/registry.ts";
import { DEVICE_FILE, deviceOf, type Scenario } from "../../../scripts/simulator/scenarios/scenario.ts";
import type { Report } from "../../../scripts/simulator/simulate.ts";
import { type Script, type SimulatedDevice, simulate } from "../../../scripts/simulator/simulate.ts";
import { startWorker } from "../../support/lab/lab-rig.ts";

let worker: Awaited<ReturnType<typeof startWorker>>;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker.close());

const withoutWallMs = ({ wallMs: _, ...report }: Report) => report;

async function expectSame(device: LabDevice, script: Script, atDesk: SimulatedDevice): Promise<void> {
  await worker.ask({ ask: "open", run: "a", source: { device, script }, toMs: Number.POSITIVE_INFINITY });
  const { report } = await worker.ask({ ask: "keep", run: "a" });
  expect(withoutWallMs(report)).toEqual(withoutWallMs(await simulate(atDesk, script)));
}

test("gives the report of npm run simulate for the default device", () => {
  const script: Script = {
    scenario: "custom",
    seed: 5,
    offline: "9h",
    crystal: { driftPpm: 30 },
    http: [
      { kind: "lost", share: 0.3 },
      { kind: "html", from: "10h", to: "11h", dateOffset: "-6h" },
    ],
    power: [{ at: "4h", kind: "cut", flashBytes: 9, off: "10m" }],
    sensors: [{ kind: "hang", pin: "v2", from: "1h", to: "2h" }],
  };
  return expectSame({ kind: "file" }, script, { file: DEVICE_FILE });
});

test.each([["chaos", 2]])("gives the report of npm run simulate for the scenario %s", async (name, seed) => {
  const scenario = findScenario(name) as Scenario;
  const { device, script } = await worker.ask({ ask: "scenario", name, seed });
  await expectSame(device, script, deviceOf(scenario, seed));
});

test("gives the report of npm run simulate for a recording of another year", async () => {
  const rows = Array.from(
    { length: 100 },
    (_, i) => `${new Date(Date.UTC(2021, 4, 3, 0, i)).toISOString()};${20 + (i % 7) / 10}`,
  );
  const csv = `time;t\n${rows.join("\n")}\n`;
  const { device, firstRowMs, playedMs } = recordedDevice(parseRecording(csv, "t.csv"), {});
  const script: Script = { scenario: "custom", seed: 1, start: firstRowMs, atLeast: playedMs };
  await expectSame({ kind: "recording", fileName: "t.csv", csv }, script, device);
});

test("shows the program nothing of the worker's own names", async () => {
  const { createRealm, loadProgram } = await import("../../../scripts/lab/engine/in-worker/shared-realm.ts");
  const found: unknown[] = [];
  const realm = createRealm(
    () => 0.5,
    () => 42_000,
  );
  const code = `note(typeof process, typeof fetch, typeof setTimeout, typeof Map, typeof Promise, typeof structuredClone);
    note("abc".indexOf("cd"), "abc".includes("cd"), [1, 2].indexOf(2), new Uint8Array([7, 8]).indexOf(8));
    note(Math.random(), Math.wrap(-1, 3), Date.now(), new Date().getTime(), new Date(2000, 0).getTime());
    global.kept = 5; note(this.kept, globalThis.kept);`;
  loadProgram(realm, { note: (...all: unknown[]) => found.push(...all), global: realm.global }, code, "x.js")();
  expect(found).toEqual([
    ...Array(6).fill("undefined"),
    ...[2, true, 1, 1],
    ...[0.5, 2, 42_000, 42_000, new Date(2000, 0, 1).getTime()],
    ...[5, 5],
  ]);
});
