import type * as acorn from "acorn";
import MagicString from "magic-string";
import type { Script } from "../ast/parsed-script.ts";
import type { Reference } from "../ast/scopes.ts";
import type { AnyNode } from "../ast/walk.ts";

/**
 * Puts the values of constants at the top of a script in the places of their names, and drops the names. A number keeps a
 * JsVar or two for ever, a text one for each dozen characters, and each name at the top makes every look-up of a global longer.
 * An object whose members are all constants, and whose members alone are used (LIMITS, VERDICT), goes the same way.
 */
export function inlineConstants(script: Script): Script {
  const { code, program, uses } = script;
  const edits = new MagicString(code);
  const declarations = program.body.filter((one) => one.type === "VariableDeclaration");
  const initOf = new Map<AnyNode, AnyNode | null | undefined>();
  for (const one of declarations.flatMap((declaration) => declaration.declarations)) initOf.set(one.id, one.init);
  const dropped = new Set<AnyNode>();
  for (const [binding, references] of uses) {
    const init = initOf.get(binding.node);
    if (!init) continue;
    const values = references.map((use) => valueInPlace(use, init, code));
    if (!values.every((one) => one !== undefined)) continue;
    dropped.add(binding.node);
    for (const { node, text } of values) edits.update(node.start, node.end, text);
  }
  for (const declaration of declarations) dropNames(declaration, dropped, edits);
  return script.edited(edits);
}

/** Removes names from a declaration, with their values and commas. A declaration without any name left becomes ";". */
function dropNames(declaration: acorn.VariableDeclaration, dropped: Set<AnyNode>, edits: MagicString): void {
  const all = declaration.declarations;
  const lastKept = all.findLastIndex((one) => !dropped.has(one.id));
  if (lastKept < 0) {
    edits.overwrite(declaration.start, declaration.end, ";");
    return;
  }
  all.forEach((one, i) => {
    if (!dropped.has(one.id)) return;
    if (i < lastKept) edits.remove(one.start, all[i + 1].start);
    else edits.remove(all[i - 1].end, one.end);
  });
}

/** What replaces one use, and the node it replaces; undefined if the use needs the name. */
function valueInPlace(use: Reference, init: AnyNode, code: string): { node: AnyNode; text: string } | undefined {
  const { node, path } = use;
  const parent = path[path.length - 1];
  if (isConstant(init)) {
    if (isWritten(node, parent)) return undefined;
    const key = parent.type === "Property" && parent.shorthand ? `${node.name}:` : "";
    return { node, text: key + textOf(init, code) };
  }
  if (init.type !== "ObjectExpression" || parent.type !== "MemberExpression" || parent.object !== node) {
    return undefined;
  }
  const around = path[path.length - 2];
  const isCallee = around.type === "CallExpression" && around.callee === parent;
  if (parent.computed || isCallee || isWritten(parent, around)) return undefined;
  const value = constantMember(init, (parent.property as acorn.Identifier).name);
  return value && { node: parent, text: textOf(value, code) };
}

/** The value of a member, if it and all members beside it are constants. */
function constantMember(object: acorn.ObjectExpression, name: string): AnyNode | undefined {
  let value: AnyNode | undefined;
  for (const one of object.properties) {
    if (one.type !== "Property" || one.computed || !isConstant(one.value)) return undefined;
    const key = one.key.type === "Identifier" ? one.key.name : one.key.type === "Literal" ? one.key.value : undefined;
    if (key === name) value ??= one.value;
  }
  return value;
}

function isWritten(node: AnyNode, parent: AnyNode): boolean {
  switch (parent.type) {
    case "AssignmentExpression":
    case "ForInStatement":
    case "ForOfStatement":
      return parent.left === node;
    case "UpdateExpression":
      return true;
    case "UnaryExpression":
      return parent.operator === "delete";
    default:
      return /Pattern$/.test(parent.type);
  }
}

function isConstant(node: AnyNode): boolean {
  if (node.type === "UnaryExpression") return /^[-+!~]$|^void$/.test(node.operator) && isConstant(node.argument);
  if (node.type === "BinaryExpression") return isConstant(node.left) && isConstant(node.right);
  return node.type === "Literal" && /^(number|string|boolean)$/.test(typeof node.value);
}

function textOf(value: AnyNode, code: string): string {
  const text = code.slice(value.start, value.end);
  // In brackets, so that the point of a member is not a decimal point: (1).toFixed.
  return value.type === "Literal" && typeof value.value !== "number" ? text : `(${text})`;
}
