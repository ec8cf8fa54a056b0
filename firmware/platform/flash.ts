import type { Flash } from "./ports.ts";

/**
 * Espruino's `Flash` module is the port as it stands: passed on bare, its calls cost no JsVars and no time of ours.
 * A write is done as read-merge-write of 4-byte words (src/jsflash.c), so what is programmed together should start at a multiple of 4.
 */
export function createFlash(native: EspruinoFlash): Flash {
  return native;
}

/** Length of the page that holds `address`, or 0 where there is no flash. 4,096 on ESP32, 1,024 on the Linux build. */
export function pageBytesAt(native: EspruinoFlash, address: number): number {
  const page = native.getPage(address);
  return page === undefined ? 0 : page.length;
}
