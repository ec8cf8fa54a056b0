/**
 * Built programs on disk. A build takes longer than a simulated week, and every process and every test file would do it
 * again. What is kept depends on every file of the firmware and of the build, so an edit of any of them builds anew.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FIRMWARE, ROOT } from "../build/bundle.ts";

const CACHE = join(ROOT, "node_modules", ".cache", "espruino-backfill");
/** The lock file stands for the versions of the build's packages. */
const SOURCES = [FIRMWARE, join(ROOT, "scripts", "build"), join(ROOT, "package-lock.json")];

/** The program that `build` gives, from disk if it was built before; `source` is everything else that it is made of. */
export async function builtOnce(source: string, build: () => Promise<string>): Promise<string> {
  sourcesHash ??= hashOf(SOURCES.flatMap(filesUnder).map((file) => `${file}\n${readFileSync(file, "utf8")}`));
  const folder = join(CACHE, sourcesHash);
  const file = join(folder, `${hashOf([source])}.js`);
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not built yet.
  }
  const code = await build();
  keep(folder, file, code);
  return code;
}

let sourcesHash: string | undefined;

function hashOf(texts: string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}\n${text}`);
  return hash.digest("hex").slice(0, 32);
}

function filesUnder(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => filesUnder(join(path, entry.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [path];
    throw error;
  }
}

/** Whole or not at all, since others may read it meanwhile. Programs of older sources go. */
function keep(folder: string, file: string, code: string): void {
  try {
    mkdirSync(CACHE, { recursive: true });
    for (const name of readdirSync(CACHE)) {
      if (join(CACHE, name) !== folder) rmSync(join(CACHE, name), { recursive: true, force: true });
    }
    mkdirSync(folder, { recursive: true });
    const partial = `${file}.${process.pid}`;
    writeFileSync(partial, code);
    renameSync(partial, file);
  } catch {
    // A folder that can't be written costs time, nothing else.
  }
}
