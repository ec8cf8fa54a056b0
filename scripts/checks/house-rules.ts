/** The house's rules that no linter knows, each in a file of its own, and the one way to run them. */
import { formatProblem, type Problem } from "../build/bundle.ts";
import { findBackArrows } from "./arrows.ts";
import { findLongComments } from "./comment-length.ts";
import { findEspruinoNames } from "./espruino-names.ts";
import { findLongFiles } from "./file-length.ts";
import { findForbiddenTexts } from "./forbidden-texts.ts";
import { findFunctionsInConstants } from "./function-form.ts";
import { findLongFunctions } from "./function-size.ts";
import { findRetiredWords, findTwinFiles } from "./names.ts";
import { findManyParameters } from "./parameters.ts";
import type { SourceFile } from "./source-file.ts";

export interface Breach extends Problem {
  rule: string;
  /** An "error" fails the check. "advice" is only shown. */
  weight: "error" | "advice";
}

interface Rule {
  name: string;
  find: (file: SourceFile) => Problem[];
  isAdvice?: true;
}

/** Each reads one file at a time. Only twin files need all files together. */
const RULES: Rule[] = [
  { name: "forbidden texts", find: findForbiddenTexts },
  { name: "arrows", find: findBackArrows },
  { name: "Espruino's names", find: findEspruinoNames },
  { name: "function size", find: findLongFunctions },
  { name: "parameters", find: findManyParameters },
  { name: "function form", find: findFunctionsInConstants },
  { name: "retired words", find: findRetiredWords },
  { name: "comment length", find: findLongComments },
  { name: "file length", find: findLongFiles, isAdvice: true },
];

/** Every breach of the house's rules in these files. Throws BundleError when one of them cannot be parsed. */
export function findBreaches(files: SourceFile[]): Breach[] {
  const breaches = files.flatMap((file) => {
    const found = RULES.flatMap((rule) => rule.find(file).map((problem) => breachOf(problem, rule)));
    file.forgetTree();
    return found;
  });
  return breaches.concat(findTwinFiles(files).map((problem) => breachOf(problem, { name: "twin files" })));
}

function breachOf(problem: Problem, { name, isAdvice }: Omit<Rule, "find">): Breach {
  return { ...problem, rule: name, weight: isAdvice ? "advice" : "error" };
}

/** One line for each breach, as `file:line:column: text`. */
export function tellBreaches(breaches: Breach[]): string {
  return breaches.map((one) => (one.weight === "advice" ? "advice: " : "") + formatProblem(one)).join("\n");
}
