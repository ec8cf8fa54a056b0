import type * as acorn from "acorn";
import type { AnyNode } from "acorn";

export type { AnyNode } from "acorn";

/** A node of any ESTree, also one with TypeScript's own nodes. Its members are unchecked. */
// biome-ignore lint/suspicious/noExplicitAny: there is no type for such trees; rules read them by name.
export type Node = acorn.Node & { [key: string]: any };
export type FunctionNode =
  | acorn.FunctionDeclaration
  | acorn.AnonymousFunctionDeclaration
  | acorn.FunctionExpression
  | acorn.ArrowFunctionExpression;

/** The child nodes, in the order of the source. */
export function childrenOf(node: AnyNode): AnyNode[];
export function childrenOf(node: Node): Node[];
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === "object" && typeof child.type === "string") children.push(child);
    }
  }
  return children;
}

/**
 * Calls `visit` for a node and all nodes below it, in the order of the source. `path` has the nodes around it, outermost first,
 * and is only valid during the call. Nodes below one for which `visit` returns false are left out.
 */
export function walk(node: AnyNode, visit: (node: AnyNode, path: AnyNode[]) => unknown, path: AnyNode[] = []): void {
  if (visit(node, path) === false) return;
  path.push(node);
  for (const child of childrenOf(node)) walk(child, visit, path);
  path.pop();
}

export function isFunction(node: acorn.Node): node is FunctionNode {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

export function isLoop(node: AnyNode): boolean {
  return /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type);
}

export function contains(outer: AnyNode | undefined, inner: AnyNode): boolean {
  return outer !== undefined && outer.start <= inner.start && inner.end <= outer.end;
}

/** Every name that a pattern declares. */
export function namesIn(pattern: AnyNode): acorn.Identifier[] {
  if (pattern.type === "Identifier") return [pattern];
  if (pattern.type === "MemberExpression") return [];
  if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
  if (pattern.type === "Property") return namesIn(pattern.value);
  return childrenOf(pattern).flatMap(namesIn);
}

/** The name of a member or key that the source spells out (`a.b`, `{ b: 1 }`, `{ "b": 1 }`), or "". */
export function memberName(node: AnyNode): string {
  if (node.type === "MemberExpression") return node.computed ? "" : nameOf(node.property);
  if (node.type === "Property" || node.type === "MethodDefinition" || node.type === "PropertyDefinition") {
    return node.computed ? "" : nameOf(node.key);
  }
  return "";
}

function nameOf(key: AnyNode): string {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : "";
}

/** Whether a node is the plain name of a member or a key: `b` in `a.b` and `{ b: 1 }`, also in `{ b }`. */
export function isKey(node: AnyNode, parent: AnyNode): boolean {
  if (parent.type === "MemberExpression") return parent.property === node && !parent.computed;
  if (parent.type === "Property" || parent.type === "MethodDefinition" || parent.type === "PropertyDefinition") {
    return parent.key === node && !parent.computed;
  }
  return false;
}
