import type * as acorn from "acorn";

export type Node = acorn.AnyNode;
export type FunctionNode =
  | acorn.FunctionDeclaration
  | acorn.AnonymousFunctionDeclaration
  | acorn.FunctionExpression
  | acorn.ArrowFunctionExpression;

/** The child nodes, in the order of the source. */
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
 * Calls `visit` for a node and all below it, in the order of the source. `path` has the nodes around it, outermost first.
 * What is below a node for which `visit` returns false is left out.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most visitors return nothing
export function walk(node: Node, visit: (node: Node, path: Node[]) => boolean | void, path: Node[] = []): void {
  if (visit(node, path) === false) return;
  const inside = [...path, node];
  for (const child of childrenOf(node)) walk(child, visit, inside);
}

export function isFunction(node: Node): node is FunctionNode {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

export function isLoop(node: Node): boolean {
  return /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type);
}

export function contains(outer: Node | undefined, inner: Node): boolean {
  return outer !== undefined && outer.start <= inner.start && inner.end <= outer.end;
}

/** Every name that a pattern declares. */
export function namesIn(pattern: Node): acorn.Identifier[] {
  if (pattern.type === "Identifier") return [pattern];
  if (pattern.type === "MemberExpression") return [];
  if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
  if (pattern.type === "Property") return namesIn(pattern.value);
  return childrenOf(pattern).flatMap(namesIn);
}

/** The name of a member or key that the source spells out (`a.b`, `{ b: 1 }`, `{ "b": 1 }`), or "". */
export function memberName(node: Node): string {
  if (node.type === "MemberExpression") return node.computed ? "" : nameOf(node.property);
  if (node.type === "Property" || node.type === "MethodDefinition" || node.type === "PropertyDefinition") {
    return node.computed ? "" : nameOf(node.key);
  }
  return "";
}

function nameOf(key: Node): string {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : "";
}

/** Whether a node is the plain name of a member or a key: `b` in `a.b` and `{ b: 1 }`, also in `{ b }`. */
export function isKey(node: Node, parent: Node): boolean {
  if (parent.type === "MemberExpression") return parent.property === node && !parent.computed;
  if (parent.type === "Property" || parent.type === "MethodDefinition" || parent.type === "PropertyDefinition") {
    return parent.key === node && !parent.computed;
  }
  return false;
}
