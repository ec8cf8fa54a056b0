import { statSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { type DeviceChoice, devicePlugin } from "./device-plugin.ts";
import { problemOf } from "./esbuild-problems.ts";
import { FIRMWARE, ROOT } from "./paths.ts";
import { BundleError } from "./problems.ts";

/**
 * Syntax that Espruino misreads and esbuild can't rewrite: the build stops with file and line.
 * What esbuild can rewrite without a helper function (`?.`, `??=`, `**`), it rewrites.
 */
export const SUPPORTED: Record<string, boolean> = {
  "array-spread": false,
  "async-await": false,
  "async-generator": false,
  bigint: false,
  "class-static-blocks": false,
  "default-argument": false,
  destructuring: false,
  "dynamic-import": false,
  "exponent-operator": false,
  "for-await": false,
  generator: false,
  "import-meta": false,
  "logical-assignment": false,
  "nested-rest-binding": false,
  "new-target": false,
  "object-rest-spread": false,
  "optional-chain": false,
  "rest-argument": false,
  "top-level-await": false,
  using: false,
};

/** For both esbuild's bundler and its minifier. */
export const OUTPUT = { target: "es2022", charset: "ascii" } as const;

export interface Bundled {
  code: string;
  /** Source map; its sources are relative to the repository's root. */
  map: string;
  /** Paths of all files in the bundle, relative to the repository's root. */
  inputs: string[];
}

/** 2010-01-01, as firmware/limits.ts has it without a build. */
const BUILD_MS_DEFAULT = 1262304000000;

/**
 * Bundles `entry` (default firmware/main.ts) with a device file. Throws `BundleError`. `buildMs` is the build's date in Unix ms,
 * before which the firmware believes no time; by default one so early that recordings of any year can be replayed.
 */
export async function runEsbuild(
  source: DeviceChoice & { entry?: string; buildMs?: number },
  more: esbuild.BuildOptions,
): Promise<Bundled> {
  const { deviceFile } = source;
  const unusable = deviceFile === undefined ? undefined : sayUnusable(deviceFile);
  if (unusable !== undefined) throw new BundleError([{ file: "", line: 0, column: 0, text: unusable }]);
  const options: esbuild.BuildOptions = {
    ...OUTPUT,
    entryPoints: [source.entry ?? join(FIRMWARE, "main.ts")],
    absWorkingDir: ROOT,
    // Nothing is written there: the source map names its sources relative to this folder.
    outfile: join(ROOT, "firmware.js"),
    bundle: true,
    write: false,
    metafile: true,
    sourcemap: "external",
    format: "iife",
    // esbuild would wrap `require` in a shim; the call must name Espruino's own.
    // The stand-in has the same length, so the columns of the source map stay right.
    define: { require: "requirE", __BUILD_MS__: String(source.buildMs ?? BUILD_MS_DEFAULT) },
    platform: "neutral",
    legalComments: "none",
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, verbatimModuleSyntax: true } },
    plugins: [devicePlugin(source)],
    ...more,
  };
  try {
    const { outputFiles = [], metafile } = await esbuild.build(options);
    const textOf = (end: string) => outputFiles.find((file) => file.path.endsWith(end))?.text ?? "";
    const code = textOf(".js").replace(/\brequirE\b/g, "require");
    return { code, map: textOf(".map"), inputs: Object.keys(metafile?.inputs ?? {}) };
  } catch (error) {
    if ((error as esbuild.BuildFailure).errors === undefined) throw error;
    throw new BundleError((error as esbuild.BuildFailure).errors.map((message) => problemOf(message, source)));
  }
}

function sayUnusable(deviceFile: string): string | undefined {
  const found = statSync(deviceFile, { throwIfNoEntry: false });
  if (found === undefined) return `no such device file: ${deviceFile}`;
  return found.isDirectory() ? `the device file is a folder: ${deviceFile}` : undefined;
}
