import type { DeviceConsole } from "../transport/device-console.ts";

/**
 * The chip's own number: an ESP32's MAC address in hexadecimal (jshGetSerialNumber in targets/esp32/jshardware.c of 2v29).
 * Undefined where a build does not tell one.
 */
export async function readChipId(device: DeviceConsole): Promise<string | undefined> {
  const id = await device.evaluate("getSerial()").catch(() => "");
  return typeof id === "string" && id !== "" ? id : undefined;
}
