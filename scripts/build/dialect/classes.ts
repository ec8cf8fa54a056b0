/** Classes and members of objects that Espruino misreads. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import type { Binding, Reference } from "../ast/scopes.ts";
import { type AnyNode, isFunction, memberName, walk } from "../ast/walk.ts";
import { KEYWORDS } from "./keywords.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const CLASS_RULES: DialectRule[] = [
  {
    id: "method-name",
    example: "(function () { class A { delete() { return 1; } } return new A().delete(); })()",
    happens:
      "throws SyntaxError, and nothing of the program runs: a class takes only names that are no keyword, and no quoted ones. The build writes a method behind the class",
    instead: "another name",
    better: "(function () { class A { remove() { return 1; } } return new A().remove(); })()",
    mended: true,
  },
  {
    id: "accessor-name",
    example: "({ get default() { return 1; } }).default",
    happens: "throws SyntaxError: a getter or setter takes only names that are no keyword, and no quoted ones",
    instead: "another name",
    better: "({ get standard() { return 1; } }).standard",
  },
  {
    id: "class-field",
    example: "(function () { class A { x = []; } new A().x.push(1); return new A().x.length; })()",
    happens: "makes the value once, for all objects together; a field without a value throws SyntaxError",
    instead: "this.x = … in the constructor",
    better:
      "(function () { class A { constructor() { this.x = []; } } new A().x.push(1); return new A().x.length; })()",
  },
  {
    id: "super-member",
    example:
      "(function () { class A { m() { return 1; } } class B extends A { m() { return super.m() + 1; } } class C extends B {} return new C().m(); })()",
    happens:
      "never ends: super is looked up from the object, not from the class; in an arrow function it throws. The build writes super.m() as A.prototype.m.call(this)",
    instead: "the class by its name: A.prototype.m.call(this)",
    better:
      "(function () { class A { m() { return 1; } } class B extends A { m() { return A.prototype.m.call(this) + 1; } } class C extends B {} return new C().m(); })()",
    mended: true,
  },
  {
    id: "inherited-static",
    example: "(function () { class A { static m() { return 1; } } class B extends A {} return B.m(); })()",
    happens: 'throws Error: Function "m" not found! A class does not inherit static members',
    instead: "the class that has it: A.m()",
    better: "(function () { class A { static m() { return 1; } } class B extends A {} return A.m(); })()",
  },
  {
    id: "extends-expression",
    example: "(function () { var o = { A: class {} }; class B extends o.A {} return typeof B; })()",
    happens: "throws SyntaxError: it reads one name after extends",
    instead: "a variable with the class",
    better: "(function () { var o = { A: class {} }; var A = o.A; class B extends A {} return typeof B; })()",
  },
  {
    id: "class-skipped",
    example: "(function (a) { var A = a ? class { m() {} } : 1; return A; })(false)",
    happens: "throws SyntaxError, or ends the interpreter: it can't skip a class that has members",
    instead: "a class at the top of the file",
    better: "(function (a) { class B { m() {} } var A = a ? B : 1; return A; })(false)",
  },
];

/** Whether Espruino reads a key where it takes only a name: in a class, and behind get and set. */
export function isPlainName(key: AnyNode): boolean {
  return key.type === "Identifier" && !KEYWORDS.has(key.name);
}

/** What is wrong with classes and with methods of objects. */
export function findClassTrouble(script: Script): Finding[] {
  const findings: Finding[] = [];
  walk(script.program, (node, path) => {
    const parent = path[path.length - 1];
    const add = (id: string, what: string) => findings.push({ id, node, what });
    if (node.type === "MethodDefinition" && !node.computed && !isPlainName(node.key)) {
      const isAccessor = node.kind === "get" || node.kind === "set";
      add(isAccessor ? "accessor-name" : "method-name", `a class member called ${memberName(node)}`);
    }
    if (node.type === "Property" && node.kind !== "init" && !node.computed && !isPlainName(node.key)) {
      add("accessor-name", `${node.kind} ${memberName(node)}`);
    }
    if (node.type === "PropertyDefinition") add("class-field", `the class field ${memberName(node)}`);
    if (node.type === "Super" && !(parent.type === "CallExpression" && parent.callee === node)) {
      add("super-member", `super.${memberName(parent)}`);
    }
    if (node.type !== "ClassDeclaration" && node.type !== "ClassExpression") return;
    if (node.superClass && node.superClass.type !== "Identifier") {
      add("extends-expression", "a class that extends an expression");
    }
    if (node.body.body.length > 0 && mayBeSkipped(node, path)) add("class-skipped", "a class that may be skipped");
  });
  return findings.concat(findInheritedStatics(script));
}

/** Whether Espruino may have to read over the class without running it, other than as part of a block in braces. */
function mayBeSkipped(node: AnyNode, path: AnyNode[]): boolean {
  let child = node;
  for (const around of path.toReversed()) {
    if (around.type === "BlockStatement" || around.type === "Program") return false;
    if (isFunction(around)) return child === around.body;
    if (isSkipped(child, around)) return true;
    child = around;
  }
  return false;
}

function isSkipped(child: AnyNode, around: AnyNode): boolean {
  switch (around.type) {
    case "ConditionalExpression":
    case "IfStatement":
    case "SwitchCase":
      return around.test !== child;
    case "LogicalExpression":
      return around.right === child;
    case "ForStatement":
      return around.init !== child;
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
      return around.body === child;
    default:
      return false;
  }
}

interface KnownClass {
  node: AnyNode;
  superClass: Binding | undefined;
  statics: Set<string>;
}

/** `B.m` where only a class that B extends has a static m, and `this.m` in a static method of B. */
function findInheritedStatics(script: Script): Finding[] {
  const { references } = script;
  const classes = knownClasses(script);
  const findings: Finding[] = [];
  for (const { binding, node, path } of references) {
    const member = path[path.length - 1];
    if (binding === undefined || member.type !== "MemberExpression" || member.object !== node) continue;
    const name = memberName(member);
    const heir = inheritsStatic(classes, binding, name);
    if (heir !== "")
      findings.push({ id: "inherited-static", node: member, what: `${node.name}.${name}, a static member of ${heir}` });
  }
  const byNode = new Map([...classes].map(([binding, { node }]) => [node, binding]));
  walk(script.program, (node, path) => {
    if (node.type !== "MemberExpression" || node.object.type !== "ThisExpression") return;
    const around = classOfThis(path);
    const binding = around && byNode.get(around);
    const heir = binding === undefined ? "" : inheritsStatic(classes, binding, memberName(node));
    const what = `this.${memberName(node)}, a static member of ${heir}`;
    if (heir !== "") findings.push({ id: "inherited-static", node, what });
  });
  return findings;
}

/** The class that `this` at the end of the path is, in a static method of it. */
function classOfThis(path: AnyNode[]): AnyNode | undefined {
  const at = path.findLastIndex((one) => isFunction(one) && one.type !== "ArrowFunctionExpression");
  const method = path[at - 1];
  return method?.type === "MethodDefinition" && method.static ? path[at - 3] : undefined;
}

/** The name of the class that the static member is inherited from, or "". */
function inheritsStatic(classes: Map<Binding, KnownClass>, of: Binding, name: string): string {
  const seen = new Set<Binding>();
  for (let at: Binding | undefined = of; at !== undefined && !seen.has(at); at = classes.get(at)?.superClass) {
    if (classes.get(at)?.statics.has(name)) return at === of ? "" : at.name;
    seen.add(at);
  }
  return "";
}

/** Each class that has a name, with the static members that it has itself. */
function knownClasses({ program, references }: Script): Map<Binding, KnownClass> {
  const byNode = new Map<AnyNode, Binding>();
  const superOf = new Map<AnyNode, Binding>();
  const assigned = new Map<Binding, Set<string>>();
  for (const use of references) {
    const { binding, node } = use;
    if (binding === undefined) continue;
    byNode.set(binding.node, binding);
    superOf.set(node, binding);
    const name = assignedMember(use);
    if (name !== "") assigned.set(binding, (assigned.get(binding) ?? new Set()).add(name));
  }
  const classes = new Map<Binding, KnownClass>();
  walk(program, (node, path) => {
    if (node.type !== "ClassDeclaration" && node.type !== "ClassExpression") return;
    const parent = path[path.length - 1];
    const id = parent.type === "VariableDeclarator" ? parent.id : node.id;
    const binding = id ? byNode.get(id) : undefined;
    if (binding === undefined) return;
    const statics = new Set(assigned.get(binding));
    for (const member of node.body.body) {
      if ("static" in member && member.static) statics.add(memberName(member as acorn.MethodDefinition));
    }
    classes.set(binding, { node, superClass: node.superClass ? superOf.get(node.superClass) : undefined, statics });
  });
  return classes;
}

/** `m` of `A.m = …`, or "". */
function assignedMember({ node, path }: Reference): string {
  const member = path[path.length - 1];
  const around = path[path.length - 2];
  if (member.type !== "MemberExpression" || member.object !== node || around?.type !== "AssignmentExpression")
    return "";
  return around.left === member ? memberName(member) : "";
}
