import * as acorn from "acorn";
import { applyEdits, type Edit } from "../ast/edits.ts";
import { type Binding, type Node, type Reference, resolveNames } from "../ast/scopes.ts";

/**
 * Puts the values of constants at the top of a script where their names are used, and drops the names: a number takes a JsVar
 * or two for ever, a text one for each dozen characters, and each name at the top makes every look-up of a global longer.
 * 257 JsVars at idle.
 * An object whose members are all constants and that is only ever asked for them (LIMITS, VERDICT) goes the same way.
 */
export function inlineConstants(code: string): string {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  const uses = new Map<Binding, Reference[]>();
  for (const use of resolveNames(program)) {
    if (use.binding === undefined) continue;
    const list = uses.get(use.binding);
    if (list === undefined) uses.set(use.binding, [use]);
    else list.push(use);
  }

  const edits: Edit[] = [];
  const dropped = new Set<Node>();
  const declarators = program.body
    .filter((statement: Node) => statement.type === "VariableDeclaration")
    .flatMap((statement: Node) => statement.declarations as Node[]);
  for (const [binding, references] of uses) {
    const declarator = declarators.find((one: Node) => one.id === binding.node);
    if (declarator === undefined || !declarator.init) continue;
    const found = references.map((use) => inlined(use, declarator.init, code));
    if (found.some((edit) => edit === undefined)) continue;
    dropped.add(declarator);
    for (const edit of found) if (edit !== undefined) edits.push(edit);
  }
  for (const statement of program.body) {
    if (statement.type !== "VariableDeclaration") continue;
    const rest = statement.declarations.filter((one: Node) => !dropped.has(one));
    if (rest.length === statement.declarations.length) continue;
    for (const one of statement.declarations) {
      if (!dropped.has(one)) continue;
      // Up to the next one, or from the one before when it is the last that stays.
      const next = statement.declarations.find((other: Node) => other.start > one.start && !dropped.has(other));
      const before = statement.declarations.filter((other: Node) => other.start < one.start).pop();
      if (next !== undefined) edits.push({ at: one.start, end: nextStart(statement, one), text: "" });
      else if (rest.length > 0) edits.push({ at: before.end, end: one.end, text: "" });
    }
    if (rest.length === 0) edits.push({ at: statement.start, end: statement.end, text: ";" });
  }
  return applyEdits(code, edits);
}

function nextStart(statement: Node, one: Node): number {
  return statement.declarations[statement.declarations.indexOf(one) + 1].start;
}

/** What stands in place of one use, or undefined when the name has to stay. */
function inlined(use: Reference, value: Node, code: string): Edit | undefined {
  const node = use.node as unknown as Node;
  const parent = use.path[use.path.length - 1];
  if (isConstant(value)) {
    if (isWritten(node, parent)) return undefined;
    const key = parent.type === "Property" && parent.shorthand ? `${node.name}:` : "";
    return { at: node.start, end: node.end, text: key + textOf(value, code) };
  }
  if (value.type !== "ObjectExpression" || parent.type !== "MemberExpression" || parent.object !== node)
    return undefined;
  const around = use.path[use.path.length - 2];
  if (parent.computed || isWritten(parent, around) || (around.type === "CallExpression" && around.callee === parent)) {
    return undefined;
  }
  if (!value.properties.every((one: Node) => one.type === "Property" && !one.computed && isConstant(one.value))) {
    return undefined;
  }
  const member = value.properties.find((one: Node) => (one.key.name ?? one.key.value) === parent.property.name);
  return member && { at: parent.start, end: parent.end, text: textOf(member.value, code) };
}

function isWritten(node: Node, parent: Node): boolean {
  return (
    (parent.type === "AssignmentExpression" && parent.left === node) ||
    parent.type === "UpdateExpression" ||
    (parent.type === "UnaryExpression" && parent.operator === "delete") ||
    (/^For(In|Of)Statement$/.test(parent.type) && parent.left === node) ||
    /Pattern$/.test(parent.type)
  );
}

function isConstant(node: Node): boolean {
  if (node.type === "UnaryExpression") return /^[-+!~]$|^void$/.test(node.operator) && isConstant(node.argument);
  if (node.type === "BinaryExpression") return isConstant(node.left) && isConstant(node.right);
  return node.type === "Literal" && /^(number|string|boolean)$/.test(typeof node.value);
}

function textOf(value: Node, code: string): string {
  const text = code.slice(value.start, value.end);
  // A number's member: 1..toFixed.
  return value.type === "Literal" && typeof value.value !== "number" ? text : `(${text})`;
}
