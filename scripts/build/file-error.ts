const REASONS: { [code: string]: string } = {
  ENOENT: "there is no such file or folder",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file, not a folder",
  EACCES: "you have no permission",
  EPERM: "you have no permission",
  EEXIST: "it is there already",
  ENOSPC: "the disk is full",
  EROFS: "the disk takes no changes",
};

/** Why `node:fs` did not read or write a file, in words for a person. */
export function sayFileError(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}
