/** The house's rules that no linter knows, each in a file of its own, and the one way to run them. */
import { formatProblem, type Problem } from "../build/bundle.ts";
import { findBackArrows } from "./arrows.ts";
import { findEspruinoNames } from "./espruino-names.ts";
import { findLongFiles } from "./file-length.ts";
import { findForbiddenTexts } from "./forbidden-texts.ts";
import { findFunctionsInConstants } from "./function-form.ts";
import { findLongFunctions } from "./function-size.ts";
import { findRetiredWords, findTwinFiles } from "./names.ts";
import { NOT_YET } from "./not-yet.ts";
import { findManyParameters } from "./parameters.ts";
import type { SourceFile } from "./source-file.ts";

export interface Breach extends Problem {
  rule: string;
  /** "error" fails the check, "advice" is told and fails nothing, "not yet" is counted only. */
  weight: "error" | "advice" | "not yet";
}

interface Rule {
  name: string;
  find: (files: SourceFile[]) => Problem[];
  isAdvice?: true;
}

const RULES: Rule[] = [
  { name: "forbidden texts", find: inEach(findForbiddenTexts) },
  { name: "arrows", find: inEach(findBackArrows) },
  { name: "Espruino's names", find: inEach(findEspruinoNames) },
  { name: "function size", find: inEach(findLongFunctions) },
  { name: "parameters", find: inEach(findManyParameters) },
  { name: "function form", find: inEach(findFunctionsInConstants) },
  { name: "twin files", find: findTwinFiles },
  { name: "retired words", find: inEach(findRetiredWords) },
  { name: "file length", find: inEach(findLongFiles), isAdvice: true },
];

/** Every breach of the house's rules in these files. */
export function findBreaches(files: SourceFile[]): Breach[] {
  return RULES.flatMap(({ name, find, isAdvice }) =>
    find(files).map((problem): Breach => {
      const isNotYet = NOT_YET.some(([rule, path]) => rule === name && problem.file.startsWith(path));
      return { ...problem, rule: name, weight: isNotYet ? "not yet" : isAdvice ? "advice" : "error" };
    }),
  );
}

/** One line a breach, as `file:line:column: text`; of those that wait, one line for each room and rule. */
export function tellBreaches(breaches: Breach[]): string {
  const lines = breaches
    .filter(({ weight }) => weight !== "not yet")
    .map((one) => (one.weight === "advice" ? "advice: " : "") + formatProblem(one));
  for (const [rule, path] of NOT_YET) {
    const hidden = breaches.filter((one) => one.weight === "not yet" && one.rule === rule && one.file.startsWith(path));
    if (hidden.length > 0) lines.push(`not yet: ${hidden.length} × ${rule} in ${path}`);
  }
  return lines.join("\n");
}

function inEach(find: (file: SourceFile) => Problem[]): Rule["find"] {
  return (files) => files.flatMap(find);
}
