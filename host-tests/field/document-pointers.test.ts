import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/build/bundle.ts";

const sources = readdirSync(join(ROOT, "scripts"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(ROOT, "scripts", name), "utf8") }));

describe("messages that point to a document", () => {
  it("name a section that the document has", () => {
    const pointers = sources.flatMap(({ text }) => [...text.matchAll(/“([^”]+)” in (docs\/[\w.-]+\.md)/g)]);
    expect(pointers.length).toBeGreaterThan(5);
    for (const [, section, document] of pointers) {
      const headings = readFileSync(join(ROOT, document), "utf8").match(/^#.*$/gm)?.join("\n");
      expect(headings, `“${section}” in ${document}`).toContain(section);
    }
  });

  it("never send a person to the README for what has moved to docs/", () => {
    const stale = sources.filter(({ text }) => /(in|see) the README/.test(text)).map(({ name }) => name);
    expect(stale).toEqual([]);
  });
});
