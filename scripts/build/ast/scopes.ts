import type * as acorn from "acorn";
import { type AnyNode, childrenOf, type FunctionNode, isFunction, isLoop, namesIn } from "./walk.ts";

export { childrenOf, isFunction, type Node } from "./walk.ts";

/** A name declared in a scope. */
export interface Binding {
  name: string;
  kind: acorn.VariableDeclaration["kind"] | "function" | "class" | "param" | "catch";
  /** The declared identifier; for function declarations the whole function. */
  node: AnyNode;
  /** The nearest function (or the program) around the declaration. */
  owner: AnyNode;
  /** The loop whose head declares it. */
  loop?: AnyNode;
  /** The function that the name stands for, as in `const f = () => …` or a function declaration. */
  value?: FunctionNode;
  /** The expression it starts with. */
  init?: AnyNode;
}

/** A use of a name. */
export interface Reference {
  node: acorn.Identifier;
  /** Undefined for globals that the program doesn't declare. */
  binding: Binding | undefined;
  /** The nodes around it, outermost first. */
  path: AnyNode[];
  /** The nearest function (or the program) around it. */
  owner: AnyNode;
}

interface Scope {
  names: Map<string, Binding>;
  parent: Scope | undefined;
  owner: AnyNode;
  isFunction: boolean;
}

const SCOPE = /^(BlockStatement|ForStatement|ForInStatement|ForOfStatement|SwitchStatement|CatchClause|StaticBlock)$/;

/** Resolves every use of a name in a program to its declaration, as JavaScript does. */
export function resolveNames(program: acorn.Node): Reference[] {
  const uses: { node: acorn.Identifier; scope: Scope; path: AnyNode[] }[] = [];
  const root = program as AnyNode;
  const top: Scope = { names: new Map(), parent: undefined, owner: root, isFunction: true };
  for (const child of childrenOf(root)) visit(child, top, [root]);
  return uses.map(({ node, scope, path }) => ({ node, binding: lookUp(node.name, scope), path, owner: scope.owner }));

  function visit(node: AnyNode, scope: Scope, path: AnyNode[]): void {
    if (node.type === "Identifier") {
      if (isUse(node, path)) uses.push({ node, scope, path });
      return;
    }
    if (/^Import(Default|Namespace)?Specifier$/.test(node.type)) {
      const { local } = node as acorn.ImportSpecifier;
      declare(scope, local, { kind: "const", node: local });
      return;
    }
    const inside = [...path, node];
    if (isFunction(node)) {
      visitFunction(node, scope, inside);
      return;
    }
    if (node.type === "VariableDeclaration") declareVariables(node, scope, path[path.length - 1]);
    if (node.type === "ClassDeclaration" && node.id) declare(scope, node.id, { kind: "class", node: node.id });
    let inner = scope;
    if (SCOPE.test(node.type)) {
      inner = { names: new Map(), parent: scope, owner: scope.owner, isFunction: false };
      if (node.type === "CatchClause" && node.param)
        for (const id of namesIn(node.param)) declare(inner, id, { kind: "catch", node: id });
    }
    for (const child of childrenOf(node)) visit(child, inner, inside);
  }

  function visitFunction(node: FunctionNode, scope: Scope, inside: AnyNode[]): void {
    if (node.type === "FunctionDeclaration" && node.id)
      declare(scope, node.id, { kind: "function", node, value: node });
    const inner: Scope = { names: new Map(), parent: scope, owner: node, isFunction: true };
    if (node.type === "FunctionExpression" && node.id)
      declare(inner, node.id, { kind: "function", node: node.id, value: node });
    for (const param of node.params) for (const id of namesIn(param)) declare(inner, id, { kind: "param", node: id });
    for (const param of node.params) if (param.type !== "Identifier") visit(param, inner, inside);
    // The body's block is the function's own scope.
    for (const child of node.body.type === "BlockStatement" ? node.body.body : [node.body]) visit(child, inner, inside);
  }
}

function declareVariables(node: acorn.VariableDeclaration, scope: Scope, parent: AnyNode): void {
  const isHead =
    (parent.type === "ForStatement" && parent.init === node) ||
    ((parent.type === "ForInStatement" || parent.type === "ForOfStatement") && parent.left === node);
  for (const one of node.declarations) {
    const init = one.init ?? undefined;
    const value = init !== undefined && isFunction(init) ? init : undefined;
    const loop = isHead && isLoop(parent) ? parent : undefined;
    for (const id of namesIn(one.id)) declare(scope, id, { kind: node.kind, loop, value, init, node: id });
  }
}

function declare(scope: Scope, id: acorn.Identifier, binding: Omit<Binding, "name" | "owner">): void {
  let at = scope;
  while (binding.kind === "var" && !at.isFunction && at.parent !== undefined) at = at.parent;
  if (at.names.has(id.name) && binding.kind !== "function") return;
  at.names.set(id.name, { name: id.name, owner: at.owner, ...binding });
}

function lookUp(name: string, from: Scope): Binding | undefined {
  let scope: Scope | undefined = from;
  while (scope !== undefined && !scope.names.has(name)) scope = scope.parent;
  return scope?.names.get(name);
}

/** Whether an identifier stands for a variable: not for a member, a key, a label or its own declaration. */
function isUse(id: acorn.Identifier, path: AnyNode[]): boolean {
  const parent = path[path.length - 1];
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === id || parent.computed;
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return (parent.value as AnyNode | null) === id || parent.computed;
    case "VariableDeclarator":
      return parent.init === id;
    case "ClassDeclaration":
    case "ClassExpression":
      return parent.superClass === id;
    case "ExportSpecifier":
      return parent.local === id;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
    case "CatchClause":
      return false;
    default:
      return true;
  }
}
