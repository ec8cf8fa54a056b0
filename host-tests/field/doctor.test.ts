import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StandInServer, startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import type { Finding } from "../../scripts/console/doctor/finding.ts";
import { installProgram } from "../../scripts/console/unit/program-store.ts";
import { doctor } from "../../scripts/doctor.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig, TOKEN, tinyFirmware, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { blankChip, type MachineOptions } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";

let server: StandInServer;
beforeEach(async () => {
  server = await startServer(new BlynkStandIn({ tokens: [TOKEN] }));
});
afterEach(async () => {
  await server.close();
});

interface Given extends MachineOptions {
  token?: string;
  serverUrl?: string;
  bare?: boolean;
}

function chipWithData(): Uint8Array {
  const chip = blankChip();
  const { ledger, ring } = openRegionOf(chip, [{ pin: 1, intervalMs: 60000, decimals: 1 }]);
  ledger.boot(1, 1);
  ring.start(1);
  for (let i = 0; i < 5000; i++) ring.append(1, 1000 + i * 60000, 200);
  return chip;
}

/** A device that works: the firmware is stored whole and runs, the unit is provisioned and connected. */
async function start(given: Given = {}): Promise<ConsoleRig> {
  const started = await startRig({
    flash: chipWithData(),
    wifi: { ssid: "Barn", rssi: -61 },
    ...given,
    prepare: (machine) => {
      if (given.bare) return;
      const settings = { token: given.token ?? TOKEN, networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] };
      machine.storage.write("backfill.json", JSON.stringify({ ...settings, server: given.serverUrl ?? server.url }));
    },
  });
  if (given.bare) return started;
  const device = await started.open();
  await installProgram(device, Buffer.from(tinyFirmware("0.1.0")));
  device.close();
  started.machine.boot();
  return started;
}

async function run(rig: ConsoleRig, ...args: string[]) {
  const terminal = captureTerminal();
  const status = await doctor(["--port", rig.port, "--json", ...args], terminal);
  expect(terminal.text()).not.toContain(TOKEN);
  expect(terminal.text()).not.toContain(WIFI_PASSWORD);
  expect(rig.console.sent, "the token does not leave the device").not.toContain(`token=${TOKEN}`);
  const { findings } = JSON.parse(terminal.out.join("\n")) as { findings: Finding[] };
  return { status, of: (name: string) => findings.find((finding) => finding.name === name) as Finding, findings };
}

describe("doctor", () => {
  it("finds nothing to fix on a device that works", async () => {
    const rig = await start();
    const { status, of, findings } = await run(rig);
    expect(findings.filter((finding) => finding.verdict === "fail")).toEqual([]);
    expect(status).toBe(0);
    expect(of("runtime").found).toBe("Espruino 2v29.277");
    expect(of("program")).toMatchObject({ verdict: "ok" });
    expect(of("partition").found).toBe("flash, 64 kB at 0x310000");
    expect(of("ring").found).toMatch(/of 14 pages in use; holds some 3\d days at this rate/);
    expect(of("Wi-Fi").found).toBe("“Barn”, -61 dBm");
    expect(of("server")).toMatchObject({ verdict: "ok" });
    expect(of("token")).toMatchObject({ verdict: "ok", found: "accepted" });
    expect(of("clock")).toMatchObject({ verdict: "warn", found: expect.stringContaining("not set yet") });
  });

  it("asks the board for its heap, and says what does not fit", async () => {
    const idf3 = { state: { freeHeap: 30_800, sdkVersion: "v3.3.6" } };
    expect((await run(await start(idf3))).of("heap")).toMatchObject({ verdict: "ok" });
    const https = await run(await start({ ...idf3, serverUrl: "https://127.0.0.1:9" }), "--no-server");
    expect(https.of("heap")).toMatchObject({
      verdict: "fail",
      found: "30800 bytes of heap are free with the radio joined, and https needs some 36000 (ESP-IDF v3.3.6)",
      advice: expect.stringContaining("proxy in your own network"),
    });
    expect(https.status).toBe(1);
    const roomy = await run(await start({ serverUrl: "https://127.0.0.1:9" }), "--no-server");
    expect(roomy.of("heap")).toMatchObject({ verdict: "ok", found: expect.stringContaining("enough for https") });
    expect((await run(await start({ state: null }))).of("heap")).toMatchObject({ verdict: "skip" });
  });

  it("holds the pool against what the datastreams need", async () => {
    expect((await run(await start())).of("pool")).toMatchObject({ verdict: "ok" });
    const small = await run(await start({ memory: { free: 600, total: 3600 } }));
    expect(small.of("pool")).toMatchObject({
      verdict: "warn",
      found: expect.stringMatching(/^3600 .*1 datastream needs 3975/),
    });
  });

  it("knows the defects of the board's build", async () => {
    const builds = async (given: Given) => {
      const { findings } = await run(await start(given));
      return findings.filter(({ name }) => name === "build").map(({ verdict, found }) => `${verdict}: ${found}`);
    };
    expect(await builds({})).toEqual([expect.stringMatching(/^ok: .*access point.*the firmware closes it/)]);
    expect(await builds({ version: "2v30" })).toEqual([]);
    expect(await builds({ version: "2v26" })).toContainEqual(expect.stringMatching(/^warn: 2v26 does not watch/));
    const idf5 = { board: "ESP32_IDF5", state: { freeHeap: 70_000, sdkVersion: "v5.5" } };
    expect(await builds({ ...idf5, version: "2v30" })).toEqual([
      expect.stringMatching(/^warn: .*watchdog does nothing/),
    ]);
    expect(await builds({ ...idf5, version: "2v29.12" })).toContainEqual(
      expect.stringMatching(/^fail: .*do not erase/),
    );
  });

  it("prints a table, and below it what to do", async () => {
    const rig = await start({ token: `${TOKEN}x` });
    const terminal = captureTerminal();
    expect(await doctor(["--port", rig.port], terminal)).toBe(1);
    expect(terminal.text()).toMatch(/│ ✗ │ token\s+│ the server does not know it/);
    expect(terminal.text()).toMatch(/To do:[\s\S]*✗ token: Compare it with Device info/);
    expect(terminal.text()).not.toContain(TOKEN);
  });

  it("says that a bare board has no program, no settings and no data", async () => {
    const rig = await start({ bare: true, flash: blankChip() });
    const { status, of } = await run(rig);
    expect(status).toBe(1);
    expect(of("program")).toMatchObject({ verdict: "fail", advice: "`npm run flash`." });
    expect(of("firmware")).toMatchObject({ verdict: "fail", found: "does not run" });
    expect(of("settings")).toMatchObject({ verdict: "fail", advice: "`npm run provision`." });
    expect(of("partition")).toMatchObject({ verdict: "warn" });
    expect(of("server")).toMatchObject({ verdict: "skip" });
  });

  it.each<[string, Parameters<NonNullable<StandInServer["fault"]>>[0] | object, string, RegExp]>([
    ["a captive portal", { status: 200, headers: {}, body: "<html>Log in" }, "server", /not Blynk's answer/],
    [
      "another region",
      { status: 308, headers: { Location: "https://ny3.blynk.cloud/" }, body: "" },
      "token",
      /another region/,
    ],
    ["a failing server", { status: 502, headers: {}, body: "" }, "server", /answers 502/],
  ])("does not take %s for a wrong token", async (_title, answer, name, found) => {
    const rig = await start();
    server.fault = () => ({ kind: "answer", answer: answer as never });
    const { status, of } = await run(rig);
    expect(status).toBe(1);
    expect(of(name)).toMatchObject({ verdict: "fail", found: expect.stringMatching(found) });
  });

  it("says that the server is not reached, and checks another one with --server", async () => {
    const rig = await start({ serverUrl: "http://127.0.0.1:9" });
    expect((await run(rig)).of("server")).toMatchObject({ verdict: "fail" });
    expect((await run(rig, "--server", server.url)).of("token")).toMatchObject({ verdict: "ok" });
    expect((await run(rig, "--no-server")).of("server")).toBeUndefined();
  });

  it("says which name does not resolve in the device's own network", async () => {
    const rig = await start({ serverUrl: `http://localhost:${server.port}`, hosts: { localhost: "127.0.0.1" } });
    expect((await run(rig)).of("DNS")).toMatchObject({ verdict: "ok", found: "localhost is 127.0.0.1" });
    const other = await start({ serverUrl: `http://localhost:${server.port}` });
    expect((await run(other)).of("DNS")).toMatchObject({ verdict: "fail" });
  });

  it("warns of a weak signal, and skips the server when there is no network", async () => {
    const rig = await start({ wifi: { ssid: "Barn", rssi: -89 } });
    expect((await run(rig)).of("Wi-Fi")).toMatchObject({ verdict: "warn", found: expect.stringContaining("weak") });
    const { of } = await run(await start({ wifi: undefined }));
    expect(of("Wi-Fi")).toMatchObject({ verdict: "skip" });
    expect(of("token")).toMatchObject({ verdict: "skip" });
  });

  it("refuses a --server that is not a web address", async () => {
    const terminal = captureTerminal();
    expect(await doctor(["--port", "tcp://127.0.0.1:9", "--server", "blynk.cloud"], terminal)).toBe(1);
    expect(terminal.text()).toContain("--server: the server has to begin with https://");
  });
});
