/** Modules that a program requires: the flash, the chip, and sensors that show a plausible room. */
import type { Boot } from "../boot.ts";
import { bytesOf } from "./bytes.ts";
import type { Machine } from "./chip-machine.ts";

/** The build's own modules: `process.env.MODULES`. */
export const MODULES = "timer Flash Storage net dgram tls http NetworkJS Wifi TelnetServer crypto neopixel".split(" ");

/** Modules outside the build: EspruinoTools uploads them with the program. */
export const FROM_STORAGE = ["ESP32", "DS18B20", "DHT22", "BME280", "BMP280"];

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

/** Espruino's sensor modules, each showing a plausible room: for device files as users write them. */
export function sensorModules(machine: Machine): Record<string, unknown> {
  const room = (low: number, high: number) => low + (high - low) * machine.analog(36);
  const bme280 = {
    connect: () => ({
      temp_raw: 0,
      pres_raw: 0,
      hum_raw: 0,
      readRawData() {
        this.temp_raw = 300000 + Math.floor(room(0, 200000));
        this.pres_raw = 400000;
        this.hum_raw = 30000;
      },
      calibration_T: (raw: number) => raw / 200,
      calibration_P: () => Math.floor(room(98000, 103000)),
      calibration_H: () => Math.floor(room(30, 60) * 1024),
    }),
  };
  return {
    DS18B20: { connect: () => ({ getTemp: () => Math.round(room(15, 25) * 16) / 16 }) },
    DHT22: {
      connect: () => ({
        read: (callback: (answer: unknown) => void) => callback({ temp: room(15, 25), rh: room(30, 60) }),
      }),
    },
    BME280: bme280,
    BMP280: bme280,
  };
}
