import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { sayFileError } from "../../build/file-error.ts";
import { FieldError } from "./field-error.ts";

/** The bytes of a file that a person named. Throws a `FieldError` when it can't be read. */
export function readUserFile(path: string): Buffer {
  return orFieldError(path, "read", () => readFileSync(path));
}

/** Opens a file for writing and empties it, or keeps what it holds ("r+"). Throws a `FieldError` when that is not possible. */
export function openUserFile(path: string, flags: "w" | "r+" = "w"): number {
  return orFieldError(path, "written", () => openSync(path, flags));
}

/** Writes a file that is not there yet. Throws a `FieldError` when that is not possible. */
export function writeUserFile(path: string, bytes: Uint8Array): void {
  orFieldError(path, "written", () => writeFileSync(path, bytes, { flag: "wx" }));
}

/** Throws the `FieldError` that `openUserFile` would throw. A file that is there keeps its content; none is left behind. */
export function requireWritable(path: string): void {
  orFieldError(path, "written", () => {
    const found = statSync(path, { throwIfNoEntry: false });
    // To open a pipe or a terminal would end whoever reads it.
    if (found !== undefined && !found.isFile() && !found.isDirectory()) return;
    closeSync(openSync(path, found === undefined ? "wx" : "r+"));
    if (found === undefined) rmSync(path);
  });
}

function orFieldError<T>(path: string, verb: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new FieldError(`${path} can't be ${verb}: ${sayFileError(cause)}.`, "Check the path.", { cause });
  }
}
