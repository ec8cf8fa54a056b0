import { createContext } from "node:vm";
import { GLOBALS } from "../dialect/library.ts";

/** It can be called, constructed and read, and does nothing. */
export const anything: unknown = new Proxy(function anything() {}, {
  get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : anything),
  apply: () => anything,
  construct: () => anything as object,
});

/**
 * A context with JavaScript's own globals, and with Espruino's, pins included: `anything` each, unless `more` has something
 * of that name.
 */
export function standInForEspruino(more: { [name: string]: unknown } = {}): { [name: string]: unknown } {
  const globals: { [name: string]: unknown } = {};
  const own = new Set(Object.getOwnPropertyNames(globalThis));
  for (const name of GLOBALS) {
    if (!own.has(name) || /^(console|process|set|clear|require)/.test(name)) globals[name] = anything;
  }
  for (let i = 0; i < 50; i++) globals[`D${i}`] = anything;
  Object.assign(globals, more);
  delete globals.arguments;
  delete globals.global;
  return createContext(globals);
}
