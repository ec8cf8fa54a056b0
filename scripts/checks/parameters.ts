/**
 * How many arguments a function takes by position. More are hard to tell apart: then one object names them. Biome's
 * useMaxParams leaves out members of interfaces, which our ports are, and calls.
 */
import type { Node } from "../build/ast/scopes.ts";
import type { Problem } from "../build/bundle.ts";
import { nameOf } from "./function-size.ts";
import type { SourceFile } from "./source-file.ts";

const POSITIONS_MAX = 5;

/** Functions that take any number of similar things, and Date.UTC, which takes seven. */
const TAKES_MORE =
  /^(assign|asyncProperty|concat|constantFrom|error|fromCharCode|join|log|max|min|of|oneof|print|property|push|resolve|tuple|unshift|UTC)$/;

/** Every signature and every call with too many positions: of functions, methods, constructors and their types. */
export function findManyParameters(file: SourceFile): Problem[] {
  if (!file.isCode) return [];
  const problems: Problem[] = [];
  const complain = (node: Node, text: string) =>
    problems.push(
      file.problem(node.start, `${text}, the limit is ${POSITIONS_MAX}`, "one object with named properties"),
    );
  file.walk((node, parent) => {
    // `this` says what a function is called on.
    const count = node.params?.filter?.((one: Node) => one.name !== "this").length ?? 0;
    // The receiver of a callback decides on its positions.
    const isHandedOver = parent.type === "CallExpression" && parent.arguments.includes(node);
    if (count > POSITIONS_MAX && !isHandedOver && !node.type.startsWith("TSTypeParameter")) {
      complain(node, `${nameOf(node, parent)} takes ${count} arguments`);
    }
    if ((node.type === "CallExpression" || node.type === "NewExpression") && node.arguments.length > POSITIONS_MAX) {
      const name = node.callee.property?.name ?? node.callee.name ?? "a function";
      if (!TAKES_MORE.test(name)) complain(node, `${name} is given ${node.arguments.length} arguments`);
    }
  });
  return problems;
}
