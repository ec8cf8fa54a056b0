import type { Store } from "./ports.ts";

/**
 * JSON files in Espruino's Storage. A file that is not JSON reads as if there were none: the caller tells the user which
 * file and what it should hold.
 */
export function createStore(native: EspruinoStorage): Store {
  return {
    readJson(name) {
      return native.readJSON(name, true);
    },
  };
}
