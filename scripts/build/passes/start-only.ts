import type * as acorn from "acorn";
import MagicString from "magic-string";
import { isCalled, isCalledAtOnce } from "../ast/calls.ts";
import type { Script } from "../ast/parsed-script.ts";
import type { Binding, Reference } from "../ast/scopes.ts";
import { type AnyNode, isFunction } from "../ast/walk.ts";

/**
 * Deletes, at the end of the script, every name at its top that only the start needs: factories, checks of settings and flash,
 * and what these are given. Each function keeps some seven JsVars for ever, and the names make look-ups longer.
 *
 * A name goes if all its uses run while the script runs: they stand at the top, in a function that only such code calls (and
 * that is never passed on or kept), or in a function that is called at once (`map`).
 */
export function forgetStart(script: Script): Script {
  const { names } = findStart(script);
  if (names.length === 0) return script;
  const edits = new MagicString(script.code);
  edits.append(`"${names.join()}".split(",").forEach(e=>{delete globalThis[e]});`);
  return script.edited(edits);
}

/** The functions at the top that only the start calls, and the names at the top that only it uses. */
export function findStart({ program, uses }: Pick<Script, "program" | "uses">): {
  functions: Set<AnyNode>;
  names: string[];
} {
  const atTop = [...uses].filter(([binding]) => isAtTop(binding, program));
  // A function counts as the start's until one of its uses shows otherwise.
  const functions = new Set<AnyNode>();
  for (const [binding] of atTop) if (binding.value !== undefined) functions.add(binding.value);
  const runsAtStart = (use: Reference): boolean => {
    for (let i = use.path.length - 1; i > 0; i--) {
      const node = use.path[i];
      if (!isFunction(node)) continue;
      if (functions.has(node)) return true;
      if (!isCalledAtOnce(node, use.path[i - 1])) return false;
    }
    return true;
  };
  for (let before = -1; before !== functions.size; ) {
    before = functions.size;
    for (const [binding, list] of atTop) {
      if (binding.value === undefined) continue;
      const isStart = list.every((use) => isCalled(use) && runsAtStart(use));
      if (!isStart) functions.delete(binding.value);
    }
  }
  const names = atTop.filter(([, list]) => list.every(runsAtStart)).map(([binding]) => binding.name);
  return { functions, names };
}

/** Whether a name is a global: declared at the top, and not in a block there. */
function isAtTop(binding: Binding, program: acorn.Program): boolean {
  return program.body.some(
    (statement) =>
      statement === binding.node ||
      (statement.type === "VariableDeclaration" && statement.declarations.some((one) => one.id === binding.node)),
  );
}
