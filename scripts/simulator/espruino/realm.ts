/** A node:vm context that has the language as Espruino offers it, and nothing of Node's. */
import vm from "node:vm";
import { LANGUAGE_GLOBALS, MEMBERS, PRUNE } from "./dialect.ts";

export interface Realm {
  context: vm.Context;
  /** The context's global object. */
  global: Record<string, unknown>;
  /** The context's own constructors: what native code hands to the program is made with these. */
  Uint8Array: Uint8ArrayConstructor;
  Error: ErrorConstructor;
  JSON: JSON;
}

/** `random` becomes Math.random, `nowMs` Date.now. */
export function createRealm(random: () => number, nowMs: () => number): Realm {
  const context = vm.createContext(Object.create(null), { codeGeneration: { strings: true, wasm: false } });
  const global = vm.runInContext("globalThis", context) as Record<string, unknown>;
  const own = vm.runInContext("({ Uint8Array, Error, JSON })", context) as Pick<Realm, "Uint8Array" | "Error" | "JSON">;
  const prune = vm.runInContext(PRUNE, context) as (...args: unknown[]) => void;
  prune(LANGUAGE_GLOBALS, MEMBERS, random, nowMs);
  return { context, global, ...own };
}

const scripts = new Map<string, vm.Script>();
/** A test may run hundreds of programs. */
const SCRIPTS_MAX = 50;

/**
 * Runs a program at top level; `natives` are its globals. They are handed over as parameters, since a look-up in a
 * context's global object costs far more than one of a plain variable.
 */
export function loadProgram(realm: Realm, natives: Record<string, unknown>, code: string, name: string): () => void {
  const names = [...LANGUAGE_GLOBALS.filter((one) => one !== "undefined" && one !== "eval"), ...Object.keys(natives)];
  const values = names.map((one) => (one in natives ? natives[one] : vm.runInContext(one, realm.context)));
  const text = `(function (${names.join(",")}) {${code}\n})`;
  // Compiled once a process: thousands of boots run the same program.
  let script = scripts.get(text);
  if (!script) {
    if (scripts.size > SCRIPTS_MAX) scripts.clear();
    script = new vm.Script(text, { filename: name });
    scripts.set(text, script);
  }
  const program = script.runInContext(realm.context) as (...values: unknown[]) => void;
  return () => program.apply(realm.global, values);
}
