import { describe, expect, it } from "vitest";
import { complaintsAbout, lines } from "./in-file.ts";

const inner = (name: string, count: number) => `  function ${name}() {\n${lines(count)}  }\n`;

const OF_71_LINES: [title: string, path: string, text: string, name: string][] = [
  ["of the firmware", "firmware/clock/x.ts", `export function f() {\n${lines(71)}}\n`, "f"],
  ["of the scripts", "scripts/build/x.ts", `export function f() {\n${lines(71)}}\n`, "f"],
  ["of the tests", "host-tests/support/x.ts", `export function f() {\n${lines(71)}}\n`, "f"],
  ["in a constant", "scripts/x.ts", `export const f = () => {\n${lines(71)}};\n`, "f"],
  ["in a class", "scripts/x.ts", `export class A {\n  m() {\n${lines(71)}  }\n}\n`, "m"],
  ["in an object", "scripts/x.ts", `export const a = {\n  m() {\n${lines(71)}  },\n};\n`, "m"],
  ["in a factory", "scripts/x.ts", `export function create() {\n${inner("a", 71)}  return { a };\n}\n`, "a"],
  ["that is one test", "host-tests/x.test.ts", `it("x", () => {\n${lines(71)}});\n`, "a function handed to it"],
  ["of comments and empty lines", "scripts/x.ts", `export function f() {\n${"  // x\n".repeat(70)}\n}\n`, "f"],
];

describe("the size of a function", () => {
  it.each(OF_71_LINES)("forbids 71 lines %s", (_, path, text, name) => {
    expect(complaintsAbout(path, text)).toContain(`${name} has 71 lines, the limit is 70`);
  });

  it("allows 70 lines between the braces", () => {
    expect(complaintsAbout("scripts/x.ts", `export function f() {\n${lines(70)}}\n`)).toBe("");
  });

  it("counts the functions inside", () => {
    const text = `export function f() {\n  call(() => {\n${lines(69)}  });\n}\n`;
    expect(complaintsAbout("scripts/x.ts", text)).toContain("f has 71 lines, the limit is 70");
  });

  it("allows a factory 150 lines", () => {
    const text = `export function create() {\n${inner("a", 70)}${inner("b", 70)}${lines(5)}  return { a, b };\n}\n`;
    expect(complaintsAbout("firmware/clock/x.ts", text)).toBe("");
  });

  it("forbids a factory of 151 lines", () => {
    const text = `export function create() {\n${inner("a", 70)}${inner("b", 70)}${lines(6)}  return { a, b };\n}\n`;
    expect(complaintsAbout("firmware/clock/x.ts", text)).toContain(
      "create has 151 lines, the limit of a factory is 150",
    );
  });

  it("takes a function for a factory by the methods that it returns", () => {
    const text = `export function create() {\n  return {\n    a() {\n${lines(60)}    },\n    b: () => {\n${lines(60)}    },\n  };\n}\n`;
    expect(complaintsAbout("scripts/x.ts", text)).toBe("");
  });

  it("takes a long function with one helper for no factory", () => {
    const text = `export function f() {\n${inner("a", 3)}${lines(71)}}\n`;
    expect(complaintsAbout("scripts/x.ts", text)).toContain("f has 71 lines beside the functions it makes");
  });

  it("lets a suite be as long as its tests together", () => {
    const test = `  it("x", () => {\n${lines(60)}  });\n`;
    expect(complaintsAbout("host-tests/x.test.ts", `describe("x", () => {\n${test.repeat(4)}});\n`)).toBe("");
    expect(complaintsAbout("host-tests/x.test.ts", `describe.each([1])("x", () => {\n${test.repeat(4)}});\n`)).toBe("");
  });

  it("forbids a suite that says too much beside its tests", () => {
    const text = `describe("x", () => {\n${lines(71)}  it("x", () => {});\n}\n);\n`;
    expect(complaintsAbout("host-tests/x.test.ts", text)).toContain("has 71 lines beside its tests");
  });
});

const TWELVE = "a,b,c,d,e,f,g,h,i,j,k,l";
const TWELVE_TYPED = TWELVE.replace(/\w/g, "$&: number");

const WITH_TWELVE: [what: string, path: string, text: string, words: string][] = [
  ["a function", "firmware/clock/x.ts", `export function f(${TWELVE_TYPED}) {}\n`, "f takes 12 arguments"],
  ["an arrow", "scripts/x.ts", `export const f = (${TWELVE_TYPED}) => {};\n`, "f takes 12 arguments"],
  ["a constructor", "scripts/x.ts", `export class A { constructor(${TWELVE_TYPED}) {} }\n`, "constructor takes 12"],
  ["a method", "host-tests/x.ts", `export class A { m(${TWELVE_TYPED}) {} }\n`, "m takes 12 arguments"],
  ["a type", "firmware/x.ts", `export type F = (${TWELVE_TYPED}) => void;\n`, "F takes 12 arguments"],
  ["a member of an interface", "firmware/x.ts", `export interface A { m(${TWELVE_TYPED}): void }\n`, "m takes 12"],
  ["a call", "scripts/x.ts", `f(${TWELVE});\n`, "f is given 12 arguments"],
  ["a call of a method", "scripts/x.ts", `a.f(${TWELVE});\n`, "f is given 12 arguments"],
  ["a construction", "scripts/x.ts", `new A(${TWELVE});\n`, "A is given 12 arguments"],
];

describe("the number of positional arguments", () => {
  it.each(WITH_TWELVE)("is limited in %s", (_, path, text, words) => {
    expect(complaintsAbout(path, text)).toContain(words);
  });

  it("may be five and not six", () => {
    expect(complaintsAbout("scripts/x.ts", "export function f(a, b, c, d, e) {}\n")).toBe("");
    expect(complaintsAbout("scripts/x.ts", "export function f(a, b, c, d, e, f) {}\n")).toContain("the limit is 5");
  });

  it("leaves out `this`, and callbacks, whose arguments the receiver decides", () => {
    expect(complaintsAbout("scripts/x.ts", "export function f(this: A, a, b, c, d, e) {}\n")).toBe("");
    expect(complaintsAbout("scripts/x.ts", `f((${TWELVE}) => {});\n`)).toBe("");
  });

  it("leaves out functions that take any number of like things", () => {
    expect(complaintsAbout("scripts/x.ts", `Math.max(${TWELVE});\n`)).toBe("");
  });
});

describe("the form of a function", () => {
  it.each(["() => {\n  go();\n}", "function () {\n  go();\n}"])(
    "is a declaration in the firmware, not const f = %s",
    (f) => {
      expect(complaintsAbout("firmware/clock/x.ts", `const f = ${f};\nf();\n`)).toContain(
        "f is a function in a constant",
      );
      const factory = `export function create() {\n  const f = ${f};\n  return { f };\n}\n`;
      expect(complaintsAbout("firmware/clock/x.ts", factory)).toContain("Instead: function f(…) {…}");
    },
  );

  it("may be an arrow where it is handed over at once, and anywhere on the host", () => {
    expect(complaintsAbout("firmware/clock/x.ts", "list.forEach((one) => {\n  one.go();\n});\n")).toBe("");
    expect(complaintsAbout("scripts/x.ts", "const f = () => {\n  go();\n};\nf();\n")).toBe("");
  });
});
