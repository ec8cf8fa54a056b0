import { openSync, readFileSync } from "node:fs";
import { FieldError } from "./field-error.ts";

/** The bytes of a file that a person named. Throws a `FieldError` when it can't be read. */
export function readUserFile(path: string): Buffer {
  return orFieldError(path, "read", () => readFileSync(path));
}

/** Opens a file for writing and empties it. Throws a `FieldError` when that is not possible. */
export function openUserFile(path: string): number {
  return orFieldError(path, "written", () => openSync(path, "w"));
}

const REASONS: { [code: string]: string } = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file, not a folder",
  EACCES: "you have no permission",
  EPERM: "you have no permission",
};

function orFieldError<T>(path: string, verb: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw new FieldError(`${path} can't be ${verb}: ${REASONS[code] ?? message}.`, "Check the path.", { cause });
  }
}
