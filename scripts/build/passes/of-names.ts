import MagicString from "magic-string";
import type { Script } from "../ast/parsed-script.ts";
import { isKey, walk } from "../ast/walk.ts";

/** Gives variables called `of` another name: the minifier may choose that name, and Espruino takes it for the keyword. */
export function renameOf(script: Script): Script {
  const { code } = script;
  if (!/\bof\b/.test(code)) return script;
  const name = ["$o", "$f", "_o", "_f"].find((one) => !code.includes(one)) ?? "o_";
  const edits = new MagicString(code);
  walk(script.program, (node, path) => {
    if (node.type !== "Identifier" || node.name !== "of") return;
    const parent = path[path.length - 1];
    if (isKey(node, parent)) return;
    edits.update(node.start, node.end, parent.type === "Property" && parent.shorthand ? `of:${name}` : name);
  });
  return script.edited(edits);
}
