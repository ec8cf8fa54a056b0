import type { Store } from "./ports.ts";

/** JSON files in Espruino's Storage. A file that isn't JSON reads as none: the caller says which file and what it should hold. */
export function createStore(native: EspruinoStorage): Store {
  return { readJson: (name) => native.readJSON(name, true) };
}
