import { type Binding, isFunction, type Node, type Reference } from "../ast/scopes.ts";

/** A use of a function that doesn't exist yet when it is reached. */
export interface EarlyUse {
  /** Where the program trips: the use itself, or the call that leads to it. */
  node: Node;
  /** The function that is missing there. */
  name: string;
  /** The function called too early, when the use is inside it. */
  through: string;
}

/**
 * Espruino makes a function when it runs its declaration, so what runs before it, in the same function or called from it,
 * finds nothing. Followed through calls by name; what a callback does later is not looked into.
 */
export function findEarlyUses(references: Reference[]): EarlyUse[] {
  const early: EarlyUse[] = [];
  const byOwner = new Map<Node, Reference[]>();
  for (const one of references) {
    const list = byOwner.get(one.owner);
    if (list === undefined) byOwner.set(one.owner, [one]);
    else list.push(one);
  }

  for (const use of references) {
    const binding = use.binding;
    if (binding === undefined || binding.owner !== use.owner) continue;
    if (isDeclaration(binding) && use.node.start < binding.node.start) {
      early.push({ node: use.node as unknown as Node, name: binding.name, through: "" });
      continue;
    }
    if (!isCalled(use) || binding.value === undefined) continue;
    const missing = neededLater(binding.value, binding.owner, use.node.start, new Set());
    if (missing !== "") early.push({ node: use.node as unknown as Node, name: missing, through: binding.name });
  }
  return early;

  /** The first function of `owner` declared behind `at` that running `body` needs. */
  function neededLater(body: Node, owner: Node, at: number, seen: Set<Node>): string {
    if (seen.has(body)) return "";
    seen.add(body);
    for (const use of byOwner.get(body) ?? []) {
      const binding = use.binding;
      if (binding === undefined) continue;
      if (binding.owner === owner && isDeclaration(binding) && at < binding.node.start) return binding.name;
      if (isCalled(use) && binding.value !== undefined) {
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

function isCalled(use: Reference): boolean {
  const parent = use.path[use.path.length - 1];
  return /^(Call|New)Expression$/.test(parent.type) && parent.callee === (use.node as unknown as Node);
}

/**
 * Uses of a loop's own variable (`for (let i…`) from a function made in that loop, other than functions that are called at
 * once: Espruino binds the variable once, not anew for each round. Variables of the loop's body are bound anew.
 */
export function findLoopClosures(references: Reference[], callsAtOnce: Set<string>): Reference[] {
  return references.filter((use) => {
    const loop = use.binding?.loop;
    if (loop === undefined || use.binding?.kind === "var") return false;
    const inLoop = use.path.slice(use.path.indexOf(loop) + 1);
    return inLoop.some((node, i) => isFunction(node) && !isCalledAtOnce(node, inLoop[i - 1], callsAtOnce));
  });
}

function isCalledAtOnce(made: Node, parent: Node | undefined, callsAtOnce: Set<string>): boolean {
  if (parent?.type !== "CallExpression") return false;
  if (parent.callee === made) return true;
  return parent.callee.type === "MemberExpression" && callsAtOnce.has(parent.callee.property.name);
}
