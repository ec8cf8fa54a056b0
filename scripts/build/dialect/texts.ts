/** Texts: methods whose arguments Espruino ignores or takes for something else, and places that a text doesn't have. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, isFunction, walk } from "../ast/walk.ts";
import { isMethodCall, type Kinds, kindsIn } from "./kinds.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const TEXT_RULES: DialectRule[] = [
  {
    id: "replace-function",
    example: '"a-b".replace("-", function () { return "+"; })',
    happens: "puts the function's source into the text; a function works only with a regular expression",
    instead: 'a regular expression (replace(/-/g, …)), or split("-") and join()',
    better: '"a-b".replace(/-/, function () { return "+"; })',
  },
  {
    id: "split-limit",
    example: '"a,b,c".split(",", 2).length',
    happens: "gives 3: the limit is ignored",
    instead: 'split(",").slice(0, 2)',
    better: '"a,b,c".split(",").slice(0, 2).length',
  },
  {
    id: "negative-index",
    example: '"abc"[-1] === undefined',
    happens:
      'throws Error: Field or method "-1" does not already exist; so does a typed array, for reading and for writing',
    instead: "text[text.length - 1] for the last one, or a test that the index is not below 0",
    better: '"abc"["abc".length - 1]',
  },
];

/** What goes wrong with texts. */
export function findTextTrouble(script: Script): Finding[] {
  const kinds = kindsIn(script);
  const findings: Finding[] = [];
  walk(script.program, (node, path) => {
    if (node.type === "MemberExpression") {
      const what = negativeIndex(node, path, kinds);
      // An object of another kind may have a member called -1.
      if (what !== "") findings.push({ id: "negative-index", node, what, unsure: kinds.kindOf(node.object) === "" });
    }
    if (node.type !== "CallExpression") return;
    const [first, second] = node.arguments;
    if (isMethodCall(node, /^replace(All)?$/) && second !== undefined && kinds.kindOf(second) === "function") {
      const pattern = kinds.kindOf(first);
      const what = "replace() of a text with a function: it inserts the function's own text";
      if (pattern !== "regex") findings.push({ id: "replace-function", node, what, unsure: pattern !== "text" });
    }
    if (isMethodCall(node, /^split$/) && node.arguments.length === 2) {
      const limit = kinds.kindOf(second);
      const what = "split() with a limit, which Espruino ignores";
      if (limit === "number" || limit === "") findings.push({ id: "split-limit", node, what, unsure: limit === "" });
    }
  });
  return findings;
}

/** What is wrong with an index, or "". A list may be read below 0; a text and a typed array throw. */
function negativeIndex(node: acorn.MemberExpression, path: AnyNode[], kinds: Kinds): string {
  if (!node.computed || node.property.type === "PrivateIdentifier") return "";
  const kind = kinds.kindOf(node.object);
  const index = kinds.sourceOf(node.property);
  const isNegative =
    index.type === "UnaryExpression" && index.operator === "-" && kinds.kindOf(index.argument) === "number";
  // A list gives undefined, as in JavaScript (run).
  if (isNegative && index.argument.type === "Literal")
    return /^(list|object)$/.test(kind) ? "" : "a negative index, which throws in a text or a typed array";
  const isFlat = kind === "text" || kind === "bytes";
  return isFlat && startsBelowZero(node.property, path, kinds)
    ? "an index that is negative in the loop's first round, which throws"
    : "";
}

/** Whether an index is `i - 1` in a loop that starts with i = 0, and nothing around it asks for i. */
function startsBelowZero(index: AnyNode, path: AnyNode[], kinds: Kinds): boolean {
  if (index.type !== "BinaryExpression" || index.operator !== "-") return false;
  const { left, right } = index;
  if (right.type !== "Literal" || !(Number(right.value) > 0) || left.type === "PrivateIdentifier") return false;
  const binding = kinds.bindingOf(left);
  if (binding?.loop?.type !== "ForStatement" || binding.init?.type !== "Literal" || binding.init.value !== 0)
    return false;
  const inside = path.slice(path.indexOf(binding.loop) + 1);
  return (
    inside.every((one) => !isFunction(one) && !/^(If|Conditional|Logical|While|For|Switch|Try)/.test(one.type)) &&
    !mayLeave(binding.loop)
  );
}

/** Whether a loop's body may skip the rest of a round. */
function mayLeave(loop: acorn.ForStatement): boolean {
  let leaves = false;
  walk(loop.body, (node) => {
    if (/^(Continue|Break|Return|Throw)Statement$/.test(node.type)) leaves = true;
  });
  return leaves;
}
