/** The house's rules that no linter knows: who may name Espruino, who may import whom, what no tracked file may hold. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import * as acorn from "acorn";
import { transformSync } from "esbuild";
import { childrenOf, isFunction, type Node, resolveNames } from "../build/ast/scopes.ts";
import { type Problem, ROOT } from "../build/bundle.ts";
import { GLOBALS, PIN_NAME } from "../build/dialect/library.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 80;

/** JavaScript's own names: these may stand anywhere. Timers may not, they are a port. */
const ANYWHERE =
  /^(Array|ArrayBuffer|Boolean|DataView|Date|Error|\w*Error|\w+Array|Function|Infinity|JSON|Math|NaN|Number|Object|Promise|RegExp|String|arguments|console|decodeURIComponent|encodeURIComponent|globalThis|isFinite|isNaN|parseFloat|parseInt|undefined)$/;

/** Each folder and what of the firmware it may import: a folder, a file, or a file for its types only. */
const ARROWS: { [folder: string]: string[] } = {
  "firmware/platform/": ["firmware/platform/"],
  "firmware/storage/": ["firmware/storage/", "firmware/platform/ports.ts", "firmware/limits.ts"],
  "firmware/clock/": ["firmware/clock/", "firmware/platform/ports.ts", "firmware/limits.ts", "type firmware/storage/"],
  "firmware/network/": [
    "firmware/network/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "firmware/verdict.ts",
    "type firmware/settings.ts",
  ],
  "firmware/panel/": [
    "firmware/panel/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "firmware/verdict.ts",
    "type firmware/device-types.ts",
  ],
  "firmware/sensors/": [
    "firmware/sensors/",
    "firmware/platform/",
    "firmware/limits.ts",
    "type firmware/storage/",
    "type firmware/clock/",
    "type firmware/device-types.ts",
  ],
  "firmware/upload/": [
    "firmware/upload/",
    "firmware/storage/",
    "firmware/clock/",
    "firmware/network/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "firmware/verdict.ts",
    "type firmware/settings.ts",
    "type firmware/device-types.ts",
  ],
  // Written from the contract, not from the client: otherwise both share one misunderstanding.
  "scripts/blynk-stand-in/": ["scripts/blynk-stand-in/"],
};

/** What no tracked file may hold. */
const FORBIDDEN: [what: string, pattern: RegExp, files: RegExp][] = [
  ["a test that silences all others", /\b(it|test|describe)\.only\b/, /\.test\.ts$/],
  ["a package registry's host", /\bregistry\.\w+\.|\bnpmjs\.|\byarnpkg\.com/, /(?<!house-rules(\.test)?\.ts)$/],
  ["a path of one machine", /(^|["'`\s(=:])\/(home|root|Users|work|tmp)\//, /(?<!house-rules(\.test)?\.ts)$/],
  ["where each package was fetched from (.npmrc leaves that out)", /"resolved":/, /package-lock\.json$/],
];

/** A breach; advice is told and fails nothing. */
export type Breach = Problem & { isAdvice?: true };

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  path: string;
  text: string;
}

/** Every tracked text file. */
export function trackedFiles(): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed.split("\0").flatMap((path) => {
    if (path === "" || /\.(png|bin|gz|ico)$/.test(path)) return [];
    try {
      return [{ path, text: readFileSync(join(ROOT, path), "utf8") }];
    } catch {
      // Deleted, and not committed yet.
      return [];
    }
  });
}

/** Every breach of the house's rules in these files. */
export function findBreaches(files: SourceFile[]): Breach[] {
  const problems: Breach[] = files.flatMap(findForbidden);
  for (const file of files) {
    if (!file.path.endsWith(".ts") || file.path.endsWith(".d.ts")) continue;
    problems.push(...findWrongImports(file));
    const lines = file.text.split("\n").length - 1;
    if (lines > FILE_LINES_MAX && !file.path.endsWith(".test.ts")) {
      const text = `${lines} lines, the house means ${FILE_LINES_MAX} at most`;
      problems.push({ ...problemAt(file, 1, text, "one noun a file"), isAdvice: true });
    }
    if (file.path.startsWith("firmware/")) problems.push(...findInCode(file));
  }
  return problems;
}

function problemAt(file: SourceFile, line: number, text: string, instead?: string): Problem {
  return { file: file.path, line, column: 1, text, instead };
}

function findForbidden(file: SourceFile): Problem[] {
  const rules = FORBIDDEN.filter(([, , files]) => files.test(file.path));
  if (rules.length === 0) return [];
  return file.text.split("\n").flatMap((line, i) => {
    return rules.filter(([, pattern]) => pattern.test(line)).map(([what]) => problemAt(file, i + 1, `holds ${what}`));
  });
}

function findWrongImports(file: SourceFile): Problem[] {
  const folder = Object.keys(ARROWS).find((one) => file.path.startsWith(one));
  if (folder === undefined) return [];
  const problems: Problem[] = [];
  for (const found of file.text.matchAll(/^(?:import|export)\s+(type\s+)?[^;]*?from\s+"(\.[^"]+)"/gms)) {
    const target = normalize(join(dirname(file.path), found[2])).replaceAll("\\", "/");
    if (!target.startsWith("firmware/") && !target.startsWith("scripts/")) continue;
    const isAllowed = ARROWS[folder].some((one) => {
      return (
        target.startsWith(one) || (found[1] !== undefined && one.startsWith("type ") && target.startsWith(one.slice(5)))
      );
    });
    if (isAllowed) continue;
    const line = file.text.slice(0, found.index).split("\n").length;
    problems.push(problemAt(file, line, `${folder} may not import ${target}`, "take it as an argument"));
  }
  return problems;
}

function findInCode(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  const bare = transformSync(file.text, {
    loader: "ts",
    target: "esnext",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const program = acorn.parse(bare.code, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
  }) as unknown as Node;
  // Lines of functions inside don't count: a factory is a list of them.
  const ownLines = (node: Node): number => {
    const inner = childrenOf(node).reduce((sum, child) => sum + ownLines(child), 0);
    if (!isFunction(node)) return inner;
    const lines = (node.loc?.end.line ?? 0) - (node.loc?.start.line ?? 0) + 1;
    if (lines - inner > FUNCTION_LINES_MAX) {
      const name = node.id?.name ?? "a function";
      problems.push(
        problemAt(file, lineOf(file, name), `${name} has ${lines - inner} lines, the limit is ${FUNCTION_LINES_MAX}`),
      );
    }
    return lines;
  };
  ownLines(program);
  if (file.path.startsWith("firmware/platform/")) return problems;
  for (const use of resolveNames(program)) {
    const name = use.node.name;
    if (use.binding !== undefined || ANYWHERE.test(name) || !(GLOBALS.has(name) || PIN_NAME.test(name))) continue;
    problems.push(
      problemAt(file, lineOf(file, name), `names ${name}, which is Espruino's`, "a port of firmware/platform"),
    );
  }
  return problems;
}

function lineOf(file: SourceFile, name: string): number {
  return file.text.split("\n").findIndex((line) => new RegExp(`\\b${name}\\b`).test(line)) + 1;
}
