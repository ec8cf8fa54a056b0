/** Numbers: what Espruino rounds, computes and reads from texts in another way than JavaScript. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, memberName, walk } from "../ast/walk.ts";
import { isMethodCall, isSplit, type Kinds, kindsIn } from "./kinds.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const NUMBER_RULES: DialectRule[] = [
  {
    id: "fixed-rounding",
    example: "(9.96).toFixed(1)",
    happens: 'gives "9.9": toFixed cuts digits off when rounding up changes the digits before them',
    instead: "round first: (Math.round(v * 10) / 10).toFixed(1), with 1 and a zero for each decimal",
    better: "(Math.round(9.96 * 10) / 10).toFixed(1)",
  },
  {
    id: "inexact-power",
    example: "Math.floor(Math.sqrt(25))",
    happens: "gives 4: Math.sqrt and Math.pow may end a little below the whole number that they should give",
    instead: "Math.round() around Math.sqrt() or Math.pow()",
    better: "Math.round(Math.sqrt(25))",
  },
  {
    id: "number-of-text",
    example: 'Number("1;23.5\\r".split(";")[1])',
    happens: "gives NaN: white space behind the number is an error, and the last part of a line often ends in \\r",
    instead: "Number(text.trim()); parseInt(text.trim(), 10) where the text may begin with 0, which makes it octal",
    better: 'Number("1;23.5\\r".split(";")[1].trim())',
  },
];

/** What goes wrong with numbers. */
export function findNumberTrouble(script: Script): Finding[] {
  const kinds = kindsIn(script);
  const findings: Finding[] = [];
  walk(script.program, (node, path) => {
    if (isMethodCall(node, /^toFixed$/) && !isRounded(node.callee.object, kinds)) {
      // A function of the program's own may have rounded it.
      const unsure =
        kinds.kindOf(node.callee.object) === "" && kinds.sourceOf(node.callee.object).type === "CallExpression";
      findings.push({
        id: "fixed-rounding",
        node,
        what: "toFixed() of a number that is not rounded: it may cut digits off",
        unsure,
      });
    }
    const name = powerName(node, kinds);
    if (name !== "" && needsExact(node, path, kinds)) {
      findings.push({
        id: "inexact-power",
        node,
        what: `Math.${name}() where a whole number is needed: it may end a little below`,
      });
    }
    const text = readText(node, kinds);
    if (text !== undefined && isCutText(text, kinds)) {
      findings.push({
        id: "number-of-text",
        node,
        what: "a number from a part of a text, which may end in white space",
        unsure: true,
      });
    }
  });
  return findings;
}

/** Whether a number has been rounded to some decimals already: `Math.round(…)`, also divided, or a whole number. */
function isRounded(given: AnyNode, kinds: Kinds, seen: AnyNode[] = []): boolean {
  const node = kinds.sourceOf(given);
  if (seen.includes(node)) return false;
  if (node.type === "Literal") return typeof node.value !== "number" || Number.isInteger(node.value);
  if (node.type === "BinaryExpression") {
    if (/^([&|^]|<<|>>>?)$/.test(node.operator)) return true;
    return node.operator === "/" && isRounded(node.left as AnyNode, kinds, [...seen, node]);
  }
  if (node.type === "MemberExpression") return memberName(node) === "length" || isByte(node, kinds);
  return isMethodCall(node, /^(round|floor|ceil)$/) && kinds.isGlobal(node.callee.object, "Math");
}

function isByte(node: acorn.MemberExpression, kinds: Kinds): boolean {
  const array = kinds.sourceOf(node.object);
  return array.type === "NewExpression" && array.callee.type === "Identifier" && /^U?[Ii]nt/.test(array.callee.name);
}

/**
 * "sqrt" or "pow" if a node calls it and the result may be inexact; else "". A whole exponent below 10 is multiplied out
 * (jswrap_math.c, jswrap_math_pow), and powers of 10 are exact up to 10^14 (run).
 */
function powerName(node: AnyNode, kinds: Kinds): string {
  if (!isMethodCall(node, /^(sqrt|pow)$/) || !kinds.isGlobal(node.callee.object, "Math")) return "";
  const [base, exponent] = node.arguments;
  if (base?.type === "Literal" && base.value === 10) return "";
  if (exponent?.type === "Literal" && /^[0-9]$/.test(String(exponent.value))) return "";
  return memberName(node.callee);
}

/** Whether an error of a last digit in a number changes what is made of it, also by way of one variable. */
function needsExact(node: AnyNode, path: AnyNode[], kinds: Kinds, isVariable = false): boolean {
  let inner = node;
  for (const outer of path.toReversed()) {
    if (outer.type === "VariableDeclarator") return !isVariable && isUsedExactly(outer, kinds);
    if (outer.type === "UnaryExpression" && outer.operator === "~") return true;
    if (outer.type === "BinaryExpression") {
      if (/^([&|^%]|<<|>>>?|[!=]==?)$/.test(outer.operator)) return true;
      if (!/^[-+*/]$/.test(outer.operator) || hasMargin(outer)) return false;
    } else if (outer.type === "CallExpression" || outer.type === "NewExpression") {
      return inner !== outer.callee && takesWhole(outer, kinds);
    } else if (outer.type === "MemberExpression") {
      return outer.computed && outer.property === inner;
    } else if (outer.type !== "UnaryExpression" || outer.operator !== "-") {
      return false;
    }
    inner = outer;
  }
  return false;
}

/** `x + 0.5` and `x + 1e-9`: whoever adds a fraction has thought of the error. */
function hasMargin({ operator, left, right }: acorn.BinaryExpression): boolean {
  return /^[-+]$/.test(operator) && [left, right].some((one) => one.type === "Literal" && Number(one.value) % 1 !== 0);
}

/** Whether a call needs a whole number. */
function takesWhole(call: acorn.CallExpression | acorn.NewExpression, kinds: Kinds): boolean {
  const { callee } = call;
  if (call.type === "NewExpression")
    return callee.type === "Identifier" && /^(\w*Array|ArrayBuffer)$/.test(callee.name);
  if (isMethodCall(call, /^repeat$/)) return true;
  return isMethodCall(call, /^(floor|ceil)$/) && kinds.isGlobal(call.callee.object, "Math");
}

/** Whether a variable for the result is cut by floor, ceil or a bit operation somewhere. */
function isUsedExactly({ id }: acorn.VariableDeclarator, kinds: Kinds): boolean {
  return kinds
    .usesOf(id)
    .some(({ node, path }) => kinds.sourceOf(node) !== node && needsExact(node, path, kinds, true));
}

/** The argument of what makes a number of a text: `Number(…)`, `+…`, `isNaN(…)`, `….map(Number)`. */
function readText(node: AnyNode, kinds: Kinds): AnyNode | undefined {
  if (node.type === "UnaryExpression" && node.operator === "+") return node.argument;
  if (node.type !== "CallExpression") return undefined;
  const { callee } = node;
  const [first] = node.arguments;
  if (first === undefined) return undefined;
  if (kinds.isGlobal(callee as AnyNode, "Number") || kinds.isGlobal(callee as AnyNode, "isNaN")) return first;
  return isMethodCall(node, /^map$/) && kinds.isGlobal(first, "Number") ? node.callee.object : undefined;
}

/** Whether a text was cut out of another one, so that white space may be left at its end. */
function isCutText(given: AnyNode, kinds: Kinds): boolean {
  const node = kinds.sourceOf(given);
  if (isMethodCall(node, /^split$/)) return true;
  if (isMethodCall(node, /^replace(All)?$/)) return !isMethodCall(kinds.sourceOf(node.callee.object), /^trim$/);
  // With an end it is a field of fixed width.
  if (isMethodCall(node, /^(substr|substring|slice)$/)) {
    return node.arguments.length === 1 && (memberName(node.callee) !== "slice" || kinds.kindOf(node) === "text");
  }
  if (node.type === "MemberExpression") {
    // White space at the end of a line is not in its first part.
    const isFirst = node.property.type === "Literal" && node.property.value === 0;
    return node.computed && !isFirst && isSplit(kinds.sourceOf(node.object));
  }
  const loop = kinds.bindingOf(node)?.loop;
  return loop?.type === "ForOfStatement" && isSplit(kinds.sourceOf(loop.right));
}
