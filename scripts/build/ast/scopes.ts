import type * as acorn from "acorn";

/** A name declared in a scope. */
export interface Binding {
  name: string;
  kind: "var" | "let" | "const" | "function" | "class" | "param" | "catch";
  /** The declaration; for functions the function's own node. */
  node: Node;
  /** The nearest function (or the program) around the declaration. */
  owner: Node;
  /** The loop in whose head it is declared. */
  loop?: Node;
  /** The function that a `const f = () => …` or a declaration stands for. */
  value?: Node;
  /** The expression it starts with. */
  init?: Node;
}

/** A use of a name. */
export interface Reference {
  node: acorn.Identifier;
  binding: Binding | undefined;
  /** The nodes around it, outermost first. */
  path: Node[];
  /** The nearest function (or the program) around it. */
  owner: Node;
}

// biome-ignore lint/suspicious/noExplicitAny: acorn's node types form no index; the walk is by key.
export type Node = acorn.Node & { [key: string]: any };

interface Scope {
  names: Map<string, Binding>;
  parent: Scope | undefined;
  owner: Node;
  isFunction: boolean;
}

const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
const LOOP = /^(For|ForIn|ForOf|While|DoWhile)Statement$/;
const SCOPE = /^(BlockStatement|ForStatement|ForInStatement|ForOfStatement|SwitchStatement|CatchClause|StaticBlock)$/;

export function isFunction(node: Node): boolean {
  return FUNCTION.test(node.type);
}

export function isLoop(node: Node): boolean {
  return LOOP.test(node.type);
}

/** The child nodes, in the order of the source. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const key of Object.keys(node)) {
    const value = node[key];
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === "object" && typeof child.type === "string") children.push(child);
    }
  }
  return children;
}

/** Every name that a pattern declares. */
export function namesIn(pattern: Node): Node[] {
  if (pattern.type === "Identifier") return [pattern];
  if (pattern.type === "MemberExpression") return [];
  if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
  if (pattern.type === "Property") return namesIn(pattern.value);
  return childrenOf(pattern).flatMap(namesIn);
}

/** Resolves every use of a name in a program to its declaration, as JavaScript does. */
export function resolveNames(program: Node): Reference[] {
  const uses: { node: Node; scope: Scope; path: Node[] }[] = [];

  function declare(scope: Scope, id: Node, binding: Omit<Binding, "name" | "owner">): void {
    let at = scope;
    while (binding.kind === "var" && !at.isFunction && at.parent !== undefined) at = at.parent;
    const known = at.names.get(id.name);
    if (known === undefined || binding.kind === "function")
      at.names.set(id.name, { name: id.name, owner: at.owner, ...binding });
  }

  function visit(node: Node, scope: Scope, path: Node[]): void {
    const inside = [...path, node];
    let at = scope;
    if (isFunction(node)) {
      if (node.type === "FunctionDeclaration") declare(scope, node.id, { kind: "function", node: node, value: node });
      at = { names: new Map(), parent: scope, owner: node, isFunction: true };
      if (node.type === "FunctionExpression" && node.id)
        declare(at, node.id, { kind: "function", node: node.id, value: node });
      for (const param of node.params) for (const id of namesIn(param)) declare(at, id, { kind: "param", node: id });
      for (const param of node.params) if (param.type !== "Identifier") visit(param, at, inside);
      // The body's block is the function's own scope.
      for (const child of node.body.type === "BlockStatement" ? node.body.body : [node.body]) visit(child, at, inside);
      return;
    }
    if (SCOPE.test(node.type)) {
      at = { names: new Map(), parent: scope, owner: scope.owner, isFunction: false };
      if (node.type === "CatchClause" && node.param)
        for (const id of namesIn(node.param)) declare(at, id, { kind: "catch", node: id });
    }
    if (node.type === "VariableDeclaration") {
      const parent = path[path.length - 1];
      const loop = isLoop(parent) && (parent.init === node || parent.left === node) ? parent : undefined;
      for (const one of node.declarations) {
        const value = one.init && isFunction(one.init) ? one.init : undefined;
        const about = { kind: node.kind, loop, value, init: one.init };
        for (const id of namesIn(one.id)) declare(scope, id, { ...about, node: id });
      }
    }
    if (/^Import(Default|Namespace)?Specifier$/.test(node.type)) {
      declare(scope, node.local, { kind: "const", node: node.local });
      return;
    }
    if (node.type === "ClassDeclaration") declare(scope, node.id, { kind: "class", node: node.id });
    if (node.type === "Identifier") {
      if (isUse(node, path)) uses.push({ node: node, scope: scope, path: path });
      return;
    }
    for (const child of childrenOf(node)) visit(child, at, inside);
  }

  const top: Scope = { names: new Map(), parent: undefined, owner: program, isFunction: true };
  for (const child of program.body) visit(child, top, [program]);
  return uses.map((use) => {
    let scope: Scope | undefined = use.scope;
    while (scope !== undefined && !scope.names.has(use.node.name)) scope = scope.parent;
    return {
      node: use.node as unknown as acorn.Identifier,
      binding: scope?.names.get(use.node.name),
      path: use.path,
      owner: use.scope.owner,
    };
  });
}

/** Whether an identifier stands for a variable: not for a member, a key, a label or its own declaration. */
function isUse(id: Node, path: Node[]): boolean {
  const parent = path[path.length - 1];
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === id || parent.computed;
    case "Property":
      return parent.value === id || parent.computed;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.value === id || parent.computed;
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
