import { describe, expect, it } from "vitest";
import { flash } from "../../scripts/flash.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import type { ConsoleOptions } from "../support/console/fake-console.ts";
import type { MachineOptions } from "../support/console/fake-machine.ts";
import { deviceSource, runFlash, startFlashRig, writeDeviceFile } from "../support/console/flash-rig.ts";

describe("flash, when it can't work", () => {
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
    const rig = await startFlashRig(options);
    const { status, text } = await runFlash(rig, writeDeviceFile());
    expect(text).toMatch(message);
    expect(status).toBe(1);
    expect(rig.machine.storage.list()).toEqual([]);
  });

  it("says what to do: no such port, nobody listening, no address, no port at all", async () => {
    const flashTo = async (...args: string[]) => {
      const serial = { SerialPort: { list: async () => [] } } as never;
      const terminal = captureTerminal({ serial });
      expect(await flash(["--device", writeDeviceFile(), ...args], terminal)).toBe(1);
      return terminal.text();
    };
    expect(await flashTo("--port", "tcp://127.0.0.1:9")).toMatch(/Nothing answers at tcp:.*telnet console off/s);
    expect(await flashTo("--port", "tcp://")).toMatch(/is not an address/);
    expect(await flashTo()).toMatch(/No serial port was found.*Plug the device in/s);
  });

  it("says what is wrong with a device file, and touches no device", async () => {
    const rig = await startFlashRig();
    const wrong = await runFlash(rig, writeDeviceFile(deviceSource({ decimals: 7 })));
    expect(wrong.text).toContain("datastreams[0].decimals must be 0 to 4");
    const empty = await runFlash(rig, writeDeviceFile("export const devise = {};"));
    expect(empty.text).toContain("exports no device");
    const missing = await runFlash({ ...rig, port: "tcp://127.0.0.1:9" }, `${writeDeviceFile()}.missing`);
    expect(missing.text).toContain("no such device file");
    expect(rig.machine.storage.list()).toEqual([]);
  });
});
