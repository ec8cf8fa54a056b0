/** Advice on the length of a file: mostly under 200 lines, advice from 400 on. It fails nothing: one noun may need the lines. */
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/** Twice the usual length of a file (CONTRIBUTING.md). */
const FILE_LINES_MAX = 400;

/** Every file of code that is longer; tests may be. */
export function findLongFiles(file: SourceFile): Problem[] {
  if (!file.isCode || file.path.endsWith(".test.ts")) return [];
  const lines = file.text.split("\n").length - 1;
  if (lines <= FILE_LINES_MAX) return [];
  return [
    file.problem(0, `${lines} lines, files are mostly under 200 and have ${FILE_LINES_MAX} at most`, "one noun a file"),
  ];
}
