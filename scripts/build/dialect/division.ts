import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, memberName, walk } from "../ast/walk.ts";
import { KEYWORDS, VALUES } from "./keywords.ts";

/** The left sides of divisions whose slash Espruino takes for the beginning of a regular expression (src/jslex.c of 2v29). */
export function slashesReadAsRegex({ program, code }: Script): AnyNode[] {
  const found: AnyNode[] = [];
  walk(program, (node) => {
    const isDivision =
      (node.type === "BinaryExpression" && node.operator === "/") ||
      (node.type === "AssignmentExpression" && node.operator === "/=");
    if (isDivision && endsLikeOperator(node.left, code, node.right.start)) found.push(node.left);
  });
  return found;
}

/** Whether the last word or sign of an expression is one behind which a regular expression can stand. */
function endsLikeOperator(node: AnyNode, code: string, until: number): boolean {
  if (code[node.end - 1] === ")" || /^\s*\)/.test(code.slice(node.end, until))) return false;
  switch (node.type) {
    case "UpdateExpression":
      return !node.prefix || endsLikeOperator(node.argument, code, until);
    case "UnaryExpression":
      return endsLikeOperator(node.argument, code, until);
    case "BinaryExpression":
      return endsLikeOperator(node.right, code, until);
    case "ThisExpression":
      return true;
    case "MemberExpression":
      return KEYWORDS.has(memberName(node)) && !VALUES.has(memberName(node));
    default:
      return false;
  }
}
