import type { Reference } from "./scopes.ts";
import type { AnyNode, FunctionNode } from "./walk.ts";
import { memberName } from "./walk.ts";

/** Array and text methods that call back at once, and never again. */
export const CALLS_AT_ONCE = new Set("every filter find findIndex forEach map reduce replace some sort".split(" "));

/** Whether a use of a name calls what the name stands for. */
export function isCalled(use: Reference): boolean {
  const parent = use.path[use.path.length - 1];
  return parent.type === "CallExpression" && parent.callee === use.node;
}

/** Whether a function is called where it is made, and never again. */
export function isCalledAtOnce(made: FunctionNode, parent: AnyNode | undefined): boolean {
  if (parent?.type !== "CallExpression") return false;
  return parent.callee === made || CALLS_AT_ONCE.has(memberName(parent.callee));
}
