/** Modules that a program requires: the flash and the chip. */
import type { Boot } from "../boot.ts";
import { bytesOf } from "./bytes.ts";
import type { Machine } from "./chip-machine.ts";

/** The build's own modules: `process.env.MODULES`. */
export const MODULES = "timer Flash Storage net dgram tls http NetworkJS Wifi TelnetServer crypto neopixel".split(" ");

export function flashModule(boot: Boot, machine: Machine, Bytes: Uint8ArrayConstructor): Record<string, unknown> {
  const { flash } = machine;
  return {
    read(bytes: number, address: number) {
      boot.check();
      if (!(bytes > 0)) return undefined;
      const found = new Bytes(bytes);
      flash.read(found, address);
      return found;
    },
    write(data: unknown, address: number) {
      boot.check();
      if (data === undefined) throw new Error("Data is not defined");
      flash.write(bytesOf(data), address);
    },
    erasePage(address: number) {
      boot.check();
      if (!Number.isInteger(address)) throw new Error("Address should be an integer");
      flash.erasePage(address - (address % flash.pageBytes));
    },
    getPage: (address: number) =>
      address >= 0 && address < 4194304
        ? { addr: address - (address % flash.pageBytes), length: flash.pageBytes }
        : undefined,
    // On an ESP32 this answer is wrong (targets/esp32/jshardware.c): always these three, wherever the partitions are.
    getFree: () => [
      { addr: 0xe000, length: 0x2000 },
      { addr: 0x310000, length: 0x10000 },
      { addr: 0x360000, length: 0xa0000 },
    ],
  };
}

export function esp32(boot: Boot, machine: Machine): Record<string, unknown> {
  return {
    reboot: () => {
      machine.restart("ESP32.reboot");
      boot.check();
    },
    // Made up: the simulated board has room for TLS, as the script's server may be https.
    getState: () => ({ sdkVersion: "v4.4.8", freeHeap: 70000, BLE: true, Wifi: true, minHeap: 60000 }),
    enableBLE: () => undefined,
    enableWifi: () => undefined,
    setAtten: () => undefined,
    deepSleep() {
      throw new Error("the simulator offers no deep sleep");
    },
  };
}
