/**
 * Takes the place of the simulator's espruino/realm.ts in a browser's worker, which has no second realm. The program is a
 * function whose parameters are Espruino's globals, and hide everything that a worker has beside them. Built-in objects are the
 * worker's own: what Espruino lacks on them is not taken away here, since the engine needs it. The build refuses programs that
 * use it, and the simulator of Node.js, with a realm of its own, runs every scenario in the tests.
 */
import { LANGUAGE_GLOBALS, MEMBERS } from "../../../simulator/espruino/dialect.ts";

export interface Realm {
  /** The program's global object. */
  global: Record<string, unknown>;
  /** What hides the worker's own names from the program. */
  own: Record<string, unknown>;
  Uint8Array: Uint8ArrayConstructor;
  Error: ErrorConstructor;
  JSON: JSON;
}

type Indexed = { indexOf(part: unknown, from?: number): number; includes(part: unknown, from?: number): boolean };

/** How the program calls the methods of text that Espruino has otherwise: no name of the engine's meets it. */
const INDEX_OF = Symbol("indexOf");
const INCLUDES = Symbol("includes");

/** jswrap_string_indexOf compares up to the end of either text: "abc".indexOf("cd") is 2 (run, 2v29.277; see dialect.ts). */
function indexOfText(this: string, given: unknown, from?: number): number {
  const text = String(this);
  const part = String(given);
  const found = text.indexOf(part, from);
  if (found >= 0 || part.length > text.length || (from ?? 0) > 0) return found;
  for (let at = text.length - part.length + 1; at < text.length; at++) {
    if (part.substring(0, text.length - at) === text.substring(at)) return at;
  }
  return -1;
}

const TypedArray = Object.getPrototypeOf(Uint8Array) as { prototype: Indexed };

function define(prototype: object, indexOf: unknown, includes: unknown): void {
  Object.defineProperty(prototype, INDEX_OF, { value: indexOf });
  Object.defineProperty(prototype, INCLUDES, { value: includes });
}

define(String.prototype, indexOfText, function (this: string, part: unknown, from?: number) {
  return indexOfText.call(this, part, from) >= 0;
});
for (const { prototype } of [Array, TypedArray] as { prototype: Indexed }[]) {
  define(prototype, prototype.indexOf, prototype.includes);
}

/** All names of the worker's that are not the language's: the program finds undefined there. */
function hiddenNames(): string[] {
  const names = new Set<string>();
  for (let scope: object | null = globalThis; scope !== null; scope = Object.getPrototypeOf(scope)) {
    for (const name of Object.getOwnPropertyNames(scope)) {
      if (/^[A-Za-z_$][\w$]*$/.test(name) && !LANGUAGE_GLOBALS.includes(name)) names.add(name);
    }
  }
  return [...names];
}

function createDate(nowMs: () => number): unknown {
  function DeviceDate(...given: number[]) {
    if (given.length === 0) return new Date(nowMs());
    if (given.length === 1) return new Date(given[0]);
    const [year, month, day, hour, minute, second, ms] = given;
    return Reflect.construct(Date, [year, month, day || 1, hour || 0, minute || 0, second || 0, ms || 0]);
  }
  DeviceDate.prototype = Date.prototype;
  DeviceDate.now = nowMs;
  DeviceDate.parse = Date.parse;
  return DeviceDate;
}

function createMath(random: () => number): unknown {
  const own: Record<string, unknown> = {};
  for (const name of MEMBERS.Math.split(" ")) own[name] = (Math as unknown as Record<string, unknown>)[name];
  return Object.assign(own, {
    random,
    randInt: (n: number) => Math.floor(random() * n),
    clip: (v: number, low: number, high: number) => (v < low ? low : v > high ? high : v),
    wrap: (v: number, max: number) => (v % max < 0 ? (v % max) + max : v % max),
  });
}

/** `random` becomes Math.random, `nowMs` Date.now. */
export function createRealm(random: () => number, nowMs: () => number): Realm {
  const global: Record<string, unknown> = {};
  const own = { Math: createMath(random), Date: createDate(nowMs), globalThis: global };
  return { global, own, Uint8Array, Error, JSON };
}

const programs = new Map<string, (...values: unknown[]) => void>();
/** A run has one, or two when a device file changes on the way. */
const PROGRAMS_MAX = 8;

/** Runs a program at top level; `natives` are its globals. */
export function loadProgram(realm: Realm, natives: Record<string, unknown>, code: string, name: string): () => void {
  const hidden = hiddenNames().filter((one) => !(one in natives) && !(one in realm.own));
  const given: Record<string, unknown> = { ...realm.own, ...natives };
  const names = Object.keys(given);
  const key = `${names.join()}\n${code}`;
  let program = programs.get(key);
  if (program === undefined) {
    if (programs.size >= PROGRAMS_MAX) programs.clear();
    const text = code.replaceAll(".indexOf(", "[$indexOf](").replaceAll(".includes(", "[$includes](");
    program = new Function(
      "$indexOf",
      "$includes",
      ...names,
      ...hidden,
      `${text}\n//# sourceURL=${name}`,
    ) as () => void;
    programs.set(key, program);
  }
  const values = names.map((one) => given[one]);
  return () => program.call(realm.global, INDEX_OF, INCLUDES, ...values);
}
