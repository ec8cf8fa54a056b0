import { relative, resolve } from "node:path";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import * as acorn from "acorn";
import { isFunction, type Node, type Reference, resolveNames } from "../ast/scopes.ts";
import { type BundleOptions, bundleWithMap, type Problem, ROOT } from "../bundle.ts";
import { CALLS_AT_ONCE, GLOBALS, PIN_NAME, STATIC_MEMBERS } from "./library.ts";
import { findEarlyUses, findLoopClosures } from "./load-order.ts";
import { ruleOf } from "./rules.ts";
import { type Finding, findSyntax } from "./syntax.ts";

export { type DialectRule, RULES } from "./rules.ts";

/** What Espruino would misread in a script, in the order of the text. Throws SyntaxError when it is no JavaScript. */
export function findMisread(code: string): Finding[] {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  const references = resolveNames(program);
  const findings = findSyntax(program, code).concat(findMisreadNames(references, /\blength:/.test(code)));
  for (const use of findEarlyUses(references)) {
    const what = use.through === "" ? `${use.name} is used` : `${use.through} is called, which needs ${use.name},`;
    findings.push({ id: "hoisting", node: use.node, what: `${what} before its declaration has run` });
  }
  for (const use of findLoopClosures(references, CALLS_AT_ONCE)) {
    const node = use.node as unknown as Node;
    findings.push({
      id: "loop-closure",
      node: node,
      what: `a function made in the loop keeps its variable ${node.name}`,
    });
  }
  const declarations = new Map<Node, Finding>();
  for (const { binding } of references) {
    if (binding?.name === "of") {
      declarations.set(binding.node, { id: "of-as-name", node: binding.node, what: "a variable called of" });
    }
  }
  return findings.concat([...declarations.values()]).sort((a, b) => a.node.start - b.node.start);
}

function findMisreadNames(references: Reference[], someLengthIsOwn: boolean): Finding[] {
  const findings: Finding[] = [];
  for (const use of references) {
    const node = use.node as unknown as Node;
    const parent = use.path[use.path.length - 1];
    if (node.name === "arguments" && use.binding === undefined && nearestFunctionIsArrow(use.path)) {
      findings.push({ id: "arguments-in-arrow", node: node, what: "arguments in an arrow function" });
    }
    // An object literal may have a length of its own, and may be what an argument stands for.
    const isObject =
      use.binding?.init?.type === "ObjectExpression" || (someLengthIsOwn && use.binding?.kind === "param");
    if (setsLength(use.path, node) && !isObject) {
      findings.push({ id: "array-length", node: node, what: "assignment to an array's length" });
    }
    if (use.binding !== undefined) continue;
    const members = STATIC_MEMBERS[node.name];
    if (members !== undefined && parent.type === "MemberExpression" && parent.object === node && !parent.computed) {
      const member = parent.property.name;
      if (!members.has(member)) findings.push({ id: "missing-member", node: parent, what: `${node.name}.${member}` });
    }
    const isGuarded = parent.type === "UnaryExpression" && parent.operator === "typeof";
    if (!GLOBALS.has(node.name) && !PIN_NAME.test(node.name) && !isGuarded) {
      findings.push({ id: "missing-global", node: node, what: `${node.name}, which Espruino lacks` });
    }
  }
  return findings;
}

/** Whether `name.length` is assigned to. */
function setsLength(path: Node[], name: Node): boolean {
  const member = path[path.length - 1];
  const around = path[path.length - 2];
  if (member.type !== "MemberExpression" || member.object !== name || member.computed) return false;
  if (member.property.name !== "length" || around === undefined) return false;
  return around.type === "UpdateExpression" || (around.type === "AssignmentExpression" && around.left === member);
}

function nearestFunctionIsArrow(path: Node[]): boolean {
  return path.filter(isFunction).pop()?.type === "ArrowFunctionExpression";
}

/**
 * Checks the program twice: as it was written (all syntax still there, names as in the source) and as it will be flashed
 * (what the minifier makes of it). Each finding is told once, with file and line of the TypeScript. `strict` also refuses what
 * esbuild rewrites well. Throws BundleError like `bundleFirmware`.
 */
export async function checkDialect(options: BundleOptions = {}, strict = false): Promise<Problem[]> {
  const problems = new Map<string, Problem>();
  for (const lowered of [false, true]) {
    const { code, map } = await bundleWithMap(options, lowered);
    const trace = new TraceMap(map);
    for (const finding of findMisread(code)) {
      const rule = ruleOf(finding.id);
      if (rule.lowered && !strict && !lowered) continue;
      const at = acorn.getLineInfo(code, finding.node.start);
      const origin = originalPositionFor(trace, { line: at.line, column: at.column });
      const file = origin.source === null ? "dist/firmware.js" : relative(ROOT, resolve(ROOT, "dist", origin.source));
      const line = origin.line ?? at.line;
      const key = `${file}:${line}:${finding.id}`;
      if (problems.has(key)) continue;
      const column = (origin.column ?? at.column) + 1;
      problems.set(key, { file, line, column, text: finding.what, instead: rule.instead });
    }
  }
  return [...problems.values()];
}
