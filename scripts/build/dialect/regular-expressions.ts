/** Regular expressions that Espruino misreads: literals, and texts that `new RegExp` and `RegExp` are given. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, memberName, walk } from "../ast/walk.ts";
import {
  canBeEmpty,
  canBeEmptyAtEnd,
  hasGroup,
  isPlainEnd,
  riskyRepetitions,
  structuralTrouble,
  withEscapedSlashes,
} from "./regex-parts.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const REGEX_RULES: DialectRule[] = [
  {
    id: "regex",
    example: '/a+?/.test("aaa") && /(?:a)b/.test("ab") && /a{2}/.test("aa")',
    happens: "doesn't match, or throws",
    instead: "indexOf(), split() or a loop over the characters",
    better: '"aaa".indexOf("a") === 0',
  },
  {
    id: "regex-optional",
    example: '/^-?1$/.test("1")',
    happens: "takes the question mark for a plain character",
    instead: "one expression with it and one without, or * if more than one does no harm",
    better: '/^-*1$/.test("1")',
  },
  {
    id: "regex-alternatives",
    example: '/^(a|b)c$/.test("ax")',
    happens: "ends the match at |, wherever it stands, and starts again behind it: gives true",
    instead: "one expression for each alternative and || between the tests, or a class such as [ab]",
    better: '/^[ab]c$/.test("ax")',
  },
  {
    id: "regex-class",
    example: '/^[+-.]$/.test("x")',
    happens: "gives true: a dot is no end of a range; other classes throw, or match what they must not",
    instead: "the characters one by one, with \\ before [ and |",
    better: '/^[+,.-]$/.test("x")',
  },
  {
    id: "regex-slash",
    example: '/[/]/.test("/")',
    happens: "throws SyntaxError: a slash in a class ends the expression. The build writes it as \\/",
    instead: "\\/",
    better: '/[\\/]/.test("/")',
    mended: true,
  },
  {
    id: "regex-repetition",
    example: '/^\\d+5$/.test("5") || /^[^,]+$/.test("")',
    happens:
      "gives true: + is content with nothing where what follows fits too, or the text ends. The build writes X+ as XX*",
    instead: "what is repeated, once more with *: \\d\\d*5",
    better: '/^\\d\\d*5$/.test("5") || /^[^,][^,]*$/.test("")',
    mended: true,
  },
  {
    id: "regex-end",
    example: '(function () { var r = /b$/g; r.exec("ab"); return r.exec("ab"); })()',
    happens: "finds the same end for ever: plain text before $ is compared without a look at lastIndex",
    instead: "the expression without flag g",
    better: '(function () { var r = /b$/; return r.exec("ab").index; })()',
  },
  {
    id: "regex-empty-end",
    example: '/a*$/.test("b")',
    happens: "gives false: it does not look for an empty match behind the last character",
    instead: "+ in place of *, or no regular expression",
    better: '/a+$/.test("b")',
  },
  {
    id: "regex-groups",
    example: '/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)/.exec("abcdefghij").length',
    happens: "gives 10: it keeps nine groups",
    instead: "two expressions",
    better: '/(a)(b)(c)/.exec("abc").length',
  },
  {
    id: "regex-split",
    example: '"a,b".split(/(,)/).length',
    happens: "leaves out what the group matched; an expression that matches the empty text is looked for endlessly",
    instead: "an expression without a group that matches at least one character",
    better: '"a,b".split(/,/).length',
  },
  {
    id: "regex-no-match",
    example: '"ab".match(/\\d/g) === null',
    happens: "gives false: with flag g it is an empty array that stands for no match",
    instead: "the expression without flag g, or test()",
    better: '"ab".match(/\\d/) === null',
  },
  {
    id: "regex-of-text",
    example: '"a.c".match(".").index',
    happens: "gives 1: it looks for the plain text",
    instead: "a regular expression",
    better: '"a.c".match(/./).index',
  },
  {
    id: "regex-replacement",
    example: '"a1".replace(/1/, "<$&>")',
    happens:
      "inserts $& as it stands: of JavaScript's patterns it knows $1 to $9 alone. A $ at the end becomes $ and a character 0",
    instead: "a group around the expression, and $1",
    better: '"a1".replace(/(1)/, "<$1>")',
  },
];

const UNKNOWN: [RegExp, string][] = [
  [/\(\?/, "groups that start with (?"],
  [/[*+?}][?]/, "lazy repetition"],
  [/\)[*+?{]/, "a repeated group"],
  [/\{\d/, "repetition by count"],
  [/\\[1-9]/, "back references"],
  [/\\[uUpPcbBk]/, "\\u, \\p, \\c, \\b, \\B and \\k"],
  [/\([^)]*\(/, "a group in a group"],
];

/** What of a regular expression Espruino lacks, in words, or "". Each was seen to fail in the interpreter. */
function lacking(pattern: string, flags: string): string {
  const bad = flags.replace(/[gi]/g, "");
  if (bad !== "") return `flag ${bad}`;
  // Escaped characters and classes are not operators. The escapes that UNKNOWN looks for stay.
  const plain = pattern.replace(/\\[^1-9uUpPcbBk]/g, "_").replace(/\[(\\.|[^\]\\])*\]/g, "_");
  return UNKNOWN.find(([trouble]) => trouble.test(plain))?.[1] ?? "";
}

/** A regular expression that the source spells out. */
interface SpelledOut {
  pattern: string;
  flags: string;
  isLiteral: boolean;
}

function spelledOut(node: AnyNode): SpelledOut | undefined {
  if (node.type === "Literal" && node.regex) return { ...node.regex, isLiteral: true };
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return undefined;
  if (node.callee.type !== "Identifier" || node.callee.name !== "RegExp") return undefined;
  const [pattern, flags] = node.arguments.map((one) => (one.type === "Literal" ? one.value : undefined));
  if (typeof pattern !== "string") return undefined;
  return { pattern, flags: typeof flags === "string" ? flags : "", isLiteral: false };
}

/** What is wrong with each regular expression and with what is done with it. */
export function findRegexTrouble({ program }: Script): Finding[] {
  const findings: Finding[] = [];
  walk(program, (node, path) => {
    const found = spelledOut(node);
    const trouble =
      (found && troubleOf(found, path[path.length - 1])) ??
      (node.type === "CallExpression" ? useTrouble(node, path[path.length - 1]) : undefined);
    if (trouble !== undefined) findings.push({ id: trouble[0], node, what: trouble[1] });
  });
  return findings;
}

function troubleOf({ pattern, flags, isLiteral }: SpelledOut, parent: AnyNode): [id: string, what: string] | undefined {
  const words = lacking(pattern, flags);
  if (words !== "") return ["regex", `a regular expression with ${words}`];
  const structural = structuralTrouble(pattern, flags);
  if (structural !== undefined) return structural;
  if (flags.includes("g") && isPlainEnd(pattern) && !isReplace(parent)) {
    return ["regex-end", "a regular expression of plain text and $ with flag g"];
  }
  if (canBeEmptyAtEnd(pattern) && !isRemoval(parent)) {
    return ["regex-empty-end", "a regular expression that can match the empty text before $"];
  }
  if (isLiteral && withEscapedSlashes(pattern) !== pattern) {
    return ["regex-slash", "a regular expression with / in a class"];
  }
  return riskyRepetitions(pattern, flags).length > 0
    ? ["regex-repetition", "a regular expression with + that can match nothing"]
    : undefined;
}

/** `replace` goes on behind what it found, whatever the expression says. */
function isReplace(call: AnyNode): boolean {
  return call.type === "CallExpression" && memberName(call.callee) === "replace";
}

/** Where nothing is removed, nothing changes, whether it was found or not. */
function isRemoval(call: AnyNode): boolean {
  if (call.type !== "CallExpression" || !isReplace(call)) return false;
  const [, by] = call.arguments;
  return by?.type === "Literal" && by.value === "";
}

/** Calls of a text's methods whose results differ. */
function useTrouble(call: acorn.CallExpression, parent: AnyNode): [id: string, what: string] | undefined {
  const method = memberName(call.callee);
  const [first, second] = call.arguments;
  if (first === undefined || first.type !== "Literal") return undefined;
  const by = /^replace(All)?$/.test(method) && second?.type === "Literal" ? second.value : "";
  if (typeof by === "string" && (/\$[$&`']/.test(by) || (first.regex && by.endsWith("$")))) {
    return ["regex-replacement", "replace() with $$, $&, $` or $', or with $ at the end"];
  }
  if (method === "match" && typeof first.value === "string" && /[.*+?^$()[\]{}|\\]/.test(first.value)) {
    return ["regex-of-text", "match() with a text"];
  }
  const { regex } = first;
  if (!regex) return undefined;
  if (method === "split" && (hasGroup(regex.pattern) || canBeEmpty(regex.pattern))) {
    return ["regex-split", "split() with a group, or with what can match the empty text"];
  }
  return method === "match" && regex.flags.includes("g") && isTest(call, parent)
    ? ["regex-no-match", "a test of match() with flag g"]
    : undefined;
}

/** Whether a value is only asked whether it is there. */
function isTest(value: AnyNode, parent: AnyNode): boolean {
  switch (parent.type) {
    case "IfStatement":
    case "WhileStatement":
    case "ConditionalExpression":
      return parent.test === value;
    case "LogicalExpression":
      return parent.left === value && parent.operator === "&&";
    case "UnaryExpression":
      return parent.operator === "!";
    case "BinaryExpression":
      return /^[!=]==?$/.test(parent.operator) && [parent.left, parent.right].some(isNull);
    default:
      return false;
  }
}

function isNull(node: AnyNode): boolean {
  return node.type === "Literal" && node.raw === "null";
}
