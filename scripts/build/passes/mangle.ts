import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as acorn from "acorn";
import { childrenOf, type Node } from "../ast/scopes.ts";

/**
 * Short names for the firmware's own properties: a name of up to four characters takes one JsVar in every object that has it,
 * a longer one two or more. 190 JsVars at idle, and 6 kB of the bundle.
 *
 * Only what is certainly our own is renamed: what some object literal of the firmware has as a key, and what no declaration of
 * the outside knows. A key in quotes stays as it is where it stands (status.ts).
 */

/** Names this long cost nothing. */
const FREE_CHARS = 4;

/** Declarations of the outside, from the repository's root: Espruino's, and files that people write. */
const OUTSIDE = [
  "firmware/platform/espruino.d.ts",
  "firmware/platform/espruino-buses.d.ts",
  "firmware/platform/espruino-lib.d.ts",
  "node_modules/@types/espruino/index.d.ts",
  "firmware/device-types.ts",
  "firmware/settings-file.ts",
];

/** Members at the start of a line or of a type in braces. Takes some parameters for members, which does no harm. */
const MEMBER =
  /(?:^|[{;])\s*(?:(?:readonly|get|set|static|function|var|const|declare)\s+)*([A-Za-z_$][\w$]*)\s*\??\s*[(:<]/gm;

let outside: Set<string> | undefined;

function outsideNames(root: string): Set<string> {
  if (outside !== undefined) return outside;
  outside = new Set();
  for (const file of OUTSIDE) {
    const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    for (const found of text.matchAll(MEMBER)) outside.add(found[1]);
  }
  // The language's own, in case a declaration is missing.
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = (globalThis as { [name: string]: unknown })[name];
    if (!/^[A-Z]/.test(name) || value === undefined || value === null) continue;
    for (const object of [value, (value as { prototype?: unknown }).prototype]) {
      if (object !== undefined && object !== null)
        for (const own of Object.getOwnPropertyNames(object)) outside.add(own);
    }
  }
  return outside;
}

/**
 * New names for properties, by the old ones. `code` is the whole program before minification; `foreign` are the texts of files
 * that aren't the firmware's own, such as the device file: no name that occurs in them, in whatever way, is touched.
 */
export function shortNames(code: string, foreign: string[], root: string): { [name: string]: string } {
  const kept = new Set(outsideNames(root));
  for (const text of foreign) for (const found of text.matchAll(/[A-Za-z_$][\w$]*/g)) kept.add(found[0]);
  const uses = new Map<string, number>();
  const keys = new Set<string>();
  const visit = (node: Node, parent: Node): void => {
    const isKey = parent.type === "Property" && parent.key === node && !parent.computed;
    const isMember = parent.type === "MemberExpression" && parent.property === node && !parent.computed;
    if (node.type === "Identifier" && (isKey || isMember)) {
      uses.set(node.name, (uses.get(node.name) ?? 0) + 1);
      if (isKey) keys.add(node.name);
    }
    // A text may be what a member is looked up by.
    if (node.type === "Literal" && typeof node.value === "string" && !isKey) kept.add(node.value);
    for (const child of childrenOf(node)) visit(child, node);
  };
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  visit(program, program);

  const names = [...keys].filter((name) => name.length > FREE_CHARS && !kept.has(name));
  names.sort((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0) || (a < b ? -1 : 1));
  const taken = new Set([...uses.keys(), ...kept]);
  const short: { [name: string]: string } = {};
  let count = 0;
  for (const name of names) {
    let candidate = "";
    do candidate = `_${(count++).toString(36)}`;
    while (taken.has(candidate));
    short[name] = candidate;
  }
  return short;
}
