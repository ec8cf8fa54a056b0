import * as acorn from "acorn";
import { type Binding, isFunction, type Node, type Reference, resolveNames } from "../ast/scopes.ts";
import { CALLS_AT_ONCE } from "../dialect/library.ts";

/**
 * Lets go, at the end of the script, of every name at its top that only the start needs: factories, checks of settings and
 * flash, what they are given. Each function takes some seven JsVars for ever, and the names make look-ups longer. 408 JsVars
 * at idle.
 *
 * A name goes when all its uses run while the script does: they stand at the top, in a function that is only called from such
 * code (never passed on or kept), or in a function that is called at once (`map`).
 */
export function forgetStart(code: string): string {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  const { names } = findStart(program, resolveNames(program));
  if (names.length === 0) return code;
  return `${code}"${names.join()}".split(",").forEach(e=>{delete globalThis[e]});`;
}

/** Functions at the top that only the start calls, and names at the top that only it uses. */
export function findStart(program: Node, references: Reference[]): { functions: Set<Node>; names: string[] } {
  const uses = new Map<Binding, Reference[]>();
  for (const use of references) {
    if (use.binding === undefined || !isAtTop(use.binding, program)) continue;
    const list = uses.get(use.binding);
    if (list === undefined) uses.set(use.binding, [use]);
    else list.push(use);
  }

  // Taken as run by the start until a use shows otherwise.
  const functions = new Set<Node>();
  for (const binding of uses.keys()) if (binding.value !== undefined) functions.add(binding.value);
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
    for (const [binding, list] of uses) {
      if (binding.value === undefined) continue;
      const isStart = list.every((use) => isCalled(use) && runsAtStart(use));
      if (!isStart) functions.delete(binding.value);
    }
  }

  const names: string[] = [];
  for (const [binding, list] of uses) if (list.every(runsAtStart)) names.push(binding.name);
  return { functions, names };
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

/** Whether a function is called where it is made, and then never again. */
export function isCalledAtOnce(made: Node, parent: Node): boolean {
  if (parent.type !== "CallExpression") return false;
  if (parent.callee === made) return true;
  return parent.callee.type === "MemberExpression" && CALLS_AT_ONCE.has(parent.callee.property.name);
}
