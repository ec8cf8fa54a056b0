import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "acorn";
import { expect, test } from "vitest";
import { ROOT } from "../../../scripts/build/bundle.ts";

const FILE = join(ROOT, "scripts/need-node.cjs");
const { scripts, engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Runs the check in a Node.js that says it has this version. */
function runAs(version: string) {
  const code = `Object.defineProperty(process.versions,"node",{value:"${version}"});require(${JSON.stringify(FILE)})`;
  const { status, stderr } = spawnSync(process.execPath, ["-e", code], { encoding: "utf8" });
  return { status, stderr };
}

test.each(["0.10.48", "4.9.1", "18.20.8", "20.9.0", "20.18.3"])("Node.js %s is refused in words", (version) => {
  const needed = engines.node.replace(">=", "");
  expect(runAs(version)).toEqual({
    status: 1,
    stderr: `Node.js ${version} is too old: ${needed} or newer is needed. https://nodejs.org has it.\n`,
  });
});

test.each(["20.19.0", "20.20.2", "22.0.0", "100.0.0"])("Node.js %s is taken", (version) => {
  expect(runAs(version)).toEqual({ status: 0, stderr: "" });
});

test("the oldest Node.js can read the check", () => {
  expect(() => parse(readFileSync(FILE, "utf8"), { ecmaVersion: 5 })).not.toThrow();
});

test("every command checks before it loads anything", () => {
  for (const [verb, line] of Object.entries(scripts)) expect(line, verb).toMatch(/^node scripts\/need-node\.cjs && /);
});
