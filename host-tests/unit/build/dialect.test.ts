import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { checkDialect } from "../../../scripts/build/dialect/check-dialect.ts";
import { findMisread } from "../../../scripts/build/dialect/misread.ts";
import { RULES } from "../../../scripts/build/dialect/rules.ts";

const idsIn = (code: string) => findMisread(new Script(code)).map((finding) => finding.id);

describe("every rule of the dialect", () => {
  for (const rule of RULES) {
    it(`finds ${rule.id} in its example`, () => {
      expect(idsIn(`var result = ${rule.example};`)).toContain(rule.id);
    });

    it(`accepts what to write instead of ${rule.id}, and JavaScript can run that`, () => {
      expect(idsIn(`var result = ${rule.better};`)).toEqual([]);
      expect(runInNewContext(rule.better)).toEqual(expect.anything());
    });
  }
});

const CLEAN: [promise: string, code: string][] = [
  [
    "a function used by a callback declared above it",
    "function a() { setTimeout(function () { b(); }, 1); } function b() {} a;",
  ],
  ["a function that another one calls later", "function a() { return b(); } function b() { return 1; } a();"],
  [
    "a variable of the loop's body in a closure",
    "for (let i = 0; i < 3; i++) { const j = i; setTimeout(() => j, 1); }",
  ],
  ["a closure over a loop's variable that is called at once", "for (let i = 0; i < 3; i++) [1].find((x) => x === i);"],
  ["a closure over a var, which JavaScript shares too", "for (var i = 0; i < 3; i++) setTimeout(() => i, 1);"],
  ["a global that typeof asks for first", 'if (typeof Bangle !== "undefined") print(1);'],
  ["a program's own method called at", "var o = { at() { return 1; } }; o.at();"],
  ["the pins and functions of the board", "digitalWrite(D2, 1); setWatch(print, BTN1); E.reboot(); require('Wifi');"],
  [
    "classes with getters and static methods",
    "class A { get x() { return 1; } static of1() { return 2; } } new A().x + A.of1();",
  ],
  ["a regular expression that Espruino understands", "/^[a-z]+\\d\\s*$|^bar$/gi.test('x');"],
  ["an object's own member called length", "const record = { length: 0 }; record.length = 3; record.length++;"],
  ["typed arrays, regex classes and template literals", "var u = new Uint8Array(2); `${" + "u[0]}` + /[(?:]/.source;"],
];

const CAUGHT: [promise: string, code: string, id: string][] = [
  [
    "a call that needs a function declared further down",
    "function a() { return b(); } a(); function b() {}",
    "hoisting",
  ],
  ["a function handed out above its declaration", "function f() { return { g: g }; function g() {} } f;", "hoisting"],
  ["a use in a block above the declaration in it", "if (x1) { g(); function g() {} } var x1;", "hoisting"],
  ["a closure in for…of", "for (const x of [1]) setTimeout(() => x, 1);", "loop-closure"],
  ["a closure in for…in", "for (const k in {}) setTimeout(function () { return k; }, 1);", "loop-closure"],
  [
    "a closure in a loop inside a loop",
    "for (let i = 0; i < 2; i++) while (i) setTimeout(() => i, 1);",
    "loop-closure",
  ],
  [
    "a loop's closure in a callback that is called at once",
    "for (let i = 0; i < 2; i++) [1].map(() => setTimeout(() => i, 1));",
    "loop-closure",
  ],
  ["word boundaries", "/\\bfoo/.test('x');", "regex"],
  ["a multi-line flag", "/^a$/m.test('x');", "regex"],
  ["a repeated group", "/(ab)*c/.test('x');", "regex"],
  ["process.nextTick's queue", "queueMicrotask(print);", "missing-global"],
  ["Object.freeze", "Object.freeze({});", "missing-member"],
  ["an array cut by its length", "var a = []; a.length = 0;", "array-length"],
  ["a getter read through ?.", "var a; a?.b;", "optional-chain"],
];

describe("the check of a script", () => {
  for (const [promise, code] of CLEAN) it(`accepts ${promise}`, () => expect(idsIn(code)).toEqual([]));
  for (const [promise, code, id] of CAUGHT) it(`catches ${promise}`, () => expect(idsIn(code)).toContain(id));
});

const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;

describe("the check of a program", () => {
  it("names the TypeScript file and line, and what to write instead", async () => {
    const deviceSource = "export const device = {};\n\nfor (let i = 0; i < 2; i++) setTimeout(() => print(i), 1);\n";
    const problems = await checkDialect({ entry, deviceSource });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line: 3, text: expect.stringContaining("its variable i") });
    expect(problems[0].file).toMatch(/device\.ts$/);
    expect(problems[0].instead).toContain("const");
  });

  it("accepts what esbuild rewrites well, unless it is strict", async () => {
    const deviceSource = "export const device = { a: { b: 1 } } as { a?: { b: number } };\nprint(device.a?.b);\n";
    expect(await checkDialect({ entry, deviceSource })).toEqual([]);
    expect(await checkDialect({ entry, deviceSource }, true)).toMatchObject([{ line: 2, text: "?." }]);
  });
});
