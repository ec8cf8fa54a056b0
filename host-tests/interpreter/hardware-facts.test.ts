/** Facts that firmware/platform/HARDWARE.md marks as run and no other test shows. */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type Interpreter, LINUX_FLASH, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { provision } from "../../scripts/interpreter/provision-flash.ts";
import { describeEspruino } from "./describe-espruino.ts";

let cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

async function boot(program: string): Promise<Interpreter> {
  const folder = await provision({ program });
  cleanUp.push(() => folder.remove());
  const interpreter = startInterpreter(folder.path);
  cleanUp.push(() => interpreter.kill());
  return interpreter;
}

/** A program's answer, through JSON. */
async function answerOf<T>(expression: string): Promise<T> {
  const interpreter = await boot(`print("ANSWER "+JSON.stringify(${expression}))`);
  return JSON.parse((await interpreter.line(/^ANSWER /)).slice("ANSWER ".length)) as T;
}

describeEspruino("Espruino for Linux", { timeout: 30_000 }, () => {
  it("knows the page of an address within its flash, and of no other", async () => {
    const page = await answerOf<{ addr: number; length: number }>(
      `require("Flash").getPage(${LINUX_FLASH.address + 5})`,
    );
    expect(page.addr).toBe(LINUX_FLASH.address);
    expect([1024, 4096]).toContain(page.length);
    expect(await answerOf(`typeof require("Flash").getPage(0x8000)`)).toBe("undefined");
  });

  it("finds a text of which only the beginning stands at the end", async () => {
    const found = await answerOf(
      `["abc".indexOf("cd"), "abc".includes("cd"), "abc".lastIndexOf("cd"), !!"abc".match(/cd/)]`,
    );
    expect(found).toEqual([2, true, -1, false]);
  });

  it("draws the same numbers at every boot until it is seeded", async () => {
    const draw = "[Math.random(),E.hwRand(),Math.random()]";
    expect(await answerOf(draw)).toEqual(await answerOf(draw));
    const seeded = (seed: number) => answerOf(`(E.srand(${seed}),${draw})`);
    expect(await seeded(1)).not.toEqual(await seeded(2));
  });

  it("ends an answer that is cut short with a close and no error", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanUp.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const interpreter = await boot(`
require("http").get({ host: "127.0.0.1", port: ${port}, path: "/" }, function (res) {
  res.on("data", function (d) { print("data", d, typeof res.statusCode); });
  res.on("close", function (e) { print("close", e); });
}).on("error", function (e) { print("error", e.code); });`);
    expect(await interpreter.line(/^close/)).toBe("close false");
    expect(interpreter.lines().filter((line) => /^(data|error)/.test(line))).toEqual(["data abc string"]);
  });

  it("reads a loop's body variables anew in each round, and refuses to set an array's length", async () => {
    const closures =
      "(function(){var f=[];for(var i=0;i<3;i++){let n=i;f.push(function(){return n})}return f.map(function(g){return g()})})()";
    expect(await answerOf(closures)).toEqual([0, 1, 2]);
    const setLength = '(function(){try{[1].length=0;return "set"}catch(e){return "thrown"}})()';
    expect(await answerOf(setLength)).toBe("thrown");
    expect(await answerOf('/a.b/.test("a\\nb")')).toBe(true);
  });

  it("takes 6 JsVars for a function of the top level, and 7 within another function", async () => {
    const functions = Array.from({ length: 100 }, (_, i) => `function f${i}(a,b){var c=a+b;return c+${i}}`).join("");
    const used = async (code: string) => {
      const interpreter = await boot(`${code}print("USED",process.memory().usage)`);
      return Number((await interpreter.line(/^USED/)).slice(5));
    };
    const none = await used("");
    const keep = Array.from({ length: 100 }, (_, i) => `f${i}`).join();
    expect(Math.round(((await used(functions)) - none) / 100)).toBe(6);
    const within = await used(`var kept=(function(){${functions}return function(){return [${keep}]}})();`);
    expect(Math.round((within - none) / 100)).toBe(7);
  });
});
