/** HARDWARE.md says how each fact is known. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../scripts/build/bundle.ts";

const lines = readFileSync(join(ROOT, "firmware/platform/HARDWARE.md"), "utf8").split("\n");
const TEST_FILE = /[\w-]+\.test\.ts/g;

describe("HARDWARE.md", () => {
  it("names the test of every fact that it marks as run", () => {
    const facts = lines.filter((line) => /(^|[ (|])run([ ,:)|]|$)/.test(line) && !line.startsWith("- **run**"));
    expect(facts.length).toBeGreaterThan(15);
    const runs = facts.filter((line) => /^[|-]/.test(line));
    expect(runs.filter((line) => line.match(TEST_FILE) === null)).toEqual([]);
  });

  it("names no test that does not exist", () => {
    const named = new Set(lines.flatMap((line) => line.match(TEST_FILE) ?? []));
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !existsSync(join(ROOT, "host-tests/interpreter", name)))).toEqual([]);
  });
});
