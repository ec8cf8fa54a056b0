/** What plants bugs looks for the text of our sources, which goes on: a bug that can't be planted is caught by nothing. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FIRMWARE } from "../../scripts/build/paths.ts";
import { HISTORY_BUGS } from "../scenarios/history-bugs.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";

const EDITS = [
  ...PLANTED_BUGS.map(({ name, edits }) => ({ name, edits, folder: join(FIRMWARE, "storage") })),
  ...HISTORY_BUGS.map(({ name, edits }) => ({ name, edits, folder: FIRMWARE })),
].flatMap(({ name, edits, folder }) => edits.map((edit) => ({ name, ...edit, path: join(folder, edit.file) })));

it.each(EDITS)("the bug “$name” has its one place in $file", ({ path, find }) => {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  expect(text.split(find).length - 1).toBe(1);
});
