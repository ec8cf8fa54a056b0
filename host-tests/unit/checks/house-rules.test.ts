import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatProblem, ROOT } from "../../../scripts/build/bundle.ts";
import { findBreaches } from "../../../scripts/checks/house-rules.ts";
import { trackedFiles } from "../../../scripts/checks/source-file.ts";
import { breachesIn, complaintsAbout, lines } from "./in-file.ts";

const TEXTS: [what: string, path: string, text: string, words: string][] = [
  [
    "a test that silences the others",
    "host-tests/unit/x.test.ts",
    `it.${"only"}("x", () => {});\n`,
    "silences all others",
  ],
  ["a package registry", "README.md", `see https://registry.${"npmjs"}.org\n`, "registry's host"],
  ["a path of one machine", "README.md", `at "/${"home"}/me/x"\n`, "a path of one machine"],
  ["where packages were fetched from", "package-lock.json", '"resolved": "x"\n', "fetched from"],
];

describe("the house rules", () => {
  it.each(TEXTS)("forbid %s", (_, path, text, words) => expect(complaintsAbout(path, text)).toContain(words));

  it("tell the line of a forbidden text", () => {
    expect(complaintsAbout("README.md", `\n\nat /${"tmp"}/x\n`)).toContain("README.md:3:1: ");
  });

  it("advise a shorter file and fail nothing for it", () => {
    const breaches = breachesIn({ "scripts/x.ts": lines(401) });
    expect(breaches.map(({ weight }) => weight)).toEqual(["advice"]);
    expect(breaches.map(formatProblem).join()).toContain("401 lines");
  });

  it("forbid a line of a comment with more than 130 characters, in code and in a shell script", () => {
    const comment = (start: string, characters: number) => `${start}${"x".repeat(characters - start.length)}\n`;
    for (const start of ["// ", "  // ", "/** ", " * "]) {
      const around = start === " * " ? ["/**\n", " */\n"] : ["", start === "/** " ? "*/\n" : ""];
      const text = (characters: number) => around.join(comment(start, characters));
      expect(complaintsAbout("scripts/x.ts", `${text(131)}export {};\n`)).toContain("a comment of 131 characters");
      expect(complaintsAbout("scripts/x.ts", `${text(130)}export {};\n`)).toBe("");
    }
    expect(complaintsAbout("findings/x.sh", `\n${comment("# ", 131)}`)).toContain(
      "findings/x.sh:2:1: a comment of 131",
    );
  });

  it("let long lines of code, of Markdown and of Biome's own comments be", () => {
    const long = "x".repeat(140);
    expect(complaintsAbout("scripts/x.ts", `export const a = "${long}";\n`)).toBe("");
    expect(complaintsAbout("scripts/x.ts", `// biome-ignore lint/a/b: ${long}\nexport {};\n`)).toBe("");
    expect(complaintsAbout("README.md", `| ${long} |\n`)).toBe("");
  });

  it("name file and line of what cannot be parsed", () => {
    expect(() => breachesIn({ "scripts/x.ts": "\nconst = 1;\n" })).toThrow("scripts/x.ts:2:1: ");
  });

  it("hold in this repository", () => {
    const breaches = findBreaches(trackedFiles(ROOT));
    expect(breaches.filter(({ weight }) => weight === "error").map(formatProblem)).toEqual([]);
  });
});

describe("npm run check", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "backfill-house-"));
    for (const path of ["scripts", "firmware", "package.json", ".biome.json", ".gitignore"])
      cpSync(join(ROOT, path), join(root, path), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    git("init", "--quiet");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  // A Git hook that runs the tests sets GIT_DIR to this repository; a CI may ask for colours.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(GIT_|FORCE_COLOR)/.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: "1" };

  function git(...args: string[]): void {
    execFileSync("git", args, { cwd: root, env });
  }

  function plant(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  function check(): { status: number | null; output: string } {
    const args = [join("node_modules", "tsx", "dist", "cli.mjs"), join("scripts", "check.ts"), "lint", "house"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
    return { status, output: stdout + stderr };
  }

  it("fails for every planted breach in a tracked file and passes over what Git does not track", () => {
    const long = `export function f(go: () => void) {\n${lines(71)}}\n`;
    const stray = `import "../host-tests/a.ts"\nvar unused = 1 // at /${"home"}/me/x\n`;
    plant("notes.ts", stray);
    plant("scripts/stray.ts", stray);
    plant("scripts/tracked.ts", "export {};\n");
    git("add", "scripts/tracked.ts");
    expect(check()).toEqual({ status: 0, output: "✓ lint and format\n✓ house rules\n" });

    plant("firmware/clock/planted-arrow.ts", 'export { a } from "../../scripts/simulator/a.ts";\n');
    plant("scripts/build/planted-length.ts", long);
    plant("scripts/interpreter/planted-arguments.ts", "export function f(a, b, c, d, e, f, g, h, i, j, k, l) {}\n");
    plant("firmware/clock/planted-twin.ts", "export {};\n");
    plant("scripts/console/planted-twin.ts", "export {};\n");
    git("add", "*planted*");
    const { status, output } = check();
    expect(status).toBe(1);
    expect(output).toContain(
      "firmware/clock/planted-arrow.ts:1:1: firmware/clock/ may not import scripts/simulator/a.ts",
    );
    expect(output).toContain("scripts/build/planted-length.ts:1:1: f has 71 lines");
    expect(output).toContain("scripts/interpreter/planted-arguments.ts:1:1: f takes 12 arguments");
    expect(output).toContain("scripts/console/planted-twin.ts:1:1: is called like firmware/clock/planted-twin.ts");
    expect(output).not.toContain("stray");
  });
});
