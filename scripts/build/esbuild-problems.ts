/** What esbuild complains of, in words for somebody who writes a device file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { relative, resolve } from "node:path";
import * as esbuild from "esbuild";
import type { DeviceChoice } from "./device-plugin.ts";
import { didYouMean } from "./did-you-mean.ts";
import { FIRMWARE, ROOT } from "./paths.ts";
import type { Problem } from "./problems.ts";

const INSTEAD: [RegExp, string][] = [
  [/destructuring/, "read the members one by one"],
  [/default arguments/, "test the argument for undefined in the body"],
  [/rest arguments/, "pass an array"],
  [/array spread/, "concat() or apply()"],
  [/async|await/, "callbacks"],
  [/generator/, "a function that returns the next item at each call"],
  [/[Bb]ig integer/, "a number: doubles are exact to 2^53"],
  [/new\.target/, "a factory function"],
  [/dynamic import|import\.meta/, "a plain import at the top"],
];

/** esbuild's texts, and ours. Texts that are not here are clear enough, or not known yet. */
const TEXTS: [RegExp, string][] = [
  [/^Transforming (.*) to the configured target environment.*$/, "Espruino does not understand $1"],
  [/^Expected (.+) but found end of file$/, "the file ends too early: a bracket is not closed"],
  [/^Unexpected end of file$/, "the file ends too early: a bracket is not closed"],
  [/^Expected (.+) but found (.+)$/, "here is $2 where $1 has to be"],
  [/^Unterminated string literal$/, "a text has no closing quote"],
  [/^Unterminated template literal$/, "a text has no closing `"],
  [/^Unterminated regular expression$/, "a regular expression has no closing /"],
  [/^Unexpected (.+)$/, "$1 can't stand here"],
  [/^The symbol (.+) has already been declared$/, "$1 is declared twice"],
  [/^Cannot assign to (.+) because it is a constant$/, "$1 is a constant: nothing can be assigned to it"],
  [/^Multiple exports with the same name (.+)$/, "$1 is exported twice"],
];

/** A complaint of esbuild about a build with this device file. */
export function problemOf(message: esbuild.Message, choice: DeviceChoice): Problem {
  const { location } = message;
  const file = (location?.file ?? "").replace(/^(observed-sensor|device-source):/, "");
  const problem: Problem = {
    file,
    line: location?.line ?? 0,
    column: (location?.column ?? -1) + 1,
    text: message.text,
  };
  const source = sourceOf(file, choice);
  const comma = source === undefined ? undefined : findMissingComma(source, problem);
  if (comma !== undefined) return { ...problem, ...comma };
  const [pattern, words] = TEXTS.find(([known]) => known.test(message.text)) ?? [/$/, ""];
  problem.text = sayImport(message.text) ?? message.text.replace(pattern, words);
  problem.instead = INSTEAD.find(([known]) => known.test(problem.text))?.[1];
  return problem;
}

function sourceOf(file: string, choice: DeviceChoice): string | undefined {
  if (file === "device.ts" && choice.deviceSource !== undefined) return choice.deviceSource;
  const path = resolve(ROOT, file);
  return file !== "" && existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** The end of the text before a syntax error, if a comma there moves the error on, or leaves none. */
function findMissingComma(source: string, at: Problem): Partial<Problem> | undefined {
  if (!/^Expected .* but found /.test(at.text)) return undefined;
  const lines = source.split("\n");
  const before = [...lines.slice(0, at.line - 1), lines[at.line - 1].slice(0, at.column - 1)].join("\n");
  const end = endOfCode(before);
  const mended = firstSyntaxError(`${source.slice(0, end)},${source.slice(end)}`);
  if (mended !== undefined && mended.line < at.line + 1) return undefined;
  const upTo = source.slice(0, end).split("\n");
  return { line: upTo.length, column: upTo[upTo.length - 1].length + 1, text: "a comma is missing here" };
}

const LINE_COMMENT = /^((?:[^"'`/]|"[^"]*"|'[^']*'|`[^`]*`|\/(?!\/))*)\/\/.*$/;

/** Where the code of a text ends: before the blanks and comments behind it. */
function endOfCode(text: string): number {
  let code = text;
  for (;;) {
    code = code.trimEnd();
    const lineAt = code.lastIndexOf("\n") + 1;
    const comment = LINE_COMMENT.exec(code.slice(lineAt));
    if (comment !== null) code = code.slice(0, lineAt + comment[1].length);
    else if (code.endsWith("*/")) code = code.slice(0, code.lastIndexOf("/*"));
    else return code.length;
  }
}

function firstSyntaxError(source: string): esbuild.Location | undefined {
  try {
    esbuild.transformSync(source, { loader: "ts", logLevel: "silent" });
    return undefined;
  } catch (error) {
    return (error as esbuild.TransformFailure).errors?.[0]?.location ?? undefined;
  }
}

/** The words for an import that finds no file, or no such name in it; undefined for another complaint. */
function sayImport(text: string): string | undefined {
  const unresolved = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (unresolved !== undefined) return sayUnresolved(unresolved);
  const unmatched = /^No matching export in "(.+)" for import "(.+)"$/.exec(text);
  if (unmatched === null) return undefined;
  const path = resolve(ROOT, unmatched[1].replace(/^(observed-sensor|device-source):/, ""));
  const file = relative(ROOT, path);
  const exported = existsSync(path) ? [...readFileSync(path, "utf8").matchAll(EXPORTED)].map(([, name]) => name) : [];
  const guess = didYouMean(unmatched[2], exported);
  const all = guess === "" && exported.length > 0 ? `: it exports ${exported.join(", ")}` : guess;
  return `${file} exports no ${unmatched[2]}${all}`;
}

const EXPORTED = /^export (?:declare )?(?:function|const|let|class|interface|type) (\w+)/gm;

function sayUnresolved(name: string): string {
  const prefix = /^(espruino-backfill\/|(?:\.\.?\/)+)/.exec(name)?.[1];
  if (prefix === undefined) {
    return isBuiltin(name)
      ? `there is no ${name} on the device: it is Node.js's`
      : `there is no package ${name}: install it with npm beside the device file, if it runs under Espruino`;
  }
  const ending = name.endsWith(".ts") ? "" : ".ts";
  const files = readdirSync(FIRMWARE, { recursive: true }).map((path) => `${path}`.replaceAll("\\", "/"));
  const known = files
    .filter((path) => path.endsWith(".ts"))
    .map((path) => prefix + path.slice(0, path.length - ending.length));
  return `there is no file ${name}${didYouMean(name, known)}`;
}
