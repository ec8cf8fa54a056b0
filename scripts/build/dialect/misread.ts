import type { Script } from "../ast/parsed-script.ts";
import type { Reference } from "../ast/scopes.ts";
import { type AnyNode, isFunction, memberName } from "../ast/walk.ts";
import { findArrayTrouble } from "./arrays.ts";
import { findClassTrouble } from "./classes.ts";
import { findDictionaryTrouble } from "./dictionaries.ts";
import { findEvaluation } from "./evaluation.ts";
import { GLOBALS, PIN_NAME, STATIC_MEMBERS } from "./library.ts";
import { findEarlyUses } from "./load-order.ts";
import { findLoopClosures } from "./loop-closures.ts";
import { findNumberTrouble } from "./numbers.ts";
import { findRegexTrouble } from "./regular-expressions.ts";
import { type Finding, findSyntax } from "./syntax.ts";
import { findTextTrouble } from "./texts.ts";
import { findValueTrouble } from "./values.ts";

/** What Espruino would misread in a script, in the order of the text. Throws SyntaxError if it is not JavaScript. */
export function findMisread(script: Script): Finding[] {
  const { references } = script;
  const findings = findSyntax(script).concat(findMisreadNames(references, /\blength:/.test(script.code)));
  findings.push(...findNumberTrouble(script), ...findTextTrouble(script), ...findDictionaryTrouble(script));
  findings.push(...findArrayTrouble(script), ...findValueTrouble(script));
  for (const { node, name, through } of findEarlyUses(references)) {
    const what = through === "" ? `${name} is used` : `${through} is called, which needs ${name},`;
    findings.push({ id: "hoisting", node, what: `${what} before its declaration has run` });
  }
  for (const { node } of findLoopClosures(references)) {
    findings.push({ id: "loop-closure", node, what: `a function made in the loop keeps its variable ${node.name}` });
  }
  const namedOf = references.flatMap(({ binding }) => (binding?.name === "of" ? [binding.node] : []));
  for (const node of new Set(namedOf)) findings.push({ id: "of-as-name", node, what: "a variable called of" });
  findings.push(...findRegexTrouble(script), ...findClassTrouble(script), ...findEvaluation(script));
  return findings.sort((a, b) => a.node.start - b.node.start);
}

function findMisreadNames(references: Reference[], someLengthIsOwn: boolean): Finding[] {
  const findings: Finding[] = [];
  for (const use of references) {
    const { node, binding, path } = use;
    if (setsLength(path, node) && !mayHaveOwnLength(use, someLengthIsOwn)) {
      findings.push({ id: "array-length", node, what: "assignment to an array's length" });
    }
    if (binding === undefined) findings.push(...findMisreadGlobal(node.name, node, path));
  }
  return findings;
}

function findMisreadGlobal(name: string, node: AnyNode, path: AnyNode[]): Finding[] {
  const findings: Finding[] = [];
  const parent = path[path.length - 1];
  if (name === "arguments" && path.findLast(isFunction)?.type === "ArrowFunctionExpression") {
    findings.push({ id: "arguments-in-arrow", node, what: "arguments in an arrow function" });
  }
  const members = STATIC_MEMBERS[name];
  if (members !== undefined && parent.type === "MemberExpression" && parent.object === node && !parent.computed) {
    const member = memberName(parent);
    if (!members.has(member)) findings.push({ id: "missing-member", node: parent, what: `${name}.${member}` });
  }
  const isGuarded = parent.type === "UnaryExpression" && parent.operator === "typeof";
  if (!GLOBALS.has(name) && !PIN_NAME.test(name) && !isGuarded) {
    findings.push({ id: "missing-global", node, what: `${name}, which Espruino lacks` });
  }
  return findings;
}

/** An object literal may have a length of its own, and an argument may be such an object. */
function mayHaveOwnLength({ binding }: Reference, someLengthIsOwn: boolean): boolean {
  return binding?.init?.type === "ObjectExpression" || (someLengthIsOwn && binding?.kind === "param");
}

/** Whether `name.length` is assigned to. */
function setsLength(path: AnyNode[], name: AnyNode): boolean {
  const member = path[path.length - 1];
  const around = path[path.length - 2];
  if (member.type !== "MemberExpression" || member.object !== name || memberName(member) !== "length") return false;
  if (around === undefined) return false;
  return around.type === "UpdateExpression" || (around.type === "AssignmentExpression" && around.left === member);
}
