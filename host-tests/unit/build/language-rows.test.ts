/** Without an interpreter: what host-tests/interpreter/dialect.test.ts runs is refused, accepted and mended. */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { checkDialect } from "../../../scripts/build/dialect/check-dialect.ts";
import { findMisread } from "../../../scripts/build/dialect/misread.ts";
import { mend } from "../../../scripts/build/passes/mends.ts";
import { ALLOWED_ROWS, MENDED_ROWS, REFUSED_ROWS } from "../../interpreter/language-rows.ts";

const idsIn = (code: string) => findMisread(mend(new Script(`var answer;${code}`))).map(({ id }) => id);
const answerOf = (code: string) => JSON.stringify(runInNewContext(`var answer;${code};answer`));

describe("a row that the interpreter gets wrong", () => {
  for (const { name, code } of REFUSED_ROWS) {
    it(`is refused, or mended without a change: ${name}`, () => {
      if (idsIn(code).length === 0) expect(answerOf(mend(new Script(code)).code)).toBe(answerOf(code));
      expect(findMisread(new Script(`var answer;${code}`))).not.toEqual([]);
    });
  }
  for (const { name, code } of MENDED_ROWS) {
    it(`is mended without a change: ${name}`, () => {
      expect(idsIn(code)).toEqual([]);
      expect(answerOf(mend(new Script(code)).code)).toBe(answerOf(code));
    });
  }
});

describe("a row that the interpreter gets right", () => {
  for (const { name, code } of ALLOWED_ROWS) it(`is accepted: ${name}`, () => expect(idsIn(code)).toEqual([]));
});

describe("the message", () => {
  const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;

  it("names each line of TypeScript and what to write instead", async () => {
    const deviceSource = [
      "class A { static s() { return 1; } get if() { return 1; } }",
      "class B extends A { get x() { return super.if; } }",
      "const o = { get default() { return 2; } };",
      'const r = new RegExp("a?b");',
      "export const device = { o, r, b: new B(), s: (B as unknown as typeof A).s() };",
      'print(/^(a|b)c/.test("x"), B.s());',
    ].join("\n");
    const problems = await checkDialect({ entry, deviceSource });
    expect(problems.map(({ line, text }) => `${line}: ${text}`)).toEqual([
      "1: a class member called if",
      "2: super.if",
      "3: get default",
      "4: a regular expression with ?",
      "5: B.s, a static member of A",
      "6: a regular expression with | in a group",
      "6: B.s, a static member of A",
    ]);
    for (const { file, instead } of problems) {
      expect(file).toMatch(/device\.ts$/);
      expect(instead).not.toBe("");
    }
  });
});
