/** What no tracked file may hold. */
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/** All files but this rule and its test, which name what they forbid. */
const ELSEWHERE = /^(?!.*\/checks\/(forbidden-texts|house-rules\.test)\.ts$)/;

const FORBIDDEN: [what: string, pattern: RegExp, files: RegExp][] = [
  ["a test that silences all others", /\b(it|test|describe)\.only\b/, /\.test\.ts$/],
  ["a package registry's host", /\bregistry\.\w+\.|\bnpmjs\.|\byarnpkg\.com/, ELSEWHERE],
  ["a path of one machine", /(^|["'`\s(=:])\/(home|root|Users|work|tmp)\//, ELSEWHERE],
  ["where each package was fetched from (.npmrc leaves that out)", /"resolved":/, /package-lock\.json$/],
];

/** Every line that holds one of these. */
export function findForbiddenTexts(file: SourceFile): Problem[] {
  const rules = FORBIDDEN.filter(([, , files]) => files.test(file.path));
  return rules.flatMap(([what, pattern]) => {
    const everywhere = new RegExp(pattern.source, "gm");
    return [...file.text.matchAll(everywhere)].map((found) => file.problem(found.index, `holds ${what}`));
  });
}
