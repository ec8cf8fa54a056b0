import * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type BundleOptions, bundleAsWritten, bundleFirmware } from "../bundle.ts";
import type { Problem } from "../problems.ts";
import { findMisread } from "./misread.ts";
import { findMissingModules } from "./modules.ts";
import { ruleOf } from "./rules.ts";
import type { Finding } from "./syntax.ts";

/**
 * Checks a program as it was written and, if nothing is wrong there, the text that is flashed. `strict` also refuses what
 * esbuild rewrites well. Throws `BundleError` like `bundleFirmware`.
 */
export async function checkDialect(options: BundleOptions = {}, strict = false): Promise<Problem[]> {
  const { problems } = await checkWritten(options, strict);
  return problems.length > 0 ? problems : checkFlashed((await bundleFirmware(options)).script);
}

/** What is found in a program as it was written. */
export interface WrittenCheck {
  problems: Problem[];
  /**
   * What goes wrong with some data only, and therefore is not refused: in the files that people write. The rest of the firmware
   * is run in the interpreter by its own tests.
   */
  warnings: Problem[];
}

/** Checks a program as it was written: all its syntax is still there, with the names of the source. */
export async function checkWritten(options: BundleOptions = {}, strict = false): Promise<WrittenCheck> {
  const script = await bundleAsWritten(options);
  const findings = findMisread(script);
  const missing = findMissingModules(script).map(({ node, name }): Problem => {
    return {
      ...placeOf(script, node.start),
      text: `require("${name}"), a module that no Espruino for ESP32 contains`,
      instead:
        "a sensor of firmware/sensors; or the module's code in a file beside the device file, with export, and import it",
    };
  });
  const isRefused = ({ id, unsure }: Finding) => !unsure && (strict || !ruleOf(id).lowered);
  return {
    problems: problemsOf(script, findings.filter(isRefused)).concat(missing),
    warnings: problemsOf(
      script,
      findings.filter(({ unsure }) => unsure),
    ).filter(({ file }) => !/^firmware\/(?!sensors\/|device\.ts$)/.test(file)),
  };
}

/** Checks the text that is flashed, for what esbuild and the passes may have put into it. */
export function checkFlashed(script: Script): Problem[] {
  return problemsOf(
    script,
    findMisread(script).filter(({ unsure }) => !unsure),
  );
}

/** One problem for each line of TypeScript and rule. */
function problemsOf(script: Script, findings: Finding[]): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { id, node, what } of findings) {
    const place = placeOf(script, node.start);
    const key = `${place.file}:${place.line}:${id}`;
    if (!problems.has(key)) problems.set(key, { ...place, text: what, instead: ruleOf(id).instead });
  }
  return [...problems.values()];
}

/** Where a character of the script was written; the place in the script itself if no source is known. */
function placeOf(script: Script, offset: number): Pick<Problem, "file" | "line" | "column"> {
  const origin = script.placeOf(offset);
  if (origin !== undefined) return { ...origin, column: origin.column + 1 };
  const { line, column } = acorn.getLineInfo(script.code, offset);
  return { file: "dist/firmware.js", line, column: column + 1 };
}
