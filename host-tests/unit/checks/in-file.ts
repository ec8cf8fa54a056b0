import { formatProblem } from "../../../scripts/build/bundle.ts";
import { type Breach, findBreaches } from "../../../scripts/checks/house-rules.ts";
import { SourceFile } from "../../../scripts/checks/source-file.ts";

/** What the house rules say of files that exist only here, by path. */
export function breachesIn(files: { [path: string]: string }): Breach[] {
  return findBreaches(Object.entries(files).map(([path, text]) => new SourceFile(path, text)));
}

/** The same of one file, as `npm run check` prints it. */
export function complaintsAbout(path: string, text: string): string {
  return breachesIn({ [path]: text })
    .map(formatProblem)
    .join("\n");
}

/** A body of so many lines, each indented. */
export function lines(count: number, line = "go();"): string {
  return `  ${line}\n`.repeat(count);
}
