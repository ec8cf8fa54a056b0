/** `npm run build`: checks the device file, prints the plan, and bundles the firmware to dist/firmware.js. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import { type BundleOptions, bundleFirmware } from "./build/bundle.ts";
import { DeviceFileError, loadDevice } from "./build/device-file.ts";
import { checkFlashed, checkWritten } from "./build/dialect/check-dialect.ts";
import { ROOT } from "./build/paths.ts";
import { describePlan, type Plan, planDevice } from "./build/plan.ts";
import { BundleError } from "./build/problems.ts";

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

/**
 * Builds the firmware for one device, and checks the device file, its load, the dialect and the size.
 * Throws `BundleError`, `DeviceFileError` or `BuildError`, each with all its reasons.
 */
export async function buildFirmware(options: BundleOptions = {}): Promise<Built> {
  const plan = planDevice(await loadDevice(options));
  if (plan.errors.length > 0) throw new BuildError(plan.errors.join("\n"), plan);
  const written = await checkWritten(options);
  if (written.length > 0) throw new BundleError(written);
  const { code, bytes, script } = await bundleFirmware(options);
  const flashed = checkFlashed(script);
  if (flashed.length > 0) throw new BundleError(flashed);
  const bytesMax = bundleBytesMax();
  if (bytes > bytesMax) {
    throw new BuildError(`the bundle has ${bytes} bytes, ${bytes - bytesMax} more than package.json allows`, plan);
  }
  return { code, bytes, bytesMax, plan };
}

async function main(): Promise<void> {
  const program = new Command("npm run build --")
    .description(
      "Bundles the firmware with a device file into one script for Espruino, and prints what the device will sample, hold and send.",
    )
    .option("--device <file>", "device file", "firmware/device.ts")
    .option("--out <file>", "where to write", "dist/firmware.js")
    .option("--json", "print the plan as one JSON object")
    .parse();
  const options = program.opts<{ device: string; out: string; json?: boolean }>();
  try {
    const built = await buildFirmware({ deviceFile: resolve(options.device) });
    const out = resolve(options.out);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, built.code);
    if (options.json) {
      console.log(JSON.stringify({ bytes: built.bytes, bytesMax: built.bytesMax, plan: built.plan }));
      return;
    }
    console.log(`${pc.bold(options.device)}\n${describePlan(built.plan)}`);
    for (const warning of built.plan.warnings) console.log(pc.yellow(`  ${warning}`));
    const share = Math.round((built.bytes / built.bytesMax) * 100);
    console.log(`${pc.bold(relative(process.cwd(), out))}\n  ${built.bytes} bytes, ${share} % of the budget`);
  } catch (error) {
    if (!(error instanceof BundleError || error instanceof DeviceFileError || error instanceof BuildError)) throw error;
    if (error instanceof BuildError && error.plan !== undefined) console.error(describePlan(error.plan));
    console.error(pc.red(error instanceof DeviceFileError ? `${options.device}:\n${error.message}` : error.message));
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
