/**
 * How long a line of a comment may be. The formatter breaks code and leaves comments alone; Biome has no rule for them.
 * Tables and pictures in FORMAT.md and other Markdown are not comments.
 */
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

const LINE_CHARACTERS_MAX = 130;

/** Files that are still to be wrapped. It gets shorter and is never added to. */
const NOT_YET = new Set<string>([
  "firmware/clock/clock.ts",
  "firmware/clock/sntp.ts",
  "firmware/clock/time-map.ts",
  "firmware/platform/analog.ts",
  "firmware/platform/chip.ts",
  "firmware/platform/flash.ts",
  "firmware/platform/modules.ts",
  "firmware/platform/partitions.ts",
  "firmware/platform/ports.ts",
  "firmware/platform/pulses.ts",
  "firmware/platform/store.ts",
  "firmware/sensors/pulse.ts",
  "firmware/storage/ledger/banks.ts",
  "firmware/storage/ledger/fixes.ts",
  "firmware/storage/ledger/ledger-types.ts",
  "firmware/upload/outcome.ts",
  "firmware/upload/overload.ts",
  "scripts/console/unit/published-modules.ts",
  "scripts/simulator/device-source.ts",
  "scripts/simulator/fleet.ts",
  "scripts/simulator/scenarios/time.ts",
]);

/** A line that is a comment and nothing else, in TypeScript, or in a shell script. */
const COMMENT = { code: /^\s*(\/\/|\/?\*)/, shell: /^\s*#/ };

/** Every line of a comment that is longer. Comments for Biome have to stand on one line. */
export function findLongComments(file: SourceFile): Problem[] {
  const isShell = file.path.endsWith(".sh");
  if (NOT_YET.has(file.path) || !(isShell || file.path.endsWith(".ts"))) return [];
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
