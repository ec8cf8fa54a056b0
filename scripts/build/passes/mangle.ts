import { readFileSync } from "node:fs";
import { join } from "node:path";
import MagicString from "magic-string";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, isKey, walk } from "../ast/walk.ts";
import { ROOT } from "../paths.ts";

/**
 * Gives the firmware's own properties short names: a name of up to four characters takes one JsVar in every object that has it,
 * a longer one two or more. It saves 6 kB of the bundle too.
 *
 * Only names that are certainly the firmware's own change: some object literal has them as a key, and no declaration of the
 * outside has them. A key in quotes stays as it is (status.ts). `foreignTexts` are files that people write, such as the device
 * file: a name that occurs anywhere in them stays.
 */
export function shortenProperties(script: Script, foreignTexts: string[]): Script {
  const short = shortNames(script.program, foreignTexts);
  const edits = new MagicString(script.code);
  walk(script.program, (node, path) => {
    const name = node.type === "Identifier" ? short.get(node.name) : undefined;
    const parent = path[path.length - 1];
    if (name === undefined || !isKey(node, parent)) return;
    const isShorthand = parent.type === "Property" && parent.shorthand;
    if (isShorthand) edits.appendLeft(node.start, `${name}:`);
    else edits.update(node.start, node.end, name);
  });
  return script.edited(edits);
}

/** Names this long cost nothing. */
const FREE_CHARS = 4;

/** Declarations of the outside, relative to the repository's root: Espruino's, and the shapes of files that people write. */
const OUTSIDE = [
  "firmware/platform/espruino.d.ts",
  "firmware/platform/espruino-buses.d.ts",
  "firmware/platform/espruino-lib.d.ts",
  "node_modules/@types/espruino/index.d.ts",
  "firmware/device-types.ts",
  "firmware/settings-file.ts",
];

/** Members at the start of a line or of a type in braces. Some parameters match as well, which does no harm. */
const MEMBER =
  /(?:^|[{;])\s*(?:(?:readonly|get|set|static|function|var|const|declare)\s+)*([A-Za-z_$][\w$]*)\s*\??\s*[(:<]/gm;

let outside: Set<string> | undefined;

function outsideNames(): Set<string> {
  if (outside !== undefined) return outside;
  outside = new Set();
  for (const file of OUTSIDE) {
    const text = readFileSync(join(ROOT, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    for (const found of text.matchAll(MEMBER)) outside.add(found[1]);
  }
  // The language's own, in case a declaration is missing.
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = (globalThis as { [name: string]: unknown })[name];
    if (!/^[A-Z]/.test(name) || value === undefined || value === null) continue;
    for (const object of [value, (value as { prototype?: unknown }).prototype]) {
      if (object === undefined || object === null) continue;
      for (const own of Object.getOwnPropertyNames(object)) outside.add(own);
    }
  }
  return outside;
}

/** New names for properties, by the old ones. */
export function shortNames(program: AnyNode, foreignTexts: string[]): Map<string, string> {
  const kept = new Set(outsideNames());
  for (const text of foreignTexts) for (const found of text.matchAll(/[A-Za-z_$][\w$]*/g)) kept.add(found[0]);
  const uses = new Map<string, number>();
  const keys = new Set<string>();
  walk(program, (node, path) => {
    const parent = path[path.length - 1];
    const isPropertyKey = parent?.type === "Property" && isKey(node, parent);
    // The program may look up a member by a text.
    if (node.type === "Literal" && typeof node.value === "string" && !isPropertyKey) kept.add(node.value);
    if (node.type !== "Identifier" || !isKey(node, parent)) return;
    uses.set(node.name, (uses.get(node.name) ?? 0) + 1);
    if (isPropertyKey) keys.add(node.name);
  });

  const names = [...keys].filter((name) => name.length > FREE_CHARS && !kept.has(name));
  names.sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0) || (a < b ? -1 : 1));
  const taken = new Set([...uses.keys(), ...kept]);
  const short = new Map<string, string>();
  let count = 0;
  for (const name of names) {
    let candidate = "";
    do candidate = `_${(count++).toString(36)}`;
    while (taken.has(candidate));
    short.set(name, candidate);
  }
  return short;
}
