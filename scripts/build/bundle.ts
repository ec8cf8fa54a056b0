import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Script } from "./ast/script.ts";
import type { DeviceChoice } from "./device-plugin.ts";
import { renameOf } from "./passes/of-names.ts";
import { DEVICE_FILE, FIRMWARE, ROOT } from "./paths.ts";
import { PASSES, type Pass, runPasses } from "./pipeline.ts";
import { runEsbuild, SUPPORTED } from "./run-esbuild.ts";

export { ROOT } from "./paths.ts";
export { BundleError, formatProblem, type Problem } from "./problems.ts";

export interface BundleOptions extends DeviceChoice {
  /** Default true. Without it no pass runs. */
  minify?: boolean;
  /** Default firmware/main.ts. */
  entry?: string;
  /** Default all. */
  passes?: Pass[];
}

export interface Bundle {
  code: string;
  bytes: number;
  /** The code, with the way back to the TypeScript. */
  script: Script;
}

/** One script for Espruino of all that `entry` imports. Throws `BundleError` with file and line for what can't be built. */
export async function bundleFirmware(options: BundleOptions = {}): Promise<Bundle> {
  const script = options.minify === false ? await bundleReadable(options) : await bundleFlashed(options);
  return { code: script.code, bytes: Buffer.byteLength(script.code), script };
}

async function bundleReadable(options: BundleOptions): Promise<Script> {
  const { code, map } = await runEsbuild(options, { supported: SUPPORTED });
  return renameOf(Script.fromMap(code, map));
}

async function bundleFlashed(options: BundleOptions): Promise<Script> {
  const { script, foreignTexts } = await bundleBare(options);
  return runPasses(script, options.passes ?? PASSES, foreignTexts);
}

/** What the passes start from, and the texts that people wrote themselves: without a function around it, its names as written. */
export async function bundleBare(options: BundleOptions = {}): Promise<{ script: Script; foreignTexts: string[] }> {
  const { code, map, inputs } = await runEsbuild(options, { supported: SUPPORTED, format: "esm" });
  const foreignFiles = inputs
    .map((path) => ({ path: resolve(ROOT, path), isFirmware: path.startsWith("firmware/") }))
    .filter(({ path, isFirmware }) => (!isFirmware || path === DEVICE_FILE) && existsSync(path));
  const foreignTexts = foreignFiles.map(({ path }) => readFileSync(path, "utf8"));
  return { script: Script.fromMap(code, map), foreignTexts: foreignTexts.concat(options.deviceSource ?? "") };
}

/** The program with all its syntax as it was written: nothing rewritten, nothing renamed. For the dialect check. */
export async function bundleAsWritten(options: BundleOptions): Promise<Script> {
  const { code, map } = await runEsbuild(options, {});
  return renameOf(Script.fromMap(code, map));
}

/**
 * The device file alone, for this machine: a script that leaves it in the global `deviceFile`. Its sensors name Espruino's
 * functions, so it runs only in a context that stands in for them (see device-file.ts).
 */
export async function bundleDeviceFile(choice: DeviceChoice): Promise<string> {
  const { code, map } = await runEsbuild(choice, {
    entryPoints: undefined,
    stdin: { contents: 'export { device } from "./device.ts";', resolveDir: FIRMWARE, loader: "ts" },
    globalName: "deviceFile",
    sourcemap: "inline",
  });
  return renameOf(Script.fromMap(code, map)).code;
}
