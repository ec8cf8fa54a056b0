/** Promises that a port keeps on every platform. They are in the firmware's dialect, because they also run on the interpreter. */

export interface Promised<Subject> {
  /** A present-tense promise. */
  title: string;
  /** Calls `done` once, with "" or with what is wrong. */
  run(subject: Subject, done: (problem: string) => void): void;
}

/** "" when both are equal, else a sentence with both. */
export function differs(what: string, actual: unknown, expected: unknown): string {
  const a = JSON.stringify(actual);
  const b = JSON.stringify(expected);
  return a === b ? "" : `${what} is ${a}, not ${b}`;
}

export function firstProblem(problems: string[]): string {
  for (let i = 0; i < problems.length; i++) if (problems[i] !== "") return problems[i];
  return "";
}
