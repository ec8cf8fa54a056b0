import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Script } from "./ast/parsed-script.ts";
import { type DeviceChoice, devicePlugin } from "./device-plugin.ts";
import { mend } from "./passes/mends.ts";
import { renameOf } from "./passes/of-names.ts";
import { DEVICE_FILE, FIRMWARE, ROOT } from "./paths.ts";
import { observedSensors } from "./pins/observed-sensors.ts";
import { PASSES, type Pass, runPasses } from "./pipeline.ts";
import { runEsbuild, SUPPORTED } from "./run-esbuild.ts";

export { FIRMWARE, ROOT } from "./paths.ts";
export { BundleError, formatProblem, type Problem } from "./problems.ts";

export interface BundleOptions extends DeviceChoice {
  /** Default firmware/main.ts. */
  entry?: string;
  /** Default all. */
  passes?: Pass[];
  /** The build's date in Unix ms, see `runEsbuild`. */
  buildMs?: number;
}

export interface Bundle {
  code: string;
  bytes: number;
  /** The code, with the way back to the TypeScript. */
  script: Script;
}

/** Makes one script for Espruino of all that `entry` imports. Throws `BundleError` with file and line for what can't be built. */
export async function bundleFirmware(options: BundleOptions = {}): Promise<Bundle> {
  const bare = await bundleBare(options);
  const script = await runPasses(bare.script, options.passes ?? PASSES, bare.foreignTexts);
  return { code: script.code, bytes: Buffer.byteLength(script.code), script };
}

/** What the passes start from: all sources in one script, with their names, and without a function around it. */
export async function bundleBare(options: BundleOptions = {}): Promise<{ script: Script; foreignTexts: string[] }> {
  const { code, map, inputs } = await runEsbuild(options, { supported: SUPPORTED, format: "esm" });
  const foreignFiles = inputs
    .map((path) => ({ path: resolve(ROOT, path), isFirmware: path.startsWith("firmware/") }))
    .filter(({ path, isFirmware }) => (!isFirmware || path === DEVICE_FILE) && existsSync(path));
  const foreignTexts = foreignFiles.map(({ path }) => readFileSync(path, "utf8"));
  return { script: mend(Script.fromMap(code, map)), foreignTexts: foreignTexts.concat(options.deviceSource ?? "") };
}

/** The program as it was written, for the dialect check: all syntax and names unchanged but for what the build mends. */
export async function bundleAsWritten(options: BundleOptions): Promise<Script> {
  const { code, map } = await runEsbuild(options, {});
  return renameOf(mend(Script.fromMap(code, map)));
}

/** All exports are read by name: a file without `device` gets a sentence of its own, not esbuild's. */
const DEVICE_EXPORTS =
  'import * as file from "./device.ts";\nexport const device = file.device, hasDefault = "default" in file;';

/**
 * The device file alone, for this machine: a script that leaves it in the global `deviceFile`. Its sensors name Espruino's
 * functions, so it runs only in a context that stands in for them (see run-device-file.ts).
 */
export async function bundleDeviceFile(choice: DeviceChoice): Promise<string> {
  const { code } = await runEsbuild(choice, {
    entryPoints: undefined,
    stdin: { contents: DEVICE_EXPORTS, resolveDir: FIRMWARE, loader: "ts" },
    globalName: "deviceFile",
    sourcemap: "inline",
    plugins: [observedSensors(), devicePlugin(choice)],
  });
  return code;
}
