import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bundleFirmware, ROOT } from "../../../scripts/build/bundle.ts";
import { findMisread } from "../../../scripts/build/dialect/check-dialect.ts";
import { inlineCalledOnce } from "../../../scripts/build/passes/call-once.ts";
import { inlineConstants } from "../../../scripts/build/passes/constants.ts";
import { shortNames } from "../../../scripts/build/passes/mangle.ts";
import { forgetStart } from "../../../scripts/build/passes/start-only.ts";

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
  ])("stand where they are used: %s", (_, code, answer) => {
    const inlined = inlineConstants(code);
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
  ])("stay: %s", (_, code, answer) => {
    const inlined = inlineConstants(code);
    expect(inlined).toMatch(/\bvar a\b/);
    expect(answerOf(inlined)).toBe(answer);
  });

  it("leave the declarations around them", () => {
    expect(inlineConstants("var a=1,b=[a],c=2,d=[c],e=3;f(b,d,e)")).toBe("var b=[(1)],d=[(2)];f(b,d,(3))");
  });
});

describe("functions that are called once", () => {
  it.each([
    ["declared ones", "globalThis.f=()=>g(1)+1;function g(a){return a*3}globalThis.answer=f()", 4],
    ["arrows", "const g=(a)=>a*3;globalThis.f=()=>g(1)+1;globalThis.answer=f()", 4],
    ["one in another", "const h=(a)=>a*5;const g=(a)=>h(a)*3;globalThis.f=()=>g(1);globalThis.answer=f()", 15],
    [
      "inner ones, with their scope",
      "globalThis.f=()=>{let n=2;const g=()=>n*3;n=4;return g()};globalThis.answer=f()",
      12,
    ],
    ["with names of their own", "const g=(b)=>{let n=b;return n};globalThis.f=(n)=>g(1)+n;globalThis.answer=f(2)", 3],
  ])("stand where they are called: %s", (_, code, answer) => {
    const inlined = inlineCalledOnce(code);
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
  ])("stay: %s", (_, code, answer) => {
    expect(inlineCalledOnce(code)).toMatch(/\bg\(/);
    expect(answerOf(inlineCalledOnce(code))).toBe(answer);
  });
});

/** The names that are let go. */
function forgotten(code: string): string[] {
  return forgetStart(code).slice(code.length).split('"')[1]?.split(",") ?? [];
}

describe("names of the start", () => {
  it.each([
    ["factories", "function a(){return 1}var b=a();globalThis.c=()=>b;", ["a"]],
    ["what only factories use", "var k=[1];function a(){return k}var b=a();globalThis.c=()=>b;", ["a", "k"]],
    ["what functions that are called at once use", "var k=[1];globalThis.c=[2].map(e=>e+k[0]);", ["k"]],
    ["functions that call themselves", "function a(n){return n?a(n-1):0}globalThis.c=a(2);", ["a"]],
    ["what is in a block of the top", "function a(){}try{a()}catch(e){}", ["a"]],
  ])("are let go: %s", (_, code, names) => {
    expect(forgotten(code).sort()).toEqual(names);
  });

  it.each([
    ["what a kept function uses", "var k=[1];globalThis.c=()=>k;"],
    ["what a function in a factory's answer uses", "function h(){}globalThis.c=(()=>()=>h())();"],
    ["functions that are passed on, with what they use", "var k=[1];function a(){return k}setTimeout(a,1);"],
    ["what a passed function calls", "function b(){}function a(){b()}globalThis.c=a;a();"],
  ])("stay: %s", (_, code) => {
    expect(forgotten(code).filter((name) => /^[bhk]$/.test(name))).toEqual([]);
  });
});

describe("short names for properties", () => {
  const names = (code: string, foreign: string[] = []) => Object.keys(shortNames(code, foreign, ROOT)).sort();

  it("are for keys of the firmware's own, of more than four characters", () => {
    expect(names("x={rawestMs:1,four:2,inner:{}};x.rawestMs;x.unknownOne")).toEqual(["inner", "rawestMs"]);
  });

  it.each([
    ["Espruino's names", "x={enableWatchdog:1,readJSON:1,clsNow:1,repeat:1,debounce:1}"],
    ["the language's", "x={byteOffset:1,setUint32:1,forEach:1,prototype:1,toString:1,statusCode:1}"],
    ["the fields of a device file", "x={datastreams:1,intervalMs:1,syncEveryMs:1,connectEveryMs:1,activeLow:1}"],
    ["the fields of backfill.json", "x={networks:1,timeServers:1,consolePassword:1,token:1}"],
    ["quoted keys", 'x={"rawestMs":1}'],
    ["what a text names", 'x={rawestMs:1};x["raw"+"estMs"];x[k]="rawestMs"'],
  ])("leave alone %s", (_, code) => {
    expect(names(code)).toEqual([]);
  });

  it("leave alone whatever a device file has, in any place", () => {
    expect(names("x={ownWord:1,otherWord:2}", ["const a = { ownWord: 1 }"])).toEqual(["otherWord"]);
    expect(names("x={ownWord:1}", ["a['ownWord']"])).toEqual([]);
  });

  it("never are names in use", () => {
    const given = shortNames("x={rawestMs:1,_0:2};x._1", ["_2"], ROOT);
    expect(given).toEqual({ rawestMs: "_3" });
  });
});

describe("the firmware's bundle", () => {
  it("has nothing that Espruino misreads after all of it", async () => {
    const { code } = await bundleFirmware();
    expect(findMisread(code).map((finding) => `${finding.id}: ${finding.what}`)).toEqual([]);
  });
});
