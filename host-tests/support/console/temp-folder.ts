import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder. It is removed at the end of the running test. */
export function makeTempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "backfill-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
