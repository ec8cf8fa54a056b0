/** How long a function may be. Biome's noExcessiveLinesPerFunction has one limit for all, and none for factories. */
import { childrenOf, isFunction, type Node } from "../build/ast/scopes.ts";
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/** Lines between the braces, comments and inner functions included. */
const FUNCTION_LINES_MAX = 70;
/**
 * A factory makes functions that share a state: it declares them, or returns an object of them. The lines outside these
 * functions are limited as those of any function.
 */
const FACTORY_LINES_MAX = 150;

/** Every function that is longer than its kind may be. */
export function findLongFunctions(file: SourceFile): Problem[] {
  if (!file.isCode) return [];
  const problems: Problem[] = [];
  file.walk((node, parent) => {
    const complaint = isFunction(node) && node.body ? complaintAbout(file, node, parent) : undefined;
    if (complaint !== undefined) problems.push(file.problem(node.start, complaint, "functions that each do one thing"));
  });
  return problems;
}

function complaintAbout(file: SourceFile, node: Node, parent: Node): string | undefined {
  const lines = linesOf(file, node);
  if (lines <= FUNCTION_LINES_MAX) return undefined;
  const name = nameOf(node, parent);
  if (file.path.startsWith("host-tests/") && isSuite(node, parent)) {
    // The list has no limit, each of its tests has.
    const own = lines - linesWithin(file, outermostFunctions(node.body));
    return own <= FUNCTION_LINES_MAX
      ? undefined
      : `${name} has ${own} lines beside its tests, the limit is ${FUNCTION_LINES_MAX}`;
  }
  const made = functionsMadeBy(node);
  if (made.length === 0) return `${name} has ${lines} lines, the limit is ${FUNCTION_LINES_MAX}`;
  if (lines > FACTORY_LINES_MAX) return `${name} has ${lines} lines, the limit of a factory is ${FACTORY_LINES_MAX}`;
  const own = lines - linesWithin(file, made);
  if (own <= FUNCTION_LINES_MAX) return undefined;
  return `${name} has ${own} lines beside the functions it makes, the limit is ${FUNCTION_LINES_MAX}`;
}

function linesOf(file: SourceFile, node: Node): number {
  const lines = file.lineAt(node.body.end) - file.lineAt(node.body.start);
  return node.body.type === "BlockStatement" ? Math.max(lines - 1, 0) : lines + 1;
}

/** Lines that these functions take as a whole, signature and braces included. */
function linesWithin(file: SourceFile, functions: Node[]): number {
  return functions.reduce((sum, one) => sum + file.lineAt(one.end) - file.lineAt(one.start) + 1, 0);
}

/** The functions that the statements of a body declare, assign, return or put into an object. */
function functionsMadeBy(node: Node): Node[] {
  if (node.body.type !== "BlockStatement") return functionsIn(node.body);
  return node.body.body.flatMap((statement: Node) => {
    switch (statement.type) {
      case "FunctionDeclaration":
        return [statement];
      case "VariableDeclaration":
        return statement.declarations.flatMap((one: Node) => functionsIn(one.init));
      case "ExpressionStatement":
        return statement.expression.type === "AssignmentExpression" ? functionsIn(statement.expression.right) : [];
      case "ReturnStatement":
        return functionsIn(statement.argument);
      default:
        return [];
    }
  });
}

/** A function itself, or the members of an object that are functions. */
function functionsIn(value: Node | null | undefined): Node[] {
  if (!value) return [];
  if (isFunction(value)) return [value];
  if (/^TS(As|Satisfies)Expression$/.test(value.type)) return functionsIn(value.expression);
  if (value.type !== "ObjectExpression") return [];
  return value.properties.flatMap((one: Node) => (one.type === "Property" ? functionsIn(one.value) : []));
}

function outermostFunctions(node: Node): Node[] {
  return childrenOf(node).flatMap((child) => (isFunction(child) ? [child] : outermostFunctions(child)));
}

/** Whether a function is handed to `describe(…)`, `describe.each(…)(…)`, `suite(…)` and their like. */
function isSuite(node: Node, parent: Node): boolean {
  if (parent.type !== "CallExpression" || !parent.arguments.includes(node)) return false;
  let callee = parent.callee;
  while (callee.type !== "Identifier") {
    callee = callee.callee ?? callee.object;
    if (!callee) return false;
  }
  return /^(describe|suite)/.test(callee.name);
}

/** How a complaint calls a function: its own name, or the name that it is given, or who receives it. */
export function nameOf(node: Node, parent: Node): string {
  const isNamedByParent = /^(VariableDeclarator|TSTypeAliasDeclaration)$/.test(parent.type);
  const id = node.id ?? node.key ?? (isNamedByParent ? parent.id : parent.key);
  if (id?.name) return id.name;
  const callee = parent.type === "CallExpression" ? (parent.callee.property ?? parent.callee) : undefined;
  return callee?.name ? `a function handed to ${callee.name}` : "a function";
}
