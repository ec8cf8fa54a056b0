/**
 * One form for named functions in the firmware: the declaration. Arrows are for callbacks that are passed at once, and for a
 * single expression. Biome's useConsistentFunctionStyle refuses these, and allows any constant that has a type.
 */
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/** Every `const f = (…) => {…}` and `const f = function () {…}` of the firmware. */
export function findFunctionsInConstants(file: SourceFile): Problem[] {
  if (!file.isCode || !file.path.startsWith("firmware/")) return [];
  const problems: Problem[] = [];
  file.walk((node) => {
    const value = node.type === "VariableDeclarator" ? node.init : undefined;
    if (/^(Arrow)?FunctionExpression$/.test(value?.type) && value.body.type === "BlockStatement") {
      const name = node.id.name;
      problems.push(file.problem(node.start, `${name} is a function in a constant`, `function ${name}(…) {…}`));
    }
  });
  return problems;
}
