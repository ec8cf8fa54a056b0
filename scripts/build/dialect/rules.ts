import { ARRAY_RULES } from "./arrays.ts";
import { CLASS_RULES } from "./classes.ts";
import { DICTIONARY_RULES } from "./dictionaries.ts";
import { EVALUATION_RULES } from "./evaluation.ts";
import { NUMBER_RULES } from "./numbers.ts";
import { REGEX_RULES } from "./regular-expressions.ts";
import { TEXT_RULES } from "./texts.ts";
import { VALUE_RULES } from "./values.ts";

/** One construct that Espruino misreads. The interpreter tests run each row in Node and in Espruino 2v29.277 for Linux. */
export interface DialectRule {
  id: string;
  /** A JavaScript expression that Espruino can't evaluate, or evaluates to something else. */
  example: string;
  /** What Espruino does with the example, as seen. */
  happens: string;
  /** What to write instead, in words for the error message. */
  instead: string;
  /** The example in that form. JavaScript and Espruino give the same result for it. */
  better: string;
  /** esbuild rewrites it without a helper function, so the build accepts it; `npm run check` refuses it in the firmware. */
  lowered?: true;
  /** The build writes it so that Espruino reads it right (passes/mends.ts), and refuses only what it can't write so. */
  mended?: true;
}

export const RULES: DialectRule[] = [
  ...NUMBER_RULES,
  ...TEXT_RULES,
  ...DICTIONARY_RULES,
  ...ARRAY_RULES,
  ...VALUE_RULES,
  {
    id: "destructuring",
    example: "(function () { var { a } = { a: 1 }; return a; })()",
    happens: "reads the pattern as a block or a list, then throws ReferenceError",
    instead: "read the members one by one",
    better: "(function () { var o = { a: 1 }; var a = o.a; return a; })()",
  },
  {
    id: "spread",
    example: "Math.max(...[1, 2])",
    happens: "throws SyntaxError; in an object literal esbuild adds three helper functions",
    instead: "apply(), concat() or Object.assign()",
    better: "Math.max.apply(null, [1, 2])",
  },
  {
    id: "rest",
    example: "(function (...a) { return a.length; })(1, 2)",
    happens: "throws SyntaxError",
    instead: "take an array",
    better: "(function (a) { return a.length; })([1, 2])",
  },
  {
    id: "default-argument",
    example: "(function (a = 1) { return a; })()",
    happens: "throws SyntaxError",
    instead: "test the argument for undefined in the body",
    better: "(function (a) { return a ?? 1; })()",
  },
  {
    id: "optional-chain",
    example: "(function (a) { return a?.b === undefined; })()",
    happens: "throws SyntaxError",
    instead: "a test for undefined",
    better: "(function (a) { return a === undefined; })()",
    lowered: true,
  },
  {
    id: "logical-assignment",
    example: "(function (a) { a ??= 1; return a; })()",
    happens: "throws SyntaxError",
    instead: "if (a === undefined) a = …",
    better: "(function (a) { a = a ?? 1; return a; })()",
    lowered: true,
  },
  {
    id: "exponent",
    example: "2 ** 3",
    happens: "throws SyntaxError",
    instead: "Math.pow()",
    better: "Math.pow(2, 3)",
    lowered: true,
  },
  {
    id: "computed-key",
    example: '(function (k) { return { [k + "1"]: 2 }.a1; })("a")',
    happens: "throws SyntaxError",
    instead: "object[key] = value after the literal",
    better: '(function (k) { var o = {}; o[k + "1"] = 2; return o.a1; })("a")',
  },
  {
    id: "async",
    example: '(function () { return typeof (async function () {}); })() === "function"',
    happens: "throws SyntaxError, and takes `await` for a variable",
    instead: "a callback",
    better: '(function () { return typeof (function (done) {}); })() === "function"',
  },
  {
    id: "generator",
    example: "(function () { return typeof (function* () { yield 1; }); })()",
    happens: "throws SyntaxError",
    instead: "a function that returns the next item at each call",
    better: "(function () { return typeof (function () { return 1; }); })()",
  },
  {
    id: "label",
    example: "(function () { var n = 0; a: for (;;) { for (;;) { n++; break a; } } return n; })()",
    happens: "throws ReferenceError",
    instead: "a function that returns, or a flag",
    better: "(function () { var n = 0; var go = true; while (go) { n++; go = false; } return n; })()",
  },
  {
    id: "private-member",
    example: "(function () { class A { #x = 1; y() { return this.#x; } } return new A().y(); })()",
    happens: "throws SyntaxError",
    instead: "a variable of a factory function",
    better: "(function () { function a() { var x = 1; return { y: function () { return x; } }; } return a().y(); })()",
  },
  {
    id: "static-block",
    example: "(function () { class A { static { A.x = 1; } } return A.x; })()",
    happens: "throws SyntaxError",
    instead: "a statement after the class",
    better: "(function () { class A {} A.x = 1; return A.x; })()",
    lowered: true,
  },
  {
    id: "extends-builtin",
    example: '(function () { class A extends Error {} return new A("x").message; })()',
    happens: "gives an object without the built-in's state: message is undefined",
    instead: "a class of your own, or a plain object with code and message",
    better: '(function () { class A { constructor(m) { this.message = m; } } return new A("x").message; })()',
  },
  {
    id: "new-target",
    example: '(function () { function F() { this.t = typeof new.target; } return new F().t; })() === "function"',
    happens: "throws SyntaxError",
    instead: "a factory function",
    better: '(function () { function f() { return { t: "function" }; } return f().t; })() === "function"',
  },
  {
    id: "tagged-template",
    example: '(function () { function f(s) { return s[0]; } return f`x` === "x"; })()',
    happens: "ignores the template: the value is the function",
    instead: "a call",
    better: '(function () { function f(s) { return s; } return f("x") === "x"; })()',
  },
  {
    id: "bigint",
    example: "(1n + 1n).toString()",
    happens: "throws ReferenceError",
    instead: "a number: doubles are exact to 2^53",
    better: "(1 + 1).toString()",
  },
  {
    id: "with",
    example: "(function () { with ({ a: 1 }) { return a; } })()",
    happens: "throws ReferenceError",
    instead: "name the object",
    better: "({ a: 1 }).a",
  },
  {
    id: "switch-default",
    example: "(function () { switch (3) { default: return 1; case 3: return 2; } })()",
    happens: "throws SyntaxError: a case after default is not supported",
    instead: "default as the last case",
    better: "(function () { switch (3) { case 3: return 2; default: return 1; } })()",
  },
  {
    id: "of-as-name",
    example: "(function () { var of = 1; return of; })()",
    happens: "throws SyntaxError",
    instead: "another name",
    better: "(function () { var from = 1; return from; })()",
  },
  {
    id: "arguments-in-arrow",
    example: "(function () { var f = () => arguments.length; return f(5, 6); })(1)",
    happens: "gives the arrow function's own arguments",
    instead: "a variable of the outer function",
    better: "(function () { var n = arguments.length; var f = () => n; return f(5, 6); })(1)",
  },
  {
    id: "array-length",
    example: "(function () { var a = [1, 2, 3]; a.length = 1; return a.length; })()",
    happens: "throws TypeError: Assignment to a constant",
    instead: "splice(), or a new array",
    better: "(function () { var a = [1, 2, 3]; a.splice(1); return a.length; })()",
  },
  {
    id: "loop-closure",
    example: "(function () { var f = []; for (let i = 0; i < 3; i++) f.push(() => i); return f[0](); })()",
    happens: "all closures share the loop's variable and see its last value",
    instead: "copy it to a const in the loop's body, or make the function outside and pass it the value",
    better:
      "(function () { var f = []; for (let i = 0; i < 3; i++) { const at = i; f.push(() => at); } return f[0](); })()",
  },
  {
    id: "hoisting",
    example: "(function () { return g(); function g() { return 1; } })()",
    happens: "throws ReferenceError: a function exists only once its declaration has run",
    instead: "declare it above its first use",
    better: "(function () { function g() { return 1; } return g(); })()",
  },
  {
    id: "regex-after-paren",
    example: '(function () { if (true) /a/.test("a"); return 1; })()',
    happens: "takes the slash for a division and throws SyntaxError",
    instead: "braces, or the expression in a variable",
    better: '(function () { if (true) { /a/.test("a"); } return 1; })()',
  },
  {
    id: "unicode-escape",
    example: '"\\u{1F600}".length === 2',
    happens: "throws Error: Invalid escape sequence",
    instead: "characters of the Basic Multilingual Plane",
    better: '"\\u2600".length === 1',
  },
  {
    id: "unicode-name",
    example: '({ "\\u00ff": 1 }).\\u00ff',
    happens: "throws SyntaxError; the minifier makes such a name of a quoted one",
    instead: "names in ASCII",
    better: "({ ff: 1 }).ff",
  },
  {
    id: "missing-global",
    example: "new Map().size",
    happens: "throws ReferenceError",
    instead: "what Espruino has (firmware/platform/espruino-lib.d.ts)",
    better: "Object.keys({}).length",
  },
  {
    id: "missing-member",
    example: "Math.trunc(1.5)",
    happens: 'throws Error: Function "trunc" not found!',
    instead: "what Espruino has (firmware/platform/espruino-lib.d.ts)",
    better: "Math.floor(1.5)",
  },
  {
    id: "missing-method",
    example: "[1, [2]].flat().length",
    happens: 'throws Error: Function "flat" not found!',
    instead: "a loop",
    better: "[1].concat([2]).length",
  },
  ...REGEX_RULES,
  ...CLASS_RULES,
  ...EVALUATION_RULES,
];

export function ruleOf(id: string): DialectRule {
  const rule = RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`no dialect rule ${id}`);
  return rule;
}
