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
  const place = problem.file === "" ? "" : `${problem.file}:${problem.line}:${problem.column}: `;
  return place + problem.text + (problem.instead ? `. Instead: ${problem.instead}` : "");
}
