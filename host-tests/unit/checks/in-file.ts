import { formatProblem } from "../../../scripts/build/bundle.ts";
import { type Breach, findBreaches } from "../../../scripts/checks/house-rules.ts";
import { SourceFile } from "../../../scripts/checks/source-file.ts";

/** The house rules' breaches in files that exist only in the test, by path. */
export function breachesIn(files: { [path: string]: string }): Breach[] {
  return findBreaches(Object.entries(files).map(([path, text]) => new SourceFile(path, text)));
}

/** The breaches in one such file, as `npm run check` prints them. */
export function complaintsAbout(path: string, text: string): string {
  return breachesIn({ [path]: text })
    .map(formatProblem)
    .join("\n");
}

/** A body of `count` indented lines. */
export function lines(count: number, line = "go();"): string {
  return `  ${line}\n`.repeat(count);
}
