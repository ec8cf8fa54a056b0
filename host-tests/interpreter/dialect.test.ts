import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { RULES } from "../../scripts/dialect.ts";

const espruino = process.env.ESPRUINO;

/** What the interpreter makes of each expression: its JSON, or "throws". */
function evaluate(expressions: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "dialect-"));
  const lines = expressions.map((expression, i) => {
    const text = JSON.stringify(expression);
    return `try { print("${i}=" + JSON.stringify(eval(${text}))); } catch (e) { print("${i}=throws"); }`;
  });
  try {
    writeFileSync(join(folder, "rows.js"), lines.join("\n"));
    const printed = execFileSync(espruino as string, ["rows.js"], { cwd: folder, timeout: 30_000, encoding: "utf8" });
    return expressions.map((_, i) => new RegExp(`^[^\\d]*${i}=(.*?)\\r?$`, "m").exec(printed)?.[1] ?? "nothing");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const inJavaScript = (expression: string) => JSON.stringify(runInNewContext(expression));

describe.skipIf(espruino === undefined)("Espruino", () => {
  const examples = espruino === undefined ? [] : evaluate(RULES.map((rule) => rule.example));
  const better = espruino === undefined ? [] : evaluate(RULES.map((rule) => rule.better));
  RULES.forEach((rule, i) => {
    it(`misreads ${rule.id}`, () => expect(examples[i]).not.toBe(inJavaScript(rule.example)));
    it(`reads what to write instead of ${rule.id}`, () => expect(better[i]).toBe(inJavaScript(rule.better)));
  });
});
