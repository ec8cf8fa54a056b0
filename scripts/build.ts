/** `npm run build`: checks the device file, prints the plan, and bundles the firmware to dist/firmware.js. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import pc from "picocolors";
import { BuildError, buildFirmware } from "./build/build-firmware.ts";
import { DeviceFileError } from "./build/device-file.ts";
import { describePlan } from "./build/plan.ts";
import { BundleError } from "./build/problems.ts";

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
