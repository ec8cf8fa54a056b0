/** Expressions that Espruino evaluates at another moment than JavaScript, or cuts at another place. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, memberName, walk } from "../ast/walk.ts";
import { slashesReadAsRegex } from "./division.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const EVALUATION_RULES: DialectRule[] = [
  {
    id: "case-call",
    example:
      "(function () { var n = 0; function f(v) { n++; return v; } switch (1) { case f(1): break; case f(2): break; } return n; })()",
    happens: "gives 2: what stands after case is evaluated behind the case that matched too",
    instead: "if and else if",
    better:
      "(function () { var n = 0; function f(v) { n++; return v; } if (f(1) === 1) n += 0; else if (f(2) === 1) n += 5; return n; })()",
  },
  {
    id: "getter-throws",
    example:
      '(function () { var o = { get x() { throw "e"; } }; try { JSON.stringify(o); return 1; } catch (e) { return 2; } })()',
    happens: "gives 1: JSON.stringify swallows what a getter throws",
    instead: "a method",
    better: '(function () { var o = { x() { throw "e"; } }; try { o.x(); return 1; } catch (e) { return 2; } })()',
  },
  {
    id: "getter-statement",
    example: "(function () { var n = 0; var o = { get x() { n++; return 1; } }; o.x; return n; })()",
    happens: "gives 0: a getter whose value nobody uses is not called",
    instead: "a method",
    better: "(function () { var n = 0; var o = { x() { n++; return 1; } }; o.x(); return n; })()",
  },
  {
    id: "division",
    example: "(function () { var i = 4; return i++ / 2; })()",
    happens:
      "throws SyntaxError: a slash behind ++, --, this or a member named by a keyword begins a regular expression. The build writes (i++) / 2",
    instead: "parentheses: (i++) / 2",
    better: "(function () { var i = 4; return (i++) / 2; })()",
    mended: true,
  },
  {
    id: "template-brace",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
    example: '(function () { return `${"}"}`; })()',
    happens: "ends an expression at the first brace, also in a text; behind an escaped $ and a brace it finds no end",
    instead: "a variable with the text, or + in place of the template",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
    better: '(function () { var a = "}"; return `${a}`; })()',
  },
];

/** What is wrong with the order and the extent of expressions. */
export function findEvaluation(script: Script): Finding[] {
  const { program, code } = script;
  const findings: Finding[] = [];
  const getters = new Set<string>();
  const unused: acorn.MemberExpression[] = [];
  walk(program, (node) => {
    const add = (id: string, at: AnyNode, what: string) => findings.push({ id, node: at, what });
    if (node.type === "SwitchStatement") {
      const call = node.cases.map(({ test }) => test && effectIn(test)).find((one) => one);
      if (call) add("case-call", call, "a call after case");
    }
    if ((node.type === "Property" || node.type === "MethodDefinition") && node.kind === "get") {
      getters.add(memberName(node));
      if (throwsIn(node.value)) add("getter-throws", node, `a getter that throws`);
    }
    if (node.type === "ExpressionStatement") unused.push(...unusedMembers(node.expression));
    if (node.type === "TemplateLiteral" && hasLostBrace(node, code)) {
      add("template-brace", node, "a brace in a text of a template, or \\${");
    }
  });
  for (const node of slashesReadAsRegex(script))
    findings.push({ id: "division", node, what: "a division behind ++, -- or a keyword" });
  for (const node of unused) {
    if (getters.has(memberName(node))) {
      findings.push({ id: "getter-statement", node, what: `the getter ${memberName(node)} as a statement` });
    }
  }
  return findings;
}

/** The first call, assignment or count in an expression. */
function effectIn(expression: AnyNode): AnyNode | undefined {
  let found: AnyNode | undefined;
  walk(expression, (node) => {
    if (/^(Call|New|Assignment|Update)Expression$/.test(node.type)) found ??= node;
    return found === undefined && !/Function/.test(node.type);
  });
  return found;
}

function throwsIn(getter: AnyNode): boolean {
  let found = false;
  walk(getter, (node) => {
    if (node.type === "ThrowStatement") found = true;
    return node === getter || !/Function|TryStatement/.test(node.type);
  });
  return found;
}

/** Members that an expression names and whose value it drops. */
function unusedMembers(expression: AnyNode): acorn.MemberExpression[] {
  if (expression.type === "MemberExpression") return [expression];
  if (expression.type === "UnaryExpression" && expression.operator === "void")
    return unusedMembers(expression.argument);
  return expression.type === "SequenceExpression" ? expression.expressions.flatMap(unusedMembers) : [];
}

/** Whether Espruino finds another end of a `${…}` than JavaScript: it counts braces without reading what they stand in. */
function hasLostBrace({ quasis, expressions }: acorn.TemplateLiteral, code: string): boolean {
  if (quasis.some(({ value }) => /\\\$\{|\$\\\{/.test(value.raw))) return true;
  return quasis.slice(1).some((quasi, i) => {
    const text = code.slice(expressions[i].start, quasi.start);
    let depth = 0;
    for (let at = 0; at < text.length; at++) {
      if (text[at] === "{") depth++;
      if (text[at] === "}" && --depth < 0) return at < text.lastIndexOf("}");
    }
    return depth !== -1;
  });
}
