import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { inlineConstants } from "../../../scripts/build/passes/constants.ts";

const inline = (code: string) => inlineConstants(new Script(code)).code;

function answerOf(code: string): unknown {
  const context: { answer?: unknown } = {};
  runInNewContext(code, context);
  return context.answer;
}

describe("constants at the top", () => {
  it.each([
    ["numbers, also negative ones", "var a=1,b=-2;function f(){return a-b}globalThis.answer=f()", 3],
    ["texts", 'var a="x";globalThis.answer=a+"y"', "xy"],
    ["members", "var a={b:1,c:-2};globalThis.answer=a.b-a.c", 3],
    ["shorthand properties", "var a=5;globalThis.answer={a}.a", 5],
    ["sums of them", "var a=1+2;globalThis.answer=a*2", 6],
  ])("move to their uses: %s", (_, code, answer) => {
    const inlined = inline(code);
    expect(inlined).not.toMatch(/\bvar\b/);
    expect(answerOf(inlined)).toBe(answer);
  });

  it.each([
    ["variables that are set again", "var a=1;a=2;globalThis.answer=a", 2],
    ["variables that are counted", "var a=1;a++;globalThis.answer=a", 2],
    ["objects that are passed on", "var a={b:1};globalThis.answer=Object.keys(a).length", 1],
    ["members that are set", "var a={b:1};a.b=2;globalThis.answer=a.b", 2],
    ["members looked up by a text", 'var a={b:1},k=["b"];globalThis.answer=a[k[0]]', 1],
    ["members that aren't there", "var a={b:1};globalThis.answer=typeof a.c", "undefined"],
    ["what an inner name hides", "var a=[1];function f(a){return a}globalThis.answer=f(2)+a[0]", 3],
  ])("keep their name: %s", (_, code, answer) => {
    const inlined = inline(code);
    expect(inlined).toMatch(/\bvar a\b/);
    expect(answerOf(inlined)).toBe(answer);
  });

  it("leave the declarations beside them", () => {
    expect(inline("var a=1,b=[a],c=2,d=[c],e=3;f(b,d,e)")).toBe("var b=[(1)],d=[(2)];f(b,d,(3))");
  });
});
