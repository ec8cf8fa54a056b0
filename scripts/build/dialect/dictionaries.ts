/** Objects as dictionaries, and loops over what they change. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, contains, isFunction, memberName, walk } from "../ast/walk.ts";
import { isMethodCall, type Kinds, kindsIn } from "./kinds.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const DICTIONARY_RULES: DialectRule[] = [
  {
    id: "in-operator",
    example: '(function (o, key) { return key in o; })({}, "on")',
    happens:
      "gives true: every value has on, emit, clone, addListener, prependListener, removeListener and removeAllListeners",
    instead: "o.hasOwnProperty(key)",
    better: '(function (o, key) { return o.hasOwnProperty(key); })({}, "on")',
  },
  {
    id: "dictionary-read",
    example: '(function (key) { var o = {}; o[key + "x"] = 1; return o[key] === undefined; })("emit")',
    happens: "gives false: every object has on, emit, clone and other methods, so an unknown key may find one of them",
    instead: "ask o.hasOwnProperty(key) first",
    better: '(function (key) { var o = {}; o[key + "x"] = 1; return o.hasOwnProperty(key) ? o[key] : 0; })("emit")',
  },
  {
    id: "for-in-changes",
    example:
      "(function () { var o = { a: 1, b: 2, c: 3 }; for (var k in o) delete o[k]; return Object.keys(o).length; })()",
    happens: "stops after the deleted key, and goes on for ever with keys that are added",
    instead: "for (const key of Object.keys(o))",
    better:
      "(function () { var o = { a: 1, b: 2, c: 3 }; for (var k of Object.keys(o)) delete o[k]; return Object.keys(o).length; })()",
  },
  {
    id: "list-changes",
    example:
      "(function () { var a = [1, 2, 3], n = 0; a.forEach(function (x) { n++; if (n < 9) a.push(x); }); return n; })()",
    happens: "visits what is added, without an end, and other items than JavaScript where some are removed",
    instead: "loop over a copy: a.slice()",
    better:
      "(function () { var a = [1, 2, 3], n = 0; a.slice().forEach(function (x) { n++; if (n < 9) a.push(x); }); return n; })()",
  },
];

/** What every value has in Espruino, and no object in JavaScript (2v29.277, run); and what only JavaScript's have. */
const ESPRUINO_METHODS =
  "on emit clone addListener prependListener removeListener removeAllListeners constructor".split(" ");

/** What goes wrong with objects that are dictionaries. */
export function findDictionaryTrouble(script: Script): Finding[] {
  const kinds = kindsIn(script);
  const findings: Finding[] = [];
  walk(script.program, (node, path) => {
    if (node.type === "BinaryExpression" && node.operator === "in") {
      const key = keyOfIn(node, kinds);
      const what = "in, which also finds methods that every object has (on, emit, clone, …)";
      if (key !== "") findings.push({ id: "in-operator", node, what, unsure: key === "unknown" });
    }
    if (node.type === "ForInStatement") findings.push(...changesOfKeys(node, kinds));
    if (node.type === "ForOfStatement") {
      const change = changeOfList(node.body, node.right, /^(splice|shift)$/, kinds);
      if (change) findings.push({ id: "list-changes", node: change, what: "a list that is changed in a loop over it" });
    }
    if (isMethodCall(node, /^(every|filter|forEach|map|some)$/) && node.arguments[0] !== undefined) {
      const change = changeOfList(node.arguments[0], node.callee.object, /^(push|splice|shift|unshift)$/, kinds);
      if (change) findings.push({ id: "list-changes", node: change, what: "a list that is changed in a loop over it" });
    }
    if (node.type === "VariableDeclarator") {
      const read = unsureRead(node, path, kinds);
      if (read)
        findings.push({
          id: "dictionary-read",
          node: read,
          what: "an object read with any key, which may be a method that every object has (on, emit, clone, …)",
          unsure: true,
        });
    }
  });
  return findings;
}

/** What is left of `in`: "method" for one of Espruino's, "unknown" for what may become one, else "". */
function keyOfIn({ left, right }: acorn.BinaryExpression, kinds: Kinds): "method" | "unknown" | "" {
  if (left.type === "PrivateIdentifier") return "";
  const key = kinds.sourceOf(left);
  if (key.type === "Literal") return ESPRUINO_METHODS.includes(String(key.value)) ? "method" : "";
  return isHarmlessKey(left, kinds) || /^(list|bytes)$/.test(kinds.kindOf(right)) ? "" : "unknown";
}

/** Whether a key can't be one of Espruino's methods: a number, a text of the program, or one that begins otherwise. */
function isHarmlessKey(key: AnyNode, kinds: Kinds): boolean {
  if (kinds.kindOf(key) === "number" || isCounter(key, kinds)) return true;
  const start = beginning(kinds.sourceOf(key), kinds);
  return start !== "" && !ESPRUINO_METHODS.some((name) => name.startsWith(start));
}

/** The text that a key begins with, as far as the program tells. */
function beginning(source: AnyNode, kinds: Kinds): string {
  let key = source;
  for (const seen = new Set<AnyNode>(); key.type === "BinaryExpression" && !seen.has(key); ) {
    seen.add(key);
    if (key.operator !== "+") return "";
    key = kinds.sourceOf(key.left as AnyNode);
  }
  if (key.type === "Literal") return String(key.value);
  return key.type === "TemplateLiteral" ? (key.quasis[0].value.cooked ?? "") : "";
}

/** A loop's variable that starts as a number. */
function isCounter(node: AnyNode, kinds: Kinds): boolean {
  const binding = kinds.bindingOf(node);
  return (
    binding?.loop?.type === "ForStatement" && binding.init !== undefined && kinds.kindOf(binding.init) === "number"
  );
}

/** Where a for…in deletes the key of the round; and, unsure, where it deletes or sets another one, which may be new. */
function changesOfKeys(loop: acorn.ForInStatement, kinds: Kinds): Finding[] {
  const findings: Finding[] = [];
  const head = loop.left.type === "VariableDeclaration" ? loop.left.declarations[0].id : loop.left;
  walk(loop.body, (node, path) => {
    const isDelete = node.type === "UnaryExpression" && node.operator === "delete";
    const target = isDelete ? node.argument : node.type === "AssignmentExpression" ? node.left : undefined;
    if (target?.type !== "MemberExpression" || !target.computed || !kinds.isSame(target.object, loop.right)) return;
    const { property } = target;
    const isOwnKey = property.type === "Identifier" && head.type === "Identifier" && property.name === head.name;
    if ((!isDelete && isOwnKey) || leavesBehind(path)) return;
    const what = "a key deleted or added in a for…in over its object";
    findings.push({ id: "for-in-changes", node, what, unsure: !(isDelete && isOwnKey) });
  });
  return findings;
}

/** The first call in a loop over a list that adds to it or removes from it, and after which the loop goes on. */
function changeOfList(body: AnyNode, list: AnyNode, methods: RegExp, kinds: Kinds): AnyNode | undefined {
  if (list.type !== "Identifier" && list.type !== "MemberExpression") return undefined;
  let found: AnyNode | undefined;
  walk(body, (node, path) => {
    if (!isMethodCall(node, methods) || !kinds.isSame(node.callee.object, list)) return;
    if (isFunction(body) || !leavesBehind(path)) found ??= node;
  });
  return found;
}

/** Whether the loop is left right behind a statement: a break or return stands in the same block, later. */
function leavesBehind(path: AnyNode[]): boolean {
  if (path.some((one) => one.type === "ReturnStatement")) return true;
  const at = path.findLastIndex((one) => one.type === "BlockStatement");
  const block = path[at];
  if (block?.type !== "BlockStatement") return false;
  const statement = path[at + 1];
  const later = statement ? block.body.slice(block.body.indexOf(statement as acorn.Statement) + 1) : block.body;
  return later.some(({ type }) => /^(Break|Return|Throw)Statement$/.test(type));
}

/** The first read of an object that starts empty and is written to by computed keys, with a key that nobody asked for. */
function unsureRead(declarator: acorn.VariableDeclarator, path: AnyNode[], kinds: Kinds): AnyNode | undefined {
  const { id, init } = declarator;
  const isHead = /^For(In|Of)?Statement$/.test(path[path.length - 2]?.type ?? "");
  if (id.type !== "Identifier" || init?.type !== "ObjectExpression" || init.properties.length > 0 || isHead)
    return undefined;
  let isWritten = false;
  let isAsked = false;
  let read: AnyNode | undefined;
  for (const use of kinds.usesOf(id)) {
    const member = use.path[use.path.length - 1];
    const around = use.path[use.path.length - 2];
    if (member.type === "ForInStatement" || (member.type === "CallExpression" && isKeysCall(member))) isAsked = true;
    if (member.type !== "MemberExpression" || member.object !== use.node) continue;
    if (memberName(member) === "hasOwnProperty") isAsked = true;
    if (!member.computed || isHarmlessKey(member.property as AnyNode, kinds)) continue;
    const isWrite = around?.type === "AssignmentExpression" && around.left === member;
    if (isWrite) isWritten = true;
    if (isWrite && around.operator === "=") continue;
    if (around?.type === "UnaryExpression" && around.operator === "delete") continue;
    read ??= member;
  }
  return isWritten && !isAsked && read !== undefined && !contains(init, read) ? read : undefined;
}

function isKeysCall(call: acorn.CallExpression): boolean {
  return isMethodCall(call, /^(keys|entries)$/);
}
