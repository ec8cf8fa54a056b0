import Table from "cli-table3";
import type { Terminal } from "../terminal/terminal.ts";

/** One line of the doctor's report. `warn` asks for a look, `fail` for a hand, `skip` could not be tried. */
export interface Check {
  name: string;
  verdict: "ok" | "warn" | "fail" | "skip";
  found: string;
  /** What to do, for `warn` and `fail`. */
  advice?: string;
}

const MARKS = { ok: "✓", warn: "!", fail: "✗", skip: "–" };

/** The checks as a table, and below it what is to be done. */
export function printChecks(checks: Check[], terminal: Terminal): void {
  const { green, yellow, red, dim } = terminal.colors;
  const paint = { ok: green, warn: yellow, fail: red, skip: dim };
  const table = new Table({
    head: ["", "what", "found"],
    style: { head: [], border: [] },
    colWidths: [3, 20, Math.max(40, terminal.columns - 27)],
    wordWrap: true,
  });
  for (const check of checks) {
    table.push([paint[check.verdict](MARKS[check.verdict]), check.name, terminal.secrets.mask(check.found)]);
  }
  terminal.print(table.toString());
  const todo = checks.filter((check) => check.advice !== undefined && check.verdict !== "ok");
  if (todo.length > 0) terminal.print("\nTo do:");
  for (const check of todo) terminal.print(`  ${MARKS[check.verdict]} ${check.name}: ${check.advice}`);
}

/** Whether all is well; what could not be tried is no failure. */
export function allWell(checks: Check[]): boolean {
  return checks.every((check) => check.verdict !== "fail");
}
