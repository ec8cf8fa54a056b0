/** JSON, dates and errors: tests that always give the same answer in Espruino, and arguments that it ignores. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, memberName, walk } from "../ast/walk.ts";
import { isMethodCall, type Kinds, kindsIn } from "./kinds.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const VALUE_RULES: DialectRule[] = [
  {
    id: "json-filter",
    example: 'JSON.stringify({ a: 1, b: 2 }, ["a"])',
    happens: "ignores the function or list that JSON.stringify and JSON.parse take to choose and change members",
    instead: "make the object that is to be written",
    better: "JSON.stringify({ a: 1 })",
  },
  {
    id: "date-nan",
    example: 'isNaN(Date.parse("soon"))',
    happens: "gives false: the time of a text that is no date is 0, not NaN",
    instead: "compare the time with 0: Date.parse(text) > 0",
    better: '(function (text) { return Date.parse(text) > 0; })("soon")',
  },
  {
    id: "date-as-number",
    example: "isNaN(new Date(5))",
    happens: "gives true: Number(), isNaN(), isFinite() and Math take a date for NaN",
    instead: "date.getTime()",
    better: "isNaN(new Date(5).getTime())",
  },
  {
    id: "date-text",
    example: 'Date.parse("2024-01-01 10:00")',
    happens:
      "leaves the time of day out, gives 0 for forms other than those below, and carries days beyond a month's end",
    instead: '"2024-01-01", "2024-01-01T10:00:00Z" or "Mon, 01 Jan 2024 10:00:00 GMT"',
    better: 'Date.parse("2024-01-01T10:00:00Z")',
  },
  {
    id: "error-class",
    example: 'new TypeError("x") instanceof Error',
    happens:
      "gives false: TypeError and the others don't extend Error, and what the interpreter throws itself is often an Error",
    instead: 'typeof e === "object", or a test of e.message',
    better: 'typeof new TypeError("x") === "object"',
  },
  {
    id: "error-name",
    example: '(function () { try { throw new Error("x"); } catch (e) { return e.name; } })()',
    happens: "gives undefined: Espruino's errors have no name",
    instead: "String(e), which begins with the name; a name that the program sets itself is there",
    better: '(function () { try { throw new Error("x"); } catch (e) { return String(e); } })()',
  },
];

/** What goes wrong with JSON, dates and errors. */
export function findValueTrouble(script: Script): Finding[] {
  const kinds = kindsIn(script);
  const findings: Finding[] = [];
  walk(script.program, (node, path) => {
    const add = (id: string, what: string) => findings.push({ id, node, what });
    if (isFilteredJson(node, kinds))
      add("json-filter", "JSON with a function or a list as second argument, which Espruino ignores");
    if (isNanOfDate(node, kinds))
      add("date-nan", "a date from a text tested for NaN: it is 0 where the text is no date");
    if (isDateAsNumber(node, kinds)) add("date-as-number", "a date as a number: it is NaN");
    const text = dateText(node, kinds);
    if (text !== undefined && !isReadDate(text))
      add("date-text", `the date ${JSON.stringify(text)}, which Espruino reads otherwise`);
    if (node.type === "BinaryExpression" && node.operator === "instanceof") {
      const name = ["Error", "TypeError"].find((one) => kinds.isGlobal(node.right, one));
      if (name !== undefined) add("error-class", `instanceof ${name}, which is false for many errors`);
    }
    if (node.type === "MemberExpression" && memberName(node) === "name" && isUnchecked(node, path, kinds)) {
      findings.push({
        id: "error-name",
        node,
        what: "the name of an error, which Espruino's own errors don't have",
        unsure: true,
      });
    }
  });
  return findings;
}

function isFilteredJson(node: AnyNode, kinds: Kinds): boolean {
  if (!isMethodCall(node, /^(stringify|parse)$/) || !kinds.isGlobal(node.callee.object, "JSON")) return false;
  const second = node.arguments[1];
  return second !== undefined && /^(function|list)$/.test(kinds.kindOf(second));
}

/** Whether a node is `isNaN(…)` or `isFinite(…)` of a time that was read from a text. */
function isNanOfDate(node: AnyNode, kinds: Kinds): boolean {
  if (node.type !== "CallExpression" || node.arguments.length !== 1) return false;
  const callee = node.callee as AnyNode;
  if (!kinds.isGlobal(callee, "isNaN") && !kinds.isGlobal(callee, "isFinite")) return false;
  const tested = kinds.sourceOf(node.arguments[0]);
  if (isMethodCall(tested, /^parse$/)) return kinds.isGlobal(tested.callee.object, "Date");
  if (!isMethodCall(tested, /^(getTime|valueOf)$/)) return false;
  const date = kinds.sourceOf(tested.callee.object);
  return date.type === "NewExpression" && kinds.kindOf(date) === "date" && isTextual(date.arguments[0], kinds);
}

/** Whether a function that makes a number of its argument is given a date. */
function isDateAsNumber(node: AnyNode, kinds: Kinds): boolean {
  if (node.type !== "CallExpression" || !node.arguments.some((one) => kinds.kindOf(one) === "date")) return false;
  if (node.callee.type === "MemberExpression") return kinds.isGlobal(node.callee.object, "Math");
  return ["Number", "isNaN", "isFinite"].some((name) => kinds.isGlobal(node.callee as AnyNode, name));
}

/** Whether `new Date(argument)` may read a text: not without an argument, nor with a number. */
function isTextual(argument: AnyNode | undefined, kinds: Kinds): boolean {
  return argument !== undefined && kinds.kindOf(argument) !== "number";
}

/** The text of `Date.parse("…")` or `new Date("…")`. */
function dateText(node: AnyNode, kinds: Kinds): string | undefined {
  const isParse = isMethodCall(node, /^parse$/) && kinds.isGlobal(node.callee.object, "Date");
  const isNew =
    node.type === "NewExpression" && kinds.isGlobal(node.callee as AnyNode, "Date") && node.arguments.length === 1;
  if (!isParse && !isNew) return undefined;
  const text = node.arguments[0] && kinds.sourceOf(node.arguments[0]);
  return text?.type === "Literal" && typeof text.value === "string" ? text.value : undefined;
}

/** Whether Espruino reads a date as JavaScript does (jswrap_date.c, jswrap_date_parse; run). */
function isReadDate(text: string): boolean {
  if (Number.isNaN(Date.parse(text))) return false;
  return (
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?)?$/.test(text) ||
    /^(\w{3}, )?\d\d? \w{3} \d{4} \d\d:\d\d:\d\d (GMT|Z)$/.test(text) ||
    /^\w{3} \d\d?, \d{4}$/.test(text)
  );
}

/** Whether a member is read of what a catch clause caught, which may be an Error. */
function isUnchecked({ object }: acorn.MemberExpression, path: AnyNode[], kinds: Kinds): boolean {
  const parent = path[path.length - 1];
  const isSet =
    parent.type === "AssignmentExpression" && parent.left.type === "MemberExpression" && parent.left.object === object;
  return !isSet && kinds.bindingOf(object)?.kind === "catch";
}
