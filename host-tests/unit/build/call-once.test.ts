import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { inlineCalledOnce } from "../../../scripts/build/passes/call-once.ts";

const inline = (code: string) => inlineCalledOnce(new Script(code)).code;

function answerOf(code: string): unknown {
  const context: { answer?: unknown } = {};
  runInNewContext(code, context);
  return context.answer;
}

describe("functions that are called once", () => {
  it.each([
    ["declared ones", "globalThis.f=()=>g(1)+1;function g(a){return a*3}globalThis.answer=f()", 4],
    ["arrows", "const g=(a)=>a*3;globalThis.f=()=>g(1)+1;globalThis.answer=f()", 4],
    ["one in another", "const h=(a)=>a*5;const g=(a)=>h(a)*3;globalThis.f=()=>g(1);globalThis.answer=f()", 15],
    [
      "inner ones, with the scope around them",
      "globalThis.f=()=>{let n=2;const g=()=>n*3;n=4;return g()};globalThis.answer=f()",
      12,
    ],
    ["with names of their own", "const g=(b)=>{let n=b;return n};globalThis.f=(n)=>g(1)+n;globalThis.answer=f(2)", 3],
  ])("move to their call: %s", (_, code, answer) => {
    const inlined = inline(code);
    expect(inlined).not.toMatch(/\b[gh]\b/);
    expect(answerOf(inlined)).toBe(answer);
  });

  it.each([
    ["what is called twice", "const g=()=>3;globalThis.f=()=>g()+g();globalThis.answer=f()", 6],
    ["what is passed on", "const g=()=>3;globalThis.f=()=>[1].map(g)[0];g();globalThis.answer=f()", 3],
    [
      "what is called in a loop",
      "const g=()=>3;globalThis.f=()=>{let n=0;while(n<4)n+=g();return n};globalThis.answer=f()",
      6,
    ],
    ["what is called for each item", "const g=(n)=>n*3;globalThis.f=()=>[1].map(n=>g(n))[0];globalThis.answer=f()", 3],
    [
      "what a method that is called in a loop calls",
      "const g=()=>3;const o={next:()=>g()};globalThis.f=()=>{for(;;)return o.next()};globalThis.answer=f()",
      3,
    ],
    ["what the start calls", "function g(){return 3}function h(){return g()}globalThis.answer=h()", 3],
    ["what calls itself", "function g(n){return n?g(n-1):3}globalThis.f=()=>1;globalThis.answer=g(2)", 3],
    ["what makes functions that stay", "const g=(n)=>()=>n;globalThis.f=()=>g(3);globalThis.answer=f()()", 3],
    ["what would mean something else there", "let n=3;const g=()=>n;globalThis.f=(n)=>g();globalThis.answer=f(1)", 3],
    ["the same in a block", "globalThis.f=()=>{let n=3;const g=()=>n;{let n=4;return g()}};globalThis.answer=f()", 3],
    [
      "what asks for its arguments",
      "function g(){return arguments.length}globalThis.f=()=>g(1,2,3);globalThis.answer=f()",
      3,
    ],
  ])("stay where they are: %s", (_, code, answer) => {
    expect(inline(code)).toMatch(/\bg\(/);
    expect(answerOf(inline(code))).toBe(answer);
  });
});
