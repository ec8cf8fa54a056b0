import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { renameTopLevel } from "../../../scripts/build/passes/top-level.ts";

const rename = (code: string) => renameTopLevel(new Script(code)).code;

function globalsOf(code: string): string[] {
  const context: { [name: string]: unknown } = {};
  runInNewContext(code.replace(/\b(let|const) /g, "var "), context);
  return Object.keys(context);
}

describe("new names at the top of a script", () => {
  it.each([
    ["variables and functions", "var a=1;let b=2;const c=3;function D0(){return a+b+c}globalThis.answer=D0()", 6],
    ["what an inner name hides", "var a=1;function b(a){return a}globalThis.answer=b(5)+a", 6],
    ["shorthand properties", "var a=1;globalThis.answer={a}.a+{a:2}.a", 3],
    ["members and keys of the same name", "var a={a:4};globalThis.answer=a.a", 4],
    ["uses before the declaration", "function f(){return g()}function g(){return 7}globalThis.answer=f()", 7],
    ["names in blocks", "var a=1;try{let a=5;globalThis.answer=a}catch(b){}globalThis.answer+=a", 6],
    ["names that start with $ already", "var $0=1,b=2;globalThis.answer=$0+b", 3],
    ["loops", "var s=0;for(let i=0;i<3;i++)s+=i;for(const i of [4])s+=i;globalThis.answer=s", 7],
    ["assignments", "var a;a=3;a+=1;[a]=[a+1];globalThis.answer=a", 5],
  ])("keep the meaning of %s", (_, code, answer) => {
    const context: { answer?: unknown } = {};
    runInNewContext(rename(code), context);
    expect(context.answer).toBe(answer);
  });

  it("leave no global that a person would type", () => {
    const code = rename("var a=1;function D2(){return a}const t=D2();globalThis.backfill={t}");
    expect(globalsOf(code).filter((name) => !name.startsWith("$"))).toEqual(["backfill"]);
  });

  it("leave globals, strings and inner names alone", () => {
    expect(rename('var a=E.CRC32("a");(()=>{let b=a;return b})()')).toBe(
      'var $0=E.CRC32("a");(()=>{let b=$0;return b})()',
    );
  });
});
