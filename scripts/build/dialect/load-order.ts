import type { Binding, Reference } from "../ast/scopes.ts";
import type { AnyNode } from "../ast/walk.ts";

/** A use of a function that doesn't exist yet at that moment. */
export interface EarlyUse {
  /** The use itself, or the call that leads to it. */
  node: AnyNode;
  /** The function that doesn't exist yet. */
  name: string;
  /** The function that is called too early, if the use is inside it; else "". */
  through: string;
}

/**
 * Espruino makes a function when it runs its declaration. Code that runs earlier, in the same function or called from it, finds
 * nothing. Calls by name are followed; what a callback does later is not.
 */
export function findEarlyUses(references: Reference[]): EarlyUse[] {
  const early: EarlyUse[] = [];
  const byOwner = new Map<AnyNode, Reference[]>();
  for (const one of references) {
    const list = byOwner.get(one.owner);
    if (list === undefined) byOwner.set(one.owner, [one]);
    else list.push(one);
  }

  for (const use of references) {
    const { binding, node } = use;
    if (binding === undefined || binding.owner !== use.owner) continue;
    if (isDeclaration(binding) && node.start < binding.node.start) {
      early.push({ node, name: binding.name, through: "" });
      continue;
    }
    if (!isRun(use) || binding.value === undefined) continue;
    const missing = neededLater(binding.value, binding.owner, node.start, new Set());
    if (missing !== "") early.push({ node, name: missing, through: binding.name });
  }
  return early;

  /** The first function that running `body` needs and that `owner` declares only after `at`. */
  function neededLater(body: AnyNode, owner: AnyNode, at: number, seen: Set<AnyNode>): string {
    if (seen.has(body)) return "";
    seen.add(body);
    for (const use of byOwner.get(body) ?? []) {
      const binding = use.binding;
      if (binding === undefined) continue;
      if (binding.owner === owner && isDeclaration(binding) && at < binding.node.start) return binding.name;
      if (isRun(use) && binding.value !== undefined) {
        const missing = neededLater(binding.value, owner, at, seen);
        if (missing !== "") return missing;
      }
    }
    return "";
  }
}

function isDeclaration(binding: Binding): boolean {
  return binding.node.type === "FunctionDeclaration";
}

/** Whether a use calls the function, with `new` or without. */
function isRun(use: Reference): boolean {
  const parent = use.path[use.path.length - 1];
  return (parent.type === "CallExpression" || parent.type === "NewExpression") && parent.callee === use.node;
}
