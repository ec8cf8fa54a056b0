import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { bundleAsWritten, bundleFirmware } from "../../../scripts/build/bundle.ts";
import { checkDialect } from "../../../scripts/build/dialect/check-dialect.ts";
import { mend } from "../../../scripts/build/passes/mends.ts";

const mended = (code: string) => mend(new Script(code)).code;

const MENDS: [promise: string, before: string, after: string][] = [
  [
    "a method named by a keyword stands behind its class",
    "class A { a() {} delete(x) { return x; } b() {} }",
    'class A { a() {}  b() {} };A.prototype["delete"]=function(x) { return x; };',
  ],
  ["a static one too", "class A { static if() {} }", 'class A {  };A["if"]=function() {};'],
  [
    "super calls the class by its name",
    "class B extends A { m(x) { super.m(x); } }",
    "class B extends A { m(x) { A.prototype.m.call(this,x); } }",
  ],
  [
    "super in an arrow function and without arguments",
    "class B extends A { m() { return () => super.m(); } }",
    "class B extends A { m() { return () => A.prototype.m.call(this); } }",
  ],
  [
    "super in a static method",
    "class B extends A { static m() { super.m(1, 2); } }",
    "class B extends A { static m() { A.m.call(this,1, 2); } }",
  ],
  [
    "super in a member of an object, and by a computed name",
    "class B extends A { m(k) { return super.m({ a: super[k]() }); } }",
    "class B extends A { m(k) { return A.prototype.m.call(this,{ a: A.prototype[k].call(this) }); } }",
  ],
  ["a slash in a class is escaped", "/[/\\/]/.test(a)", "/[\\/\\/]/.test(a)"],
  ["a repetition that could match nothing is written twice", "/^[^,]+$/.test(a)", "/^[^,][^,]*$/.test(a)"],
  ["a division gets parentheses", "a = 2 * i++ / b.in / 2", "a = ((2 * i++) / b.in) / 2"],
  ["a division in place", "o.default /= 2", "(o.default) /= 2"],
];

const KEPT: [promise: string, code: string][] = [
  ["a constructor's super", "class B extends A { constructor() { super(1); } }"],
  ["super where the class's name means something else", "class B extends A { m(A) { return super.m(A); } }"],
  ["super in a function of its own", "class B extends A { m() { return { n() { return super.n(); } }; } }"],
  ["super of a class that changes", "let A; class B extends A { m() { return super.m(); } } A = B"],
  ["an async method", "class A { async delete() {} *of() {} }"],
  ["a getter by super", "class B extends A { get x() { return super.x; } }"],
  ["a getter named by a keyword", "class A { get if() { return 1; } }"],
  ["a repetition that what follows ends", "/^\\d+:[a-c]+$/.test(a)"],
  ["a slash outside a class", "/a\\/b/.test(a)"],
  ["a division behind a name", "a = (i++) / b / c.d / e[0]"],
  ["a member of an object named by a keyword", "({ delete() {}, of: 1 })"],
];

describe("what the build writes in another way", () => {
  for (const [promise, before, after] of MENDS) it(promise, () => expect(mended(before)).toBe(after));
  for (const [promise, code] of KEPT) it(`leaves ${promise} as it is`, () => expect(mended(code)).toBe(code));

  const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;
  const deviceSource = [
    "class A { m() { return 1; } delete() { return 2; } }",
    "class B extends A { m() { const f = () => super.m() + 1; return f(); } }",
    "class C extends B { m() { return super.m() + 1; } }",
    "let count = 4;",
    "export const device = { c: new C(), use: () => count++ / 2, slash: /[/]+a/ };",
    "device.c.delete();",
  ].join("\n");

  it("goes through the whole build", async () => {
    expect(await checkDialect({ entry, deviceSource })).toEqual([]);
    const { code } = await bundleFirmware({ entry, deviceSource });
    expect(code).not.toMatch(/\bsuper\b|delete\(\)\{|\+\+\/|\[\/\]/);
  });

  it("keeps the way back to the TypeScript", async () => {
    const script = await bundleAsWritten({ entry, deviceSource });
    expect(script.placeOf(script.code.indexOf("+ 1; return f()".slice(0, 3)))).toMatchObject({ line: 2 });
    expect(script.placeOf(script.code.indexOf("function() {\n      return 2"))).toMatchObject({ line: 1 });
  });
});
