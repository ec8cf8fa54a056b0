import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "./ast/parsed-script.ts";
import { type Bundle, type BundleOptions, bundleFirmware } from "./bundle.ts";
import { loadDeviceFile } from "./device-file.ts";
import { checkFlashed, checkWritten, type WrittenCheck } from "./dialect/check-dialect.ts";
import { ROOT } from "./paths.ts";
import { type Plan, planDevice } from "./plan.ts";
import { BundleError, formatProblem, type Problem } from "./problems.ts";

export interface Built {
  code: string;
  bytes: number;
  bytesMax: number;
  plan: Plan;
}

/** The device can't work as it is, or the bundle is too large. `message` has one line for each reason. */
export class BuildError extends Error {
  readonly plan: Plan | undefined;
  constructor(message: string, plan?: Plan) {
    super(message);
    this.name = "BuildError";
    this.plan = plan;
  }
}

/** The budget for the bundle's size, from package.json. */
export function bundleBytesMax(): number {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return manifest["espruino-backfill"].bundleBytesMax;
}

/** The date that a build carries, in Unix ms: SOURCE_DATE_EPOCH (seconds; reproducible-builds.org), or now. */
export function buildDateMs(sourceDateEpoch = process.env.SOURCE_DATE_EPOCH): number {
  return sourceDateEpoch !== undefined && /^\d+$/.test(sourceDateEpoch) ? Number(sourceDateEpoch) * 1000 : Date.now();
}

/** What a real parser objects to in a script that is flashed. Throws `BundleError` if it can't be asked. */
export type Parse = (script: Script) => Promise<Problem[]>;

/**
 * Bundles a program that Espruino reads as JavaScript does: the dialect is checked in the text as written and as flashed, and
 * then `parse` reads it. `written`: what `checkWritten` said already. Throws `BundleError` with all problems.
 */
export async function bundleChecked(options: BundleOptions, parse?: Parse, written?: WrittenCheck): Promise<Bundle> {
  const { problems } = written ?? (await checkWritten(options));
  if (problems.length > 0) throw new BundleError(problems);
  const bundle = await bundleFirmware(options);
  const flashed = checkFlashed(bundle.script);
  if (flashed.length > 0) throw new BundleError(flashed);
  const unread = (await parse?.(bundle.script)) ?? [];
  if (unread.length > 0) throw new BundleError(unread);
  return bundle;
}

/**
 * Builds the firmware for one device, and checks the device file, its load, the dialect and the size, and that `parse`
 * can read it. The build's date is `buildDateMs()`, unless another one is given.
 * Throws `BundleError`, `DeviceFileError` or `BuildError`, each with all its reasons.
 */
export async function buildFirmware(choice: BundleOptions = {}, parse?: Parse): Promise<Built> {
  const options = { buildMs: buildDateMs(), ...choice };
  const { device, pinWarnings } = await loadDeviceFile(options);
  const plan = planDevice(device);
  const written = await checkWritten(options);
  plan.warnings.push(...pinWarnings, ...written.warnings.map(formatProblem));
  if (plan.errors.length > 0) throw new BuildError(plan.errors.join("\n"), plan);
  const { code, bytes } = await bundleChecked(options, parse, written);
  const bytesMax = bundleBytesMax();
  if (bytes > bytesMax) {
    throw new BuildError(`the bundle has ${bytes} bytes, ${bytes - bytesMax} more than package.json allows`, plan);
  }
  return { code, bytes, bytesMax, plan };
}
