import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeviceStatus } from "../../firmware/status-types.ts";
import { doctor } from "../../scripts/doctor.ts";
import { exportSamples } from "../../scripts/export.ts";
import { flash } from "../../scripts/flash.ts";
import { monitor } from "../../scripts/monitor.ts";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { TOKEN } from "../support/console/console-rig.ts";
import { type SimulatedRig, startSimulatedRig } from "../support/console/simulated-rig.ts";

/** The simulator's access point. */
const SSID = "simulated";
const WIFI = "correct horse";
const MINUTE_MS = 60000;

const DEVICE = `
import type { Device } from "./device-types.ts";
import { custom } from "./sensors/custom.ts";
let reading = 200;
export const device: Device = {
  name: "end to end",
  datastreams: [
    { pin: "v1", name: "temperature", sensor: custom(() => (reading += 1) / 10), intervalMs: 15000, decimals: 1 },
    { pin: "v2", name: "light", sensor: custom(() => 70), intervalMs: 60000, decimals: 0 },
  ],
  server: { url: "https://blynk.cloud" },
  timeServers: ["pool.ntp.org", "time.google.com"],
  region: "flash",
  syncEveryMs: 24 * 3600000,
  button: { pin: "D0", activeLow: true },
  led: { pin: "D2", activeLow: false },
};`;

let folder: string;
let rig: SimulatedRig;
const outputs: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "backfill-end-to-end-"));
  writeFileSync(join(folder, "device.ts"), DEVICE);
  // Offline for 40 minutes; the button is pressed after 70.
  rig = await startSimulatedRig(TOKEN, {
    offline: "40m",
    wifi: [{ kind: "gone", from: "0m", to: "40m" }],
    press: [{ at: "70m" }],
  });
});
afterAll(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

async function run(command: typeof flash, args: string[], env: Record<string, string> = {}) {
  const terminal = captureTerminal({ env, answerMs: 1000, patienceMs: 3000, nowMs: rig.world.trueMs });
  const status = await command(["--port", rig.port, ...args], terminal);
  outputs.push(terminal.text());
  expect(status, terminal.text()).toBe(0);
  return terminal;
}

const pending = async () => {
  const terminal = await run(monitor, ["--once", "--json"]);
  const status = JSON.parse(terminal.out.join()) as DeviceStatus;
  return { ...status, all: status.streams.reduce((sum, stream) => sum + stream.pending, 0) };
};

describe("a unit from its first flash to the field, on the simulated ESP32", () => {
  it("is flashed over the console and greets", async () => {
    const terminal = await run(flash, ["--device", join(folder, "device.ts")]);
    expect(terminal.out[0]).toMatch(/^✓ backfill \S+ runs and logs to flash, 64 kB at 0x310000:$/);
    expect(terminal.out.join("\n")).toContain("provision this unit");
    expect(terminal.text()).toMatch(/Told the unit the time of this computer, within 200\d ms/);
    // The next heartbeat proves that the clock did not jump, and the time is stored.
    await rig.until(rig.world.nowMs() + 10_000);
  });

  it("is provisioned", async () => {
    const env = { BACKFILL_TOKEN: TOKEN, BACKFILL_SSID: SSID, BACKFILL_WIFI_PASSWORD: WIFI };
    const terminal = await run(provision, [], env);
    expect(terminal.text()).toContain("has started with the new settings");
  });

  it("logs without a network, and exports its samples", async () => {
    await rig.until(35 * MINUTE_MS);
    const terminal = await run(exportSamples, []);
    const rows = terminal.out.slice(1).map((line) => line.split(","));
    expect(rows.length).toBeGreaterThan(150);
    expect(new Set(rows.map((row) => row[5]))).toEqual(new Set(["pending"]));
    const v1 = rows.filter((row) => row[0] === "v1");
    // No time server was met yet: the computer at the cable told the time.
    const agesMs = v1.map((row) => rig.world.trueMs() - Number(row[2]));
    expect(Math.max(...agesMs)).toBeLessThan(35 * MINUTE_MS);
    expect(Math.min(...agesMs)).toBeGreaterThanOrEqual(-2010);
    for (const row of v1) expect(Number(row[6])).toBeLessThan(9000);
    expect(v1[0][1]).toBe("temperature");
    // Every exported sample is pending: none is lost.
    expect(rows.length).toBe((await pending()).all);
    expect(rig.standIn.stats().points).toBe(0);
  });

  it("sends the samples when the network comes, and later ones at a press of the button", async () => {
    await rig.until(69 * MINUTE_MS);
    const connected = rig.standIn.stats();
    expect(connected.points).toBeGreaterThan(150);
    expect((await pending()).all).toBeGreaterThan(100);
    await rig.until(71 * MINUTE_MS);
    const after = await pending();
    expect(after.all).toBeLessThan(20);
    // The samples that it took between flashing and provisioning are dated, too.
    expect(after.verdictText).toBe("everything sent");
    expect(rig.standIn.stats().points).toBeGreaterThan(connected.points + 100);
    expect(rig.standIn.violations).toEqual([]);
  });

  it("exports the sent samples as delivered, with the times that the server has", async () => {
    const terminal = await run(exportSamples, ["--format", "json"]);
    const samples = JSON.parse(terminal.out.join("")) as { pin: string; ts: number; value: number; state: string }[];
    const delivered = samples.filter((sample) => sample.state === "delivered");
    const sent = new Map([...rig.standIn.points()].map(({ pin, ts, value }) => [`${pin} ${ts}`, value]));
    expect(delivered.length).toBe(sent.size);
    expect(samples.filter((sample) => sample.state === "undatable").length).toBeLessThan(5);
    // A later sync may change a sample's time a little, within its bound.
    const exact = delivered.filter((sample) => sent.get(`${sample.pin} ${sample.ts}`) === String(sample.value));
    expect(exact.length).toBeGreaterThan(delivered.length / 2);
  });

  it("passes the checks of the doctor", async () => {
    const terminal = captureTerminal({ answerMs: 1000, patienceMs: 3000 });
    await doctor(["--port", rig.port, "--no-server"], terminal);
    outputs.push(terminal.text());
    for (const name of ["program", "partition", "ring", "memory", "settings", "Wi-Fi"]) {
      expect(terminal.text()).toMatch(new RegExp(`✓ │ ${name} `));
    }
  });

  it("is flashed again without losing a sample, and keeps its settings", async () => {
    const before = await pending();
    await run(flash, ["--device", join(folder, "device.ts")]);
    const after = await pending();
    const sum = (status: typeof after) => status.streams.reduce((n, stream) => n + stream.sampled, 0);
    expect(sum(after)).toBeGreaterThanOrEqual(sum(before));
    expect(rig.unit.board.ask(["backfill", "version"])).toBeDefined();
  });

  it("shows no secret in any output, file or bundle", () => {
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
    const stored = rig.unit.board.interpreter()?.global.boardBoot;
    for (const text of [
      ...outputs,
      ...files,
      String(stored),
      rig.unit.board.lines.map((line) => line.text).join("\n"),
    ]) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain(WIFI);
    }
  });
});
