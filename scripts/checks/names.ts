/**
 * One name for one thing. No two files of firmware and scripts share a name. A word that was given up does not come back, as
 * an identifier or as the name of a file of code anywhere.
 */
import { basename } from "node:path";
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/** Files that share a name on purpose, each group with its reason. */
const TWINS: [reason: string, paths: RegExp][] = [
  [
    "the simulator's side of a port is named after the port",
    /^(firmware\/platform|scripts\/simulator(\/\w+)?)\/(flash|machine|partitions|pins|wifi)\.ts$/,
  ],
  ["a kind of sensor is named after the port that it reads", /^firmware\/(platform|sensors)\/analog\.ts$/],
];

/** A command's file is named after the command: `npm run flash` is scripts/flash.ts. */
const COMMAND = /^scripts\/[^/]+\.ts$/;

/** Words that were given up, and what their things are called now. */
const RETIRED: [word: RegExp, successor: string][] = [
  [/sync_?point/i, "fix: a moment of raw time with its true time"],
  [/time_?sync/i, "fix: a moment of raw time with its true time"],
  [/syncer/i, "delivery: a run that sends what is due"],
  [/uploader|upload_?run/i, "drain: the part of a delivery that sends"],
];

/** Words that only one room may use: a bench is what `npm run bench` runs. */
const AT_HOME: [word: RegExp, home: RegExp, instead: string][] = [
  [
    /^(?!benchmark)bench|Bench/,
    /^(scripts|host-tests\/unit)\/bench(\/|\.ts$)/,
    "rig: what a test sets up to run something in",
  ],
];

/** Every file of the firmware or the scripts whose name another one has too. */
export function findTwinFiles(files: SourceFile[]): Problem[] {
  const byName = new Map<string, SourceFile[]>();
  for (const file of files) {
    if (!file.isCode || !/^(firmware|scripts)\//.test(file.path) || COMMAND.test(file.path)) continue;
    const name = basename(file.path);
    byName.set(name, [...(byName.get(name) ?? []), file]);
  }
  return [...byName.values()].flatMap(([first, ...others]) => {
    return others
      .filter((other) => !isOnPurpose(first, other))
      .map((other) => {
        return other.problem(0, `is called like ${first.path}`, "a name of its own");
      });
  });
}

function isOnPurpose(first: SourceFile, other: SourceFile): boolean {
  return TWINS.some(([, paths]) => paths.test(first.path) && paths.test(other.path));
}

/** Every identifier, and the file's name, that holds a word which was given up, or one that belongs to another room. */
export function findRetiredWords(file: SourceFile): Problem[] {
  if (!file.isCode) return [];
  const problems = new Map<string, Problem>();
  // "upload-rig.ts" as `uploadRig`.
  const name = basename(file.path, ".ts").replace(/-(\w)/g, (_, first: string) => first.toUpperCase());
  const instead = insteadOf(name, file.path);
  if (instead !== undefined) problems.set("", file.problem(0, "has a name that was given up", instead));
  file.walk((node) => {
    if (/^(Private)?Identifier$/.test(node.type) && !problems.has(node.name)) {
      const instead = insteadOf(node.name, file.path);
      if (instead !== undefined)
        problems.set(node.name, file.problem(node.start, `calls something ${node.name}`, instead));
    }
  });
  return [...problems.values()];
}

function insteadOf(name: string, path: string): string | undefined {
  const retired = RETIRED.find(([word]) => word.test(name));
  if (retired !== undefined) return retired[1];
  return AT_HOME.find(([word, home]) => word.test(name) && !home.test(path))?.[2];
}
