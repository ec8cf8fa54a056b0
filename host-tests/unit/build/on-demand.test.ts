import { runInNewContext } from "node:vm";
import * as acorn from "acorn";
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { isFunction, walk } from "../../../scripts/build/ast/walk.ts";
import { bundleFirmware } from "../../../scripts/build/bundle.ts";
import { findEarlyUses } from "../../../scripts/build/dialect/load-order.ts";
import { nestOnDemand } from "../../../scripts/build/passes/on-demand.ts";
import { BundleError } from "../../../scripts/build/problems.ts";

const nest = (code: string) => nestOnDemand(new Script(code, (line, column) => ({ file: "a.ts", line, column })));

function answerOf(code: string): unknown {
  const context: { answer?: unknown } = {};
  runInNewContext(code, context);
  return context.answer;
}

/** Where each declared function lies, as `outer/inner`, in the order of the text. */
function layoutOf(code: string): string[] {
  const layout: string[] = [];
  walk(acorn.parse(code, { ecmaVersion: "latest" }), (node, path) => {
    if (node.type !== "FunctionDeclaration") return;
    const around = path.filter(isFunction).map((one) => (one.type === "FunctionDeclaration" ? one.id?.name : "?"));
    layout.push([...around, node.id?.name].join("/"));
  });
  return layout;
}

describe("functions that only those on demand need", () => {
  it.each([
    {
      what: "lie in the one that needs them, with what these need",
      code: `function c() { return 3; } function b() { return c() * 2; } function a() { "on demand"; return b() + 1; }
        globalThis.f = () => a(); globalThis.answer = f();`,
      answer: 7,
      layout: ["a", "a/c", "a/b"],
    },
    {
      what: "are copied into each that needs them",
      code: `function c() { return 3; } function a() { "on demand"; return c(); } function b() { "on demand"; return c() + 1; }
        globalThis.f = () => a() * b(); globalThis.answer = f();`,
      answer: 12,
      layout: ["a", "a/c", "b", "b/c"],
    },
    {
      what: "stay at the top if anything else needs them after the start",
      code: `function c() { return 3; } function a() { "on demand"; return c(); }
        globalThis.f = () => a() + c(); globalThis.answer = f();`,
      answer: 6,
      layout: ["c", "a"],
    },
    {
      what: "are copied if the start calls them too",
      code: `function c() { return 3; } function a() { "on demand"; return c(); }
        globalThis.f = () => a(); globalThis.answer = f() + c();`,
      answer: 6,
      layout: ["c", "a", "a/c"],
    },
    {
      what: "stay at the top if they have members",
      code: `function c() { return ++c.calls; } function a() { "on demand"; c.calls = c.calls || 0; return c(); }
        globalThis.f = () => a(); f(); globalThis.answer = f();`,
      answer: 2,
      layout: ["c", "a"],
    },
    {
      what: "stay at the top if their names are variables",
      code: `function c() { return 1; } function a() { "on demand"; const n = c(); c = () => 5; return n; }
        globalThis.f = () => a(); f(); globalThis.answer = f();`,
      answer: 5,
      layout: ["c", "a"],
    },
    {
      what: "may name each other, whichever comes first",
      code: `function b(n) { return n > 0 ? c(n - 1) : 4; } function c(n) { return b(n); }
        function a() { "on demand"; return b(3); } globalThis.f = () => a(); globalThis.answer = f();`,
      answer: 4,
      layout: ["a", "a/b", "a/c"],
    },
    {
      what: "keep one set of variables, at the top",
      code: `let n = 0; function next() { return ++n; } function a() { "on demand"; return next(); }
        function b() { "on demand"; return next(); } globalThis.f = () => a() + b(); globalThis.answer = f() + n;`,
      answer: 5,
      layout: ["a", "a/next", "b", "b/next"],
    },
  ])("$what", ({ code, answer, layout }) => {
    expect(answerOf(code)).toBe(answer);
    const script = nest(code);
    expect(layoutOf(script.code)).toEqual(layout);
    expect(answerOf(script.code)).toBe(answer);
    expect(findEarlyUses(script.references)).toEqual([]);
    expect(script.code).not.toContain("on demand");
  });
});

describe("a function on demand", () => {
  it.each([
    {
      what: "lies in the only one that needs it, and uses what that holds",
      code: `function d() { return 1; } function c() { return 3; } function b() { "on demand"; return c() + d(); }
        function a() { "on demand"; return b() + c(); } globalThis.f = () => a(); globalThis.answer = f();`,
      answer: 7,
      layout: ["a", "a/c", "a/b", "a/b/d"],
    },
    {
      what: "lies in the one around two others that need it",
      code: `function d() { "on demand"; return 1; } function b() { "on demand"; return d(); }
        function c() { "on demand"; return d(); } function a() { "on demand"; return b() + c(); }
        globalThis.f = () => a(); globalThis.answer = f();`,
      answer: 2,
      layout: ["a", "a/d", "a/b", "a/c"],
    },
    {
      what: "stays at the top if two others at the top need it",
      code: `function e() { return 1; } function d() { "on demand"; return e(); } function b() { "on demand"; return d(); }
        function c() { "on demand"; return d(); } globalThis.f = () => b() + c(); globalThis.answer = f();`,
      answer: 2,
      layout: ["d", "d/e", "b", "c"],
    },
    {
      what: "stays at the top if the start passes it on",
      code: `function b() { "on demand"; return 1; } function a() { "on demand"; return b(); }
        globalThis.f = a; globalThis.g = b; globalThis.answer = f() + g();`,
      answer: 2,
      layout: ["b", "a"],
    },
    {
      what: "may be named, though not called, in itself",
      code: `const later = []; function a() { "on demand"; later.push(a); return later.length; }
        globalThis.f = () => a(); f(); globalThis.answer = later[0]();`,
      answer: 2,
      layout: ["a"],
    },
  ])("$what", ({ code, answer, layout }) => {
    expect(answerOf(code)).toBe(answer);
    const nested = nest(code).code;
    expect(layoutOf(nested)).toEqual(layout);
    expect(answerOf(nested)).toBe(answer);
  });

  it.each(['"on-demand";', '"On demand";', "`on demand`;", 'let b; "on demand";', '"use strict"; "on demand";'])(
    "are refused where the mark is %s: a text that does nothing",
    (mark) => {
      expect(() => nest(`function a() { ${mark} } a();`)).toThrow(/^a\.ts:1:\d+: a text by itself does nothing/);
    },
  );

  it("leaves a script without any as it is", () => {
    const script = new Script("function a(){return 1}a()");
    expect(nestOnDemand(script)).toBe(script);
  });
});

describe("names in a function on demand", () => {
  it.each([
    { what: "a variable with the name of a function it holds", body: "let b = c() + 1; return b * n;" },
    { what: "a variable with the name of a global that it uses", body: "const n = c(); return n + 1;" },
    { what: "a variable of a block", body: "if (true) { let n = c(); return n + 1; }" },
    { what: "the same name twice", body: "var n = 4; var n = c(); return n + 1;" },
    { what: "a loop's variable", body: "let s = 0; for (let n = 0; n < 3; n++) s += c() + n; return s;" },
    { what: "what catch declares", body: "try { throw c(); } catch (n) { return n; }" },
    { what: "a function inside", body: "function n() { return c(); } return n() + 1;" },
    { what: "a shorthand property", body: "const n = c(); const o = { n }; return o.n + n;" },
    { what: "a member of the same name", body: "const n = { n: c() }; return n.n;" },
    { what: "a name that a callback uses", body: "let n = 1; [1, 2].forEach((i) => { n += i * c(); }); return n;" },
    { what: "a callback's own variable", body: "return [1, 2].map((n) => n * c())[1];" },
    { what: "a class", body: "class n {} return c() + new n().constructor.name.length * 0;" },
    { what: "a name like the new one", body: "let n = c(); let n_2 = 7; return n + n_2;" },
  ])("hide none of what it holds: $what", ({ body }) => {
    const code = `let n = 10; function b() { return n; } function c() { return b() + 1; }
      function a() { "on demand"; ${body} } globalThis.f = () => a(); globalThis.answer = f();`;
    const nested = nest(code).code;
    expect(layoutOf(nested)).toContain("a/b");
    expect(answerOf(code)).toBeTypeOf("number");
    expect(answerOf(nested)).toBe(answerOf(code));
  });

  it("hide none of what those in it hold: parameters", () => {
    const code = `let n = 10; function c() { return n; } function b() { "on demand"; return c(); }
      function a(n, c) { "on demand"; return b() + n + c; } globalThis.f = () => a(1, 2); globalThis.answer = f();`;
    const nested = nest(code).code;
    expect(layoutOf(nested)).toEqual(["a", "a/b", "a/b/c"]);
    expect(answerOf(nested)).toBe(13);
  });

  it("hide no global of the interpreter", () => {
    const code = `function c() { return Math.max(1, 5); } function a(Math) { "on demand"; return c() + Math; }
      globalThis.f = () => a(2); globalThis.answer = f();`;
    expect(answerOf(nest(code).code)).toBe(7);
  });
});

describe("a mark that can't be followed", () => {
  it.each([
    ["it calls itself", 'function a() { "on demand";\nreturn a(); }\na();', 2, "calls itself"],
    [
      "it calls itself through another function",
      'function b() {\nreturn a(); }\nfunction a() { "on demand"; return b(); }\na();',
      2,
      "calls itself",
    ],
    [
      "it stands in an inner function",
      'function a() {\nfunction b() { "on demand"; } b(); }\na();',
      2,
      "no declaration at the top",
    ],
    ["it stands in an arrow", '\nconst a = () => { "on demand"; };\na();', 2, "no declaration at the top"],
    ["it stands in a method", 'const o = {\na() { "on demand"; } };\no.a();', 2, "no declaration at the top"],
  ])("is refused with file and line: %s", (_, code, line, text) => {
    const refused = () => nest(code);
    expect(refused).toThrow(BundleError);
    expect(refused).toThrow(text);
    expect(refused).toThrow(new RegExp(`^a\\.ts:${line}:\\d+: `));
  });
});

describe("the way back to the source", () => {
  it("leads from each copy to where the function was written", () => {
    const code = [
      "function c() {",
      "  return nowhere;",
      "}",
      'function a() { "on demand"; return c(); }',
      'function b() { "on demand";',
      "  let nowhere = 1; return c() + nowhere; }",
      "globalThis.f = () => a() + b();",
    ].join("\n");
    const script = nest(code);
    const places = [...script.code.matchAll(/return nowhere/g)].map(({ index }) => script.placeOf(index));
    expect(places).toEqual([
      { file: "a.ts", line: 2, column: 2 },
      { file: "a.ts", line: 2, column: 2 },
    ]);
    expect(script.placeOf(script.code.indexOf("globalThis"))).toEqual({ file: "a.ts", line: 7, column: 0 });
    // What the pass made up counts as what stands before it.
    expect(script.placeOf(script.code.lastIndexOf("nowhere_2"))).toMatchObject({ line: 6 });
  });

  it("leads through all passes to the TypeScript", async () => {
    const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;
    const deviceSource = `function tell(n: number) {
  return E.getTemperature() + n;
}
function ask(n: number) {
  "on demand";
  return tell(n) * tell(n + 1);
}
export const device = { ask: (n: number) => setTimeout(() => ask(n), 7) };`;
    const { script } = await bundleFirmware({ entry, deviceSource });
    const at = script.code.indexOf("getTemperature");
    expect(script.placeOf(at)).toMatchObject({ file: expect.stringMatching(/device\.ts$/), line: 2 });
    expect(layoutOf(script.code).filter((one) => one.includes("/"))).toHaveLength(1);
  });
});
