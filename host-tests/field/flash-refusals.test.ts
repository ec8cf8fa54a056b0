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
    [
      "no room for https in the heap, as on the distributed ESP32 build",
      { state: { freeHeap: 39_000, sdkVersion: "v3.3.6" } },
      /https, which does not fit this board: 39000 bytes of heap are free before the radio joins, and https needs some 45200.*proxy in your own network.*allowPlainHttp/s,
    ],
    [
      "no room for https in the heap of a board that is joined",
      { state: { freeHeap: 30_800, sdkVersion: "v3.3.6" }, wifi: { ssid: "Barn", rssi: -50 } },
      /30800 bytes of heap are free with the radio joined, and https needs some 36000/,
    ],
    [
      "a heap in small pieces",
      { largestBlock: 15_000 },
      /the longest free piece of heap has 15000 bytes, and https needs 17000 in one piece/,
    ],
    ["a build without Wifi", { modules: "Flash,Storage,net,dgram,tls,http" }, /no Wifi module/],
    [
      "another chip than the pins are of",
      { board: "ESP32C3_IDF4" },
      /This is an ESP32C3 \(ESP32C3_IDF4\), and the device file's pins are those of an ESP32\..*board: "ESP32C3"/s,
    ],
    [
      "a build that erases no flash page",
      { board: "ESP32_IDF5", state: { freeHeap: 70_000, sdkVersion: "v5.5" } },
      /2v29\.277 on this board: with ESP-IDF 5, builds up to 2v29\.277 do not erase flash pages/,
    ],
    [
      "too small a pool with Bluetooth on, and what frees memory there",
      { memory: { free: 3000, total: 3830 }, state: { freeHeap: 70_000, sdkVersion: "v3.3.6" } },
      /3830 variables \(JsVars\); the firmware needs 3975.*ESP32\.enableBLE\(false\)/s,
    ],
    ["a build without dgram", { modules: "Flash,Storage,net,tls,http,Wifi" }, /built without dgram/],
    [
      "too small a memory",
      { memory: { free: 900, total: 1500 } },
      /1500 variables \(JsVars\); the firmware needs 3975 with 1 datastream\./,
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

  it("never advises to switch Bluetooth off where that ends in a restart loop", async () => {
    const rig = await startFlashRig({ memory: { free: 900, total: 3600 } });
    const { text } = await runFlash(rig, writeDeviceFile());
    expect(text).toContain("3600 variables (JsVars)");
    expect(text).not.toContain("enableBLE");
  });

  it("takes a board without room for https when the server is http", async () => {
    const rig = await startFlashRig({ state: { freeHeap: 39_000, sdkVersion: "v3.3.6" } });
    const { status, text } = await runFlash(rig, writeDeviceFile(deviceSource({ url: "http://192.168.1.2" })));
    expect(text).toContain("39000 bytes of heap free");
    expect(status).toBe(0);
  });

  it("warns of a watchdog that does nothing, and goes on", async () => {
    const rig = await startFlashRig({
      ...{ board: "ESP32_IDF5", version: "2v30", state: { freeHeap: 70_000, sdkVersion: "v5.5" } },
    });
    const { status, text } = await runFlash(rig, writeDeviceFile());
    expect(text).toMatch(/with ESP-IDF 5 the watchdog does nothing.*time switch/s);
    expect(status).toBe(0);
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
