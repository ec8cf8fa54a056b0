import * as acorn from "acorn";
import { CALLS_AT_ONCE } from "./dialect/library.ts";
import { type Binding, isFunction, type Node, type Reference, resolveNames } from "./dialect/scopes.ts";

/**
 * Lets go, at the end of the script, of every name at its top that only the start needs: factories, checks of settings and
 * flash, what they are given. Each function takes some seven JsVars for ever, and the names make look-ups longer.
 *
 * A name goes when all its uses run while the script does: they stand at the top, in a function that is only called from such
 * code (never passed on or kept), or in a function that is called at once (`map`).
 */
export function forgetStart(code: string): string {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  const uses = new Map<Binding, Reference[]>();
  for (const use of resolveNames(program)) {
    if (use.binding === undefined || !isAtTop(use.binding, program)) continue;
    const list = uses.get(use.binding);
    if (list === undefined) uses.set(use.binding, [use]);
    else list.push(use);
  }

  // Taken as run by the start until a use shows otherwise.
  const startFunctions = new Set<Node>();
  for (const binding of uses.keys()) if (binding.value !== undefined) startFunctions.add(binding.value);
  const runsAtStart = (use: Reference): boolean => {
    for (let i = use.path.length - 1; i > 0; i--) {
      const node = use.path[i];
      if (!isFunction(node)) continue;
      if (startFunctions.has(node)) return true;
      if (!isCalledAtOnce(node, use.path[i - 1])) return false;
    }
    return true;
  };
  for (let before = -1; before !== startFunctions.size; ) {
    before = startFunctions.size;
    for (const [binding, references] of uses) {
      if (binding.value === undefined) continue;
      const isStart = references.every((use) => isCalled(use) && runsAtStart(use));
      if (!isStart) startFunctions.delete(binding.value);
    }
  }

  const names: string[] = [];
  for (const [binding, references] of uses) if (references.every(runsAtStart)) names.push(binding.name);
  if (names.length === 0) return code;
  return `${code}"${names.join()}".split(",").forEach(e=>{delete globalThis[e]});`;
}

/** Whether a name is a global: declared at the top, and not in a block there. */
function isAtTop(binding: Binding, program: Node): boolean {
  return program.body.some(
    (statement: Node) =>
      statement === binding.node ||
      (statement.type === "VariableDeclaration" && statement.declarations.some((one: Node) => one.id === binding.node)),
  );
}

function isCalled(use: Reference): boolean {
  const parent = use.path[use.path.length - 1];
  return parent.type === "CallExpression" && parent.callee === (use.node as unknown as Node);
}

function isCalledAtOnce(made: Node, parent: Node): boolean {
  if (parent.type !== "CallExpression") return false;
  if (parent.callee === made) return true;
  return parent.callee.type === "MemberExpression" && CALLS_AT_ONCE.has(parent.callee.property.name);
}
