/**
 * How long a line of a comment may be. The formatter breaks code and leaves comments alone; Biome has no rule for them.
 * Tables and pictures in FORMAT.md and other Markdown are not comments.
 */
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

const LINE_CHARACTERS_MAX = 130;

/** A line that is a comment and nothing else, in TypeScript, or in a shell script. */
const COMMENT = { code: /^\s*(\/\/|\/?\*)/, shell: /^\s*#/ };

/** Every line of a comment that is longer. Comments for Biome have to stand on one line. */
export function findLongComments(file: SourceFile): Problem[] {
  const isShell = file.path.endsWith(".sh");
  if (!isShell && !file.path.endsWith(".ts")) return [];
  const pattern = isShell ? COMMENT.shell : COMMENT.code;
  let at = 0;
  return file.text.split("\n").flatMap((line) => {
    const start = at;
    at += line.length + 1;
    if (line.length <= LINE_CHARACTERS_MAX || !pattern.test(line) || line.includes("biome-ignore")) return [];
    return [
      file.problem(start, `a comment of ${line.length} characters, the limit is ${LINE_CHARACTERS_MAX}`, "two lines"),
    ];
  });
}
