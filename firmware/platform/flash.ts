import type { Flash } from "./ports.ts";

/**
 * Espruino's `Flash` module as the port. Its read and write are used directly, so that they cost no JsVars and no time.
 * A write is done as read-merge-write of 4-byte words (src/jsflash.c), so a piece that is programmed at once should start
 * at a multiple of 4.
 */
export function createFlash(native: EspruinoFlash): Flash {
  return {
    read: native.read,
    write: native.write,
    erasePage(address) {
      // A whole number that came out of a division or Math.floor is still a float, which `erasePage` alone refuses
      // (src/jswrap_flash.c).
      native.erasePage(address | 0);
    },
  };
}

/** Length of the page that holds `address`, or 0 where there is no flash. 4,096 on ESP32, 1,024 on the Linux build. */
export function pageBytesAt(native: EspruinoFlash, address: number): number {
  const page = native.getPage(address);
  return page === undefined ? 0 : page.length;
}
