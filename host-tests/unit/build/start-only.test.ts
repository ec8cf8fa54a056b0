import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { forgetStart } from "../../../scripts/build/passes/start-only.ts";

/** The names that the script deletes at its end. */
function forgotten(code: string): string[] {
  return forgetStart(new Script(code)).code.slice(code.length).split('"')[1]?.split(",") ?? [];
}

describe("names of the start", () => {
  it.each([
    ["factories", "function a(){return 1}var b=a();globalThis.c=()=>b;", ["a"]],
    ["what only factories use", "var k=[1];function a(){return k}var b=a();globalThis.c=()=>b;", ["a", "k"]],
    ["what functions that are called at once use", "var k=[1];globalThis.c=[2].map(e=>e+k[0]);", ["k"]],
    ["functions that call themselves", "function a(n){return n?a(n-1):0}globalThis.c=a(2);", ["a"]],
    ["what is in a block of the top", "function a(){}try{a()}catch(e){}", ["a"]],
  ])("are deleted: %s", (_, code, names) => {
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
