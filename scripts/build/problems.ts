import { resolve } from "node:path";
import { ROOT } from "./paths.ts";

/** One complaint about the source: where (line and column count from 1), what, and what to write instead. */
export interface Problem {
  /** Relative to the repository's root; "" if the problem has no place. */
  file: string;
  line: number;
  column: number;
  text: string;
  instead?: string;
}

/** The sources can't become firmware. `message` has one line for each problem, as `file:line:column: text`. */
export class BundleError extends Error {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "BundleError";
    this.problems = problems;
  }
}

export function formatProblem(problem: Problem): string {
  // A path that leads out of the repository is hard to follow.
  const file = problem.file.startsWith("../") ? resolve(ROOT, problem.file) : problem.file;
  const place = file === "" ? "" : `${file}:${problem.line}:${problem.column}: `;
  return place + problem.text + (problem.instead ? `. Instead: ${problem.instead}` : "");
}
