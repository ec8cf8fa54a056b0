import type { Store } from "./ports.ts";

/** Bytes that must be free behind the last file, for one that is small. Its header takes 32. */
const FREE_BYTES_MIN = 1024;

/**
 * JSON files in Espruino's Storage. A file that is not JSON reads as if there were none: the caller tells the user which
 * file and what it should hold.
 */
export function createStore(native: EspruinoStorage): Store {
  return {
    readJson(name) {
      return native.readJSON(name, true);
    },
    writeJson(name, value) {
      // jsflash.c: the old file is marked as erased, then the new one is written behind the last. Without room there, all of
      // Storage is compacted.
      if (native.getFree() >= FREE_BYTES_MIN) native.writeJSON(name, value);
    },
  };
}
