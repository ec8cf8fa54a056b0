/** Constructs that Espruino misreads and that can be written in another way without a change of meaning. */
import type * as acorn from "acorn";
import MagicString from "magic-string";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, contains, isFunction, isKey, memberName, walk } from "../ast/walk.ts";
import { isPlainName } from "../dialect/classes.ts";
import { slashesReadAsRegex } from "../dialect/division.ts";
import { withEscapedSlashes, withSafeRepetitions } from "../dialect/regex-parts.ts";

/** All mends of what people write, in any step of the build that keeps classes and regular expressions as they are. */
export function mend(script: Script): Script {
  return mendDivisions(mendMethodNames(mendSuper(mendRegularExpressions(script))));
}

/** Escapes slashes in classes, and writes `X+` as `XX*` where Espruino would let it match nothing. */
function mendRegularExpressions(script: Script): Script {
  const edits = new MagicString(script.code);
  walk(script.program, (node) => {
    if (node.type !== "Literal" || !node.regex) return;
    const { pattern, flags } = node.regex;
    const better = withSafeRepetitions(withEscapedSlashes(pattern), flags);
    if (better !== pattern) edits.update(node.start, node.end, `/${better}/${flags}`);
  });
  return script.edited(edits);
}

/**
 * Writes `super.m(…)` in a class that extends A as `A.prototype.m.call(this, …)`, in a static method as `A.m.call(this, …)`.
 * What is left (a getter by super, a name that means something else inside) the dialect's check refuses.
 */
function mendSuper(script: Script): Script {
  const { code, program } = script;
  if (!/\bsuper\b/.test(code)) return script;
  const edits = new MagicString(code);
  walk(program, (node, path) => {
    if (node.type !== "Super") return;
    const member = path[path.length - 1];
    const call = path[path.length - 2];
    const isMethod = member.type === "MemberExpression" && call?.type === "CallExpression" && call.callee === member;
    const method = path.findLast((one) => one.type === "MethodDefinition");
    const around = path.findLast((one) => one.type === "ClassDeclaration" || one.type === "ClassExpression");
    if (!isMethod || method === undefined || around === undefined) return;
    if (path.indexOf(method) < path.indexOf(around) || !isOwnThis(path, method)) return;
    const { superClass } = around;
    if (superClass?.type !== "Identifier" || isDeclaredIn(script, around, superClass)) return;
    edits.update(node.start, node.end, superClass.name + (method.static ? "" : ".prototype"));
    const open = code.indexOf("(", member.end) + 1;
    edits.appendLeft(open, call.arguments.length > 0 ? "this," : "this");
    edits.appendLeft(member.end, ".call");
  });
  return script.edited(edits);
}

/** Whether `this` at the end of the path is the method's: nothing but arrow functions in between. */
function isOwnThis(path: AnyNode[], method: acorn.MethodDefinition): boolean {
  const inside = path.slice(path.indexOf(method) + 2);
  return inside.every((one) => one.type === "ArrowFunctionExpression" || !isFunction(one));
}

/** Whether the name of the class that is extended means something else anywhere in the class, or later. */
function isDeclaredIn(script: Script, around: AnyNode, { name }: acorn.Identifier): boolean {
  const sameName = script.references.filter(({ node }) => node.name === name);
  if (sameName.some(({ node, path }) => isAssigned(node, path[path.length - 1]))) return true;
  const uses = sameName.filter(({ node }) => contains(around, node));
  if (new Set(uses.map(({ binding }) => binding)).size > 1) return true;
  const known = new Set<AnyNode>(uses.map(({ node }) => node));
  let found = false;
  walk(around, (node, path) => {
    if (node.type !== "Identifier" || node.name !== name || known.has(node)) return;
    if (!isKey(node, path[path.length - 1])) found = true;
  });
  return found;
}

function isAssigned(node: AnyNode, parent: AnyNode): boolean {
  return parent.type === "AssignmentExpression" && parent.left === node;
}

/** Takes methods whose names are keywords or quoted out of their class, and puts them behind it: `A.prototype.delete = …`. */
function mendMethodNames(script: Script): Script {
  const { code, program } = script;
  if (!/\bclass\b/.test(code)) return script;
  const edits = new MagicString(code);
  walk(program, (node, path) => {
    if (node.type !== "ClassDeclaration" && node.type !== "ClassExpression") return;
    const place = nameAndEnd(node, path);
    if (place === undefined) return;
    for (const member of node.body.body) {
      if (member.type !== "MethodDefinition" || member.kind !== "method" || member.computed) continue;
      if (member.value.async || member.value.generator) continue;
      // A member of the prototype whose name is a number is not found (run).
      if (isPlainName(member.key) || /^\d/.test(memberName(member)) || usesSuper(member)) continue;
      const { value } = member;
      const object = place.name + (member.static ? "" : ".prototype");
      const key = JSON.stringify(memberName(member));
      edits.update(member.start, value.start, `;${object}[${key}]=function`);
      edits.move(member.start, member.end, place.end);
      edits.appendLeft(member.end, ";");
    }
  });
  return script.edited(edits);
}

/** The name of a class that stands alone as a declaration, and the end of its statement. */
function nameAndEnd(node: acorn.Class, path: AnyNode[]): { name: string; end: number } | undefined {
  if (node.type === "ClassDeclaration") return node.id ? { name: node.id.name, end: node.end } : undefined;
  const declarator = path[path.length - 1];
  const statement = path[path.length - 2];
  const block = path[path.length - 3];
  if (declarator.type !== "VariableDeclarator" || declarator.id.type !== "Identifier") return undefined;
  if (statement.type !== "VariableDeclaration" || statement.declarations.length > 1) return undefined;
  if (block.type !== "Program" && block.type !== "BlockStatement") return undefined;
  return { name: declarator.id.name, end: statement.end };
}

function usesSuper(member: AnyNode): boolean {
  let found = false;
  walk(member, (node) => {
    if (node.type === "Super") found = true;
  });
  return found;
}

/** Puts the left side of a division in parentheses where Espruino would take the slash for the start of a regular expression. */
export function mendDivisions(script: Script): Script {
  const edits = new MagicString(script.code);
  for (const { start, end } of slashesReadAsRegex(script)) edits.appendRight(start, "(").appendLeft(end, ")");
  return script.edited(edits);
}
