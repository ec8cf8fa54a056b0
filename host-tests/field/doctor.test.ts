import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StandInServer, startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import type { Check } from "../../scripts/console/doctor/finding.ts";
import { checkCiphers } from "../../scripts/console/doctor/server-checks.ts";
import { openConsole } from "../../scripts/console/transport/device-console.ts";
import { installProgram } from "../../scripts/console/unit/program-store.ts";
import { doctor } from "../../scripts/doctor.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig, tinyFirmware } from "../support/console/console-rig.ts";
import { blankChip, type MachineOptions } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";

const TOKEN = "tok_5ecretTOKEN_5ecretTOKEN_0001";
const WIFI = "Pa55word of the barn";

let server: StandInServer;
let rig: ConsoleRig | undefined;
beforeEach(async () => {
  server = await startServer(new BlynkStandIn({ tokens: [TOKEN] }));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
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

/** A device that is well: firmware sealed and running, provisioned, connected. */
async function start(given: Given = {}): Promise<ConsoleRig> {
  const started = await startRig({
    flash: chipWithData(),
    wifi: { ssid: "Barn", rssi: -61 },
    ...given,
    prepare: (machine) => {
      if (given.bare) return;
      const settings = { token: given.token ?? TOKEN, networks: [{ ssid: "Barn", password: WIFI }] };
      machine.storage.write("backfill.json", JSON.stringify({ ...settings, server: given.serverUrl ?? server.url }));
    },
  });
  if (given.bare) return started;
  const device = await openConsole(started.port, { answerMs: 40, patienceMs: 80 });
  await installProgram(device, Buffer.from(tinyFirmware("0.1.0")));
  device.close();
  started.machine.boot();
  return started;
}

async function run(...args: string[]) {
  const terminal = captureTerminal();
  const status = await doctor(["--port", (rig as ConsoleRig).port, "--json", ...args], terminal);
  expect(terminal.text()).not.toContain(TOKEN);
  expect(terminal.text()).not.toContain(WIFI);
  expect(rig?.console.sent, "what the doctor did with the token on the device").not.toContain(`token=${TOKEN}`);
  const checks = JSON.parse(terminal.out.join("\n")) as Check[];
  return { status, of: (name: string) => checks.find((check) => check.name === name) as Check, checks };
}

describe("doctor", () => {
  it("finds a device that is well to be so", async () => {
    rig = await start();
    const { status, of, checks } = await run();
    expect(checks.filter((check) => check.verdict === "fail")).toEqual([]);
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

  it("prints a table, and below it what is to be done", async () => {
    rig = await start({ token: `${TOKEN}x` });
    const terminal = captureTerminal();
    expect(await doctor(["--port", rig.port], terminal)).toBe(1);
    expect(terminal.text()).toMatch(/│ ✗ │ token\s+│ the server does not know it/);
    expect(terminal.text()).toMatch(/To do:[\s\S]*✗ token: Compare it with Device info/);
    expect(terminal.text()).not.toContain(TOKEN);
  });

  it("says that a bare board has no program, no settings and no data", async () => {
    rig = await start({ bare: true, flash: blankChip() });
    const { status, of } = await run();
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
    ["a server gone wrong", { status: 502, headers: {}, body: "" }, "server", /answers 502/],
  ])("tells %s from a wrong token", async (_title, answer, name, found) => {
    rig = await start();
    server.fault = () => ({ kind: "answer", answer: answer as never });
    const { status, of } = await run();
    expect(status).toBe(1);
    expect(of(name)).toMatchObject({ verdict: "fail", found: expect.stringMatching(found) });
  });

  it("says that a server is not reached, and takes another to try", async () => {
    rig = await start({ serverUrl: "http://127.0.0.1:9" });
    expect((await run()).of("server")).toMatchObject({ verdict: "fail" });
    expect((await run("--server", server.url)).of("token")).toMatchObject({ verdict: "ok" });
    expect((await run("--no-server")).of("server")).toBeUndefined();
  });

  it("says which names don't resolve, on the device's own network", async () => {
    rig = await start({ serverUrl: `http://localhost:${server.port}`, hosts: { localhost: "127.0.0.1" } });
    expect((await run()).of("DNS")).toMatchObject({ verdict: "ok", found: "localhost is 127.0.0.1" });
    await rig.close();
    rig = await start({ serverUrl: `http://localhost:${server.port}` });
    expect((await run()).of("DNS")).toMatchObject({ verdict: "fail" });
  });

  it("warns of a weak radio, and skips the server where there is no network", async () => {
    rig = await start({ wifi: { ssid: "Barn", rssi: -89 } });
    expect((await run()).of("Wi-Fi")).toMatchObject({ verdict: "warn", found: expect.stringContaining("weak") });
    await rig.close();
    rig = await start({ wifi: undefined });
    const { of } = await run();
    expect(of("Wi-Fi")).toMatchObject({ verdict: "skip" });
    expect(of("token")).toMatchObject({ verdict: "skip" });
  });
});

describe("the cipher check", () => {
  it("passes a server that takes what Espruino offers", async () => {
    const tls = await startServer(new BlynkStandIn({ tokens: [TOKEN] }), { tls: true });
    expect(await checkCiphers(tls.url)).toMatchObject({
      verdict: "ok",
      found: expect.stringMatching(/AES256-GCM-SHA384/),
    });
    await tls.close();
  });

  it("fails a server that takes only ECDHE, or only TLS 1.3", async () => {
    const { createServer } = await import("node:https");
    const { certificate } = await import("../../scripts/blynk-stand-in/certificate.ts");
    for (const options of [
      { ciphers: "ECDHE-RSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" },
      { minVersion: "TLSv1.3" },
    ] as const) {
      const modern = createServer({ ...(await certificate()), ...options });
      modern.on("tlsClientError", () => {});
      await new Promise<void>((resolve) => modern.listen(0, "127.0.0.1", resolve));
      const { port } = modern.address() as { port: number };
      expect(await checkCiphers(`https://127.0.0.1:${port}`)).toMatchObject({ verdict: "fail" });
      modern.close();
    }
  });

  it("does not blame a server that this computer can't reach", async () => {
    expect(await checkCiphers("https://127.0.0.1:9")).toMatchObject({ verdict: "skip" });
    expect(await checkCiphers("http://127.0.0.1:9")).toMatchObject({ verdict: "warn" });
  });
});
