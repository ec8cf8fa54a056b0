import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addModules, missingModules } from "../../scripts/console/unit/published-modules.ts";
import { flash } from "../../scripts/flash.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig, tinyFirmware } from "../support/console/console-rig.ts";
import type { ConsoleOptions } from "../support/console/fake-console.ts";
import { blankChip, type MachineOptions } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";

/** A device file with `v1` and, if asked, `v2`; the firmware it builds greets like the real one: it is the real one. */
const device = (more: { decimals?: number; region?: string; url?: string; second?: boolean } = {}) => `
import type { Device } from "./device-types.ts";
import { custom } from "./sensors/custom.ts";
export const device: Device = {
  name: "test unit",
  datastreams: [
    { pin: "v1", name: "answer", sensor: custom(() => 42), intervalMs: 60000, decimals: ${more.decimals ?? 1} },
    ${more.second ? '{ pin: "v2", name: "other", sensor: custom(() => 1), intervalMs: 90000, decimals: 0 },' : ""}
  ],
  server: { url: "${more.url ?? "https://blynk.cloud"}"${more.url?.startsWith("http:") ? ", allowPlainHttp: true" : ""} },
  timeServers: ["pool.ntp.org"],
  region: "${more.region ?? "flash"}",
};`;

let folder: string;
let rig: ConsoleRig | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "backfill-flash-"));
  return () => rmSync(folder, { recursive: true });
});
beforeEach(() => writeFileSync(join(folder, "device.ts"), device()));
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

/**
 * The fake board can't run the real firmware (no timers, no radio): whatever program is uploaded, a tiny one that greets
 * starts in its place, so that these tests are about the command.
 */
async function start(options: MachineOptions & ConsoleOptions = {}): Promise<ConsoleRig> {
  const started = await startRig(options);
  const boot = started.machine.boot.bind(started.machine);
  started.machine.boot = () => {
    boot();
    const whole = [0, 1].some((slot) => started.machine.storage.read(`backfill.${slot}.ok`) !== undefined);
    if (whole) started.machine.evaluate(tinyFirmware("0.1.0"));
  };
  return started;
}

async function run(of: ConsoleRig | undefined, ...args: string[]) {
  const terminal = captureTerminal();
  const port = of === undefined ? [] : ["--port", of.port];
  const status = await flash([...port, "--device", join(folder, "device.ts"), ...args], terminal);
  return { status, text: terminal.text(), out: terminal.out };
}

/** v1 with one decimal and v3, some of their samples pending. */
function chipWithPending(address = 0x310000, bytes = 0x10000): Uint8Array {
  const chip = blankChip();
  const streams = [1, 3].map((pin) => ({ pin, intervalMs: 60000, decimals: 1 }));
  const { ledger, ring } = openRegionOf(chip, streams, address, bytes);
  ledger.boot(1, 1);
  ring.start(1);
  for (let i = 0; i < 50; i++) ring.append(1, 1000 + i * 60000, 200);
  for (let i = 0; i < 20; i++) ring.append(3, 1000 + i * 60000, 200);
  return chip;
}

describe("flash", () => {
  it("builds, uploads, restarts, and tells what is logged where", async () => {
    writeFileSync(join(folder, "device.ts"), device({ second: true }));
    rig = await start();
    const { status, text, out } = await run(rig);
    expect(text).toContain("Verified by CRC");
    expect(status).toBe(0);
    expect(out[0]).toBe("✓ backfill 0.1.0 runs and logs to flash, 64 kB at 0x310000:");
    expect(out[1]).toContain("v1  answer, every 1 min");
    expect(out[2]).toContain("v2  other, every 90 s");
    const stored = rig.machine.storage.read("backfill.0") ?? "";
    expect(stored).toContain("logging");
    expect(rig.machine.storage.list().sort()).toEqual([".bootcde", "backfill.0", "backfill.0.ok"]);
  });

  it("waits for a board that is busy at first", async () => {
    rig = await start({ deafFor: 1 });
    const { status, text } = await run(rig);
    expect(text).toContain("it may be busy connecting");
    expect(status).toBe(0);
  });

  it("opens a console that is locked by a password, and never shows it", async () => {
    rig = await start({ password: "open 5esame" });
    const without = await run(rig);
    expect(without.status).toBe(1);
    expect(without.text).toContain("asks for a password");
    const wrong = captureTerminal({ env: { BACKFILL_CONSOLE_PASSWORD: "clo5e sesame" } });
    const args = ["--port", rig.port, "--device", join(folder, "device.ts")];
    expect(await flash(args, wrong)).toBe(1);
    expect(wrong.text()).toContain("refused the password");
    const right = captureTerminal({ env: { BACKFILL_CONSOLE_PASSWORD: "open 5esame" } });
    expect(await flash(args, right), right.text()).toBe(0);
    expect(wrong.text() + right.text()).not.toMatch(/5esame|clo5e/);
  });

  it.each<[string, MachineOptions & ConsoleOptions, RegExp]>([
    ["nothing answers", { mute: true }, /No Espruino answers.*reset button.*The Espruino runtime/s],
    ["an old Espruino", { version: "2v19" }, /runs Espruino 2v19; 2v25 or newer is needed/],
    ["a wrong chip", { board: "PUCKJS" }, /This is a PUCKJS, not an ESP32/],
    [
      "no TLS for an https server",
      { modules: "Flash,Storage,net,dgram,http,Wifi" },
      /built without TLS.*ESP32_IDF4 has not/s,
    ],
    ["a build without dgram", { modules: "Flash,Storage,net,tls,http,Wifi" }, /built without dgram/],
    [
      "too small a memory",
      { memory: { free: 900, total: 1500 } },
      /1500 variables \(JsVars\); the firmware needs 4\d\d\d with \d datastreams/,
    ],
    ["too little room", { storageBytes: 20000 }, /not enough room for the program: it needs \d+ bytes/],
    ["no region by that name", { flash: new Uint8Array(4194304).fill(0xff) }, /no partition table/],
  ])("says what to do: %s", async (_title, options, message) => {
    rig = await start(options);
    const { status, text } = await run(rig);
    expect(text).toMatch(message);
    expect(status).toBe(1);
    expect(rig.machine.storage.list()).toEqual([]);
  });

  it("says what to do: no such port, nobody listening, no address, no port at all", async () => {
    const flashTo = async (...args: string[]) => {
      const serial = { SerialPort: { list: async () => [] } } as never;
      const terminal = captureTerminal({ serial });
      expect(await flash(["--device", join(folder, "device.ts"), ...args], terminal)).toBe(1);
      return terminal.text();
    };
    expect(await flashTo("--port", "tcp://127.0.0.1:9")).toMatch(/Nothing answers at tcp:.*telnet console off/s);
    expect(await flashTo("--port", "tcp://")).toMatch(/is not an address/);
    expect(await flashTo()).toMatch(/No serial port was found.*Plug the device in/s);
  });

  it("says what is wrong with a device file, and touches no device", async () => {
    rig = await start();
    writeFileSync(join(folder, "device.ts"), device({ decimals: 7 }));
    const wrong = await run(rig);
    expect(wrong.text).toContain("datastreams[0].decimals must be 0 to 4");
    writeFileSync(join(folder, "device.ts"), "export const devise = {};");
    expect((await run(rig)).text).toContain("exports no device");
    expect((await run(undefined, "--port", "tcp://127.0.0.1:9", "--device", join(folder, "none.ts"))).text).toContain(
      "no such device file",
    );
    expect(rig.machine.storage.list()).toEqual([]);
  });

  it("leaves the old program when the cable is pulled, and says so", async () => {
    rig = await start();
    expect((await run(rig)).status).toBe(0);
    rig.console.cutAfter(20000);
    const { status, text } = await run(rig);
    expect(status).toBe(1);
    expect(text).toMatch(/connection to the device was lost.*samples in flash are untouched/s);
    rig.machine.boot();
    expect(rig.machine.printed.join()).toContain("backfill 0.1.0 logging");
  });

  it.each([
    ["a pin removed", device(), /20 of v3 are of a datastream that is no longer there/],
    ["decimals changed", device({ decimals: 2 }), /50 of v1 have other decimals/],
    ["the region changed", device({ region: "ota_0" }), /50 of v1 lie in the region that is no longer used/],
  ])("refuses to strand pending samples, unless told to: %s", async (_title, source, message) => {
    writeFileSync(join(folder, "device.ts"), source);
    const chip = chipWithPending();
    const before = Buffer.from(chip);
    rig = await start({ flash: chip });
    const refused = await run(rig);
    expect(refused.status).toBe(1);
    expect(refused.text).toMatch(message);
    expect(refused.text).toContain("npm run export");
    expect(rig.machine.storage.list()).toEqual([]);
    const discarded = await run(rig, "--discard");
    expect(discarded.text).toMatch(message);
    expect(discarded.status).toBe(0);
    expect(before.equals(Buffer.from(chip)), "samples are untouched").toBe(true);
  });

  it("asks nothing when the new device file takes all that waits", async () => {
    const source = device().replace(
      "  ],",
      '    { pin: "v3", name: "x", sensor: custom(() => 1), intervalMs: 60000, decimals: 1 },\n  ],',
    );
    writeFileSync(join(folder, "device.ts"), source);
    rig = await start({ flash: chipWithPending() });
    expect((await run(rig)).status).toBe(0);
  });
});

describe("Espruino's published modules", () => {
  it("are put in front of the program from a folder, without internet", async () => {
    const modules = join(folder, "modules");
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(modules, "DS18B20.min.js"), "exports.connect=function(){}// end");
    const code = 'require("DS18B20").connect();require("http");require("DS18B20")';
    const offline = async () => undefined;
    const whole = await addModules(code, ["http"], { folders: [modules], fetchText: offline });
    expect(whole).toBe(`Modules.addCached("DS18B20",function(){exports.connect=function(){}// end\n});\n${code}`);
    await expect(addModules('require("DHT22")', [], { folders: [modules], fetchText: offline })).rejects.toThrow(
      /DHT22.*not reached/,
    );
  });

  it("are fetched once and kept", async () => {
    const kept = join(folder, "kept");
    const asked: string[] = [];
    const fetchText = async (url: string) => {
      asked.push(url);
      return "exports.connect=1";
    };
    for (let i = 0; i < 2; i++) await addModules('require("DHT22")', [], { folders: [kept], fetchText });
    expect(asked).toEqual(["https://www.espruino.com/modules/DHT22.min.js"]);
  });

  it("are asked for only where the board has none", () => {
    expect(missingModules('require("Flash");require("BME280")', ["Flash"])).toEqual(["BME280"]);
  });
});
