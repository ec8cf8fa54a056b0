import { isCalledAtOnce } from "../ast/calls.ts";
import type { Reference } from "../ast/scopes.ts";
import { isFunction } from "../ast/walk.ts";

/**
 * Uses of a loop's own variable (`for (let i…`) by a function that the loop makes and that is not called at once: Espruino binds
 * the variable once, and not anew for each round. Variables of the loop's body are bound anew.
 */
export function findLoopClosures(references: Reference[]): Reference[] {
  return references.filter((use) => {
    const loop = use.binding?.loop;
    if (loop === undefined || use.binding?.kind === "var") return false;
    const inLoop = use.path.slice(use.path.indexOf(loop) + 1);
    return inLoop.some((node, i) => isFunction(node) && !isCalledAtOnce(node, inLoop[i - 1]));
  });
}
