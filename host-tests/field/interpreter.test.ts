import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { imageOf } from "../../scripts/console/stored-data/flash-image.ts";
import { openConsole } from "../../scripts/console/transport/open-console.ts";
import { installProgram, readPrograms } from "../../scripts/console/unit/program-store.ts";
import { restartFirmware } from "../../scripts/console/unit/restart.ts";
import { exportSamples } from "../../scripts/export.ts";
import { flash } from "../../scripts/flash.ts";
import { LINUX_FLASH, makeFolder } from "../../scripts/interpreter/interpreter.ts";
import { REGION, writeFlash } from "../../scripts/interpreter/provision-flash.ts";
import { monitor } from "../../scripts/monitor.ts";
import { provision } from "../../scripts/provision.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { describeEspruino } from "../interpreter/describe-espruino.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { TOKEN, tinyFirmware, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { openRegionOf } from "../support/console/stored-region.ts";
import { startTelnetEspruino, type TelnetEspruino } from "../support/console/telnet-espruino.ts";
import { addFix } from "../support/fixes.ts";

vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.SIM_SEED ?? 20260603);
const PULLS = 12;

/** A terminal that waits as long as a real interpreter needs. */
const terminalOf = (env: Record<string, string> = {}) => captureTerminal({ env, answerMs: 1500, patienceMs: 20000 });

describeEspruino("on the real interpreter", () => {
  let folder: ReturnType<typeof makeFolder>;
  let device: TelnetEspruino | undefined;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(async () => {
    await device?.kill();
    device = undefined;
    folder.remove();
  });

  const install = async (version: string) => {
    const console = await openConsole((device as TelnetEspruino).port, { answerMs: 1500, patienceMs: 20000 });
    try {
      await installProgram(console, Buffer.from(tinyFirmware(version)));
      return console;
    } finally {
      console.close();
    }
  };
  /** The version of the program that started; undefined when the loader found none. */
  const greeting = async () => (await (device as TelnetEspruino).said(/backfill (\S+) logging|(no whole program)/))[1];

  it("stores programs that start at power-on, in alternating slots", async () => {
    await writeFlash(folder.path, { program: "1", bare: true });
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
      device = await startTelnetEspruino(folder.path);
      await install(version);
      await device.kill();
      device = await startTelnetEspruino(folder.path);
      expect(await greeting()).toBe(version);
      const console = await openConsole(device.port);
      expect((await readPrograms(console))[0].n).toBe(Number(version[0]));
      console.close();
      await device.kill();
    }
  });

  it(`starts the old program or the new one, whole, after each of ${PULLS} cables unplugged`, async () => {
    const random = createPrng(SEED).next;
    await writeFlash(folder.path, { program: "1", bare: true });
    device = await startTelnetEspruino(folder.path);
    await install("0.0.0");
    device.cutAfter(Number.POSITIVE_INFINITY);
    await install("1.0.0");
    const wholeBytes = device.received();
    await device.kill();
    let current = "1.0.0";
    for (let pull = 0; pull < PULLS; pull++) {
      const from = pull % 3 === 0 ? wholeBytes - 900 : 0;
      const at = from + Math.floor(random() * (wholeBytes - from));
      const next = `2.0.${pull}`;
      device = await startTelnetEspruino(folder.path);
      expect(await greeting(), `SIM_SEED=${SEED} pull ${pull}`).toBe(current);
      device.cutAfter(at);
      await install(next).catch(() => {});
      await device.kill();
      device = await startTelnetEspruino(folder.path);
      expect([current, next], `SIM_SEED=${SEED} pull ${pull} at byte ${at}`).toContain(await greeting());
      current = await greeting();
      await device.kill();
    }
  });

  it("tells of a program that the interpreter can't parse, with what it says and where", async () => {
    await writeFlash(folder.path, { program: "1", bare: true });
    device = await startTelnetEspruino(folder.path);
    const console = await openConsole(device.port, { answerMs: 1500, patienceMs: 20000 });
    try {
      await installProgram(console, Buffer.from("print('first line');\nclass A{delete(){}}\nprint('never');"));
      const restarted = restartFirmware(console, {
        reconnect: () => Promise.reject(new Error("the connection stays")),
      });
      const error = await restarted.catch((caught) => caught);
      expect(error.message).toMatch(
        /found a syntax error in the program:\n {4}SyntaxError: Got delete expected '}'\n {4}at /,
      );
    } finally {
      console.close();
    }
  });

  it("flashes a unit, provisions it, and exports its first samples", async () => {
    const source = `
import type { Device } from "./device-types.ts";
import { custom } from "./sensors/custom.ts";
export const device: Device = {
  name: "interpreter",
  datastreams: [{ pin: "v1", name: "außen", sensor: custom(() => 21.5), intervalMs: 15000, decimals: 1 }],
  server: { url: "https://blynk.cloud" },
  timeServers: ["pool.ntp.org"],
  region: { address: ${REGION.address}, bytes: ${REGION.bytes} },
};`;
    const file = join(folder.path, "device.ts");
    writeFileSync(file, source);
    // The firmware turns telnet off; here it is the only connection to the device.
    const afterPrelude = 'Modules.addCached("TelnetServer",()=>{exports.setOptions=()=>{};});';
    await writeFlash(folder.path, { program: "print('factory')", afterPrelude });
    device = await startTelnetEspruino(folder.path);
    const flashing = terminalOf();
    expect(await flash(["--port", device.port, "--device", file], flashing), flashing.text() + device.output()).toBe(0);
    expect(flashing.out[0]).toMatch(/^✓ backfill \S+ runs and logs to region, /);
    expect(flashing.out[0]).toContain(`region, ${REGION.bytes / 1024} kB at 0x${REGION.address.toString(16)}:`);
    const provisioning = terminalOf({
      BACKFILL_TOKEN: TOKEN,
      BACKFILL_SSID: "Scheune süd",
      BACKFILL_WIFI_PASSWORD: WIFI_PASSWORD,
    });
    expect(await provision(["--port", device.port], provisioning), provisioning.text()).toBe(0);
    const watching = terminalOf();
    expect(await monitor(["--port", device.port, "--once", "--json"], watching), watching.text()).toBe(0);
    const status = JSON.parse(watching.out.join());
    expect(status.streams).toMatchObject([{ pin: "v1", name: "außen", delivered: 0 }]);
    const where = `0x${REGION.address.toString(16)}:0x${REGION.bytes.toString(16)}`;
    const exporting = terminalOf();
    expect(await exportSamples(["--port", device.port, "--region", where], exporting), exporting.text()).toBe(0);
    expect(exporting.out.slice(1).every((line) => /^v1,außen,,,21.5,undated,$/.test(line))).toBe(true);
    expect(exporting.out.length).toBeGreaterThan(1);
    for (const terminal of [flashing, provisioning, watching, exporting]) {
      expect(terminal.text()).not.toContain(TOKEN);
      expect(terminal.text()).not.toContain(WIFI_PASSWORD);
    }
    expect(device.output()).not.toContain(TOKEN);
  });

  it("marks exported samples as delivered in the flash of a device", async () => {
    await writeFlash(folder.path, { program: tinyFirmware("0.1.0"), bare: true });
    const path = join(folder.path, "espruino.flash");
    const chip = new Uint8Array(readFileSync(path));
    const streams = [{ pin: 1, intervalMs: 60000, decimals: 1 }];
    const at = REGION.address - LINUX_FLASH.address;
    const { ledger, ring } = openRegionOf(chip, streams, at, 32768, 1024);
    ledger.boot(1, 1);
    ring.start(1);
    for (let i = 0; i < 700; i++) ring.append(1, 1000 + i * 60000, 200 + (i % 7));
    addFix(ledger, 1, 1000, 1767225600000, 20);
    writeFileSync(path, chip);
    device = await startTelnetEspruino(folder.path);
    const where = `0x${REGION.address.toString(16)}:0x8000`;
    const marking = terminalOf();
    expect(
      await exportSamples(["--port", device.port, "--region", where, "--mark-delivered"], marking),
      marking.text(),
    ).toBe(0);
    expect(marking.text()).toContain("Marked 700 samples as delivered");
    expect(marking.out).toHaveLength(701);
    await device.kill();
    const after = new Uint8Array(readFileSync(path));
    expect(openRegionOf(after, streams, at, 32768, 1024).ring.totals(1)).toMatchObject({ sampled: 700, pending: 0 });
    expect(imageOf(after, 0, 1024).read(24576, at + 8192)).toEqual(imageOf(chip, 0, 1024).read(24576, at + 8192));
  });
});
