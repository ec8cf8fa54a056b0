import Table from "cli-table3";
import type { Terminal } from "../terminal/terminal.ts";

/** Result of one check. `warn` is worth a look, `fail` has to be fixed, `skip` could not be checked. */
export interface Finding {
  name: string;
  verdict: "ok" | "warn" | "fail" | "skip";
  found: string;
  /** What to do, for `warn` and `fail`. */
  advice?: string;
}

const MARKS = { ok: "✓", warn: "!", fail: "✗", skip: "–" };

/** Prints the findings as a table, and below it what to do. */
export function printFindings(findings: Finding[], terminal: Terminal): void {
  const { green, yellow, red, dim } = terminal.colors;
  const paint = { ok: green, warn: yellow, fail: red, skip: dim };
  const table = new Table({
    head: ["", "what", "found"],
    style: { head: [], border: [] },
    colWidths: [3, 20, Math.max(40, terminal.columns - 27)],
    wordWrap: true,
  });
  for (const { name, verdict, found } of findings) {
    table.push([paint[verdict](MARKS[verdict]), name, terminal.secrets.mask(found)]);
  }
  terminal.print(table.toString());
  const todo = findings.filter(({ advice, verdict }) => advice !== undefined && verdict !== "ok");
  if (todo.length > 0) terminal.print("\nTo do:");
  for (const { name, verdict, advice } of todo) terminal.print(`  ${MARKS[verdict]} ${name}: ${advice}`);
}

/** Whether nothing has to be fixed. A check that was skipped is not a failure. */
export function allWell(findings: Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "fail");
}
