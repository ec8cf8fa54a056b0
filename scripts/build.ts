/** `npm run build`: checks the device file, prints the plan, and bundles the firmware to dist/firmware.js. */
import { closeSync, mkdirSync, writeSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { BuildError, buildFirmware } from "./build/build-firmware.ts";
import { DeviceFileError } from "./build/device-file.ts";
import { describePlan } from "./build/plan.ts";
import { BundleError } from "./build/problems.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  EXIT_STATUS,
  ExitStatus,
  execute,
  runAsProgram,
} from "./console/terminal/command.ts";
import { withJson } from "./console/terminal/json-output.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { openUserFile } from "./console/terminal/user-file.ts";
import { parseInInterpreter } from "./interpreter/parse-program.ts";

const OUT = "dist/firmware.js";

interface BuildOptions {
  device: string;
  out: string;
}

export const build: CommandFunction = withJson((args, terminal) => {
  const command = createCommand(
    "build",
    "Bundles the firmware with a device file into one script for Espruino. Prints what the device samples, holds and sends.",
    terminal,
    EXIT_STATUS,
    "{ out, bytes, bytesMax, plan }, as scripts/build/plan.ts has the plan",
  )
    .option("--device <file>", "device file", "firmware/device.ts")
    .option("--out <file>", "where to write", OUT)
    .addHelpText(
      "after",
      `
With the environment variable ESPRUINO, which names Espruino built for Linux, Espruino's own parser reads the script as well.`,
    )
    .action((options: BuildOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

async function run(options: BuildOptions, terminal: Terminal): Promise<void> {
  const { bold, yellow } = terminal.colors;
  const built = await buildFirmware({ deviceFile: resolve(options.device) }, parseInInterpreter).catch((error) => {
    tellMistake(error, options.device, terminal);
    throw new ExitStatus(EXIT.failed);
  });
  writeScript(options.out, built.code);
  const { bytes, bytesMax, plan } = built;
  terminal.json?.result({ out: options.out, bytes, bytesMax, plan });
  terminal.print(`${bold(options.device)}\n${describePlan(built.plan)}`);
  for (const warning of built.plan.warnings) terminal.print(yellow(`  ${warning}`));
  const share = Math.round((built.bytes / built.bytesMax) * 100);
  const out = relative(process.cwd(), resolve(options.out));
  terminal.print(`${bold(out)}\n  ${built.bytes} bytes, ${share} % of the budget`);
}

/** Says what is wrong with the sources. Throws an error that is not about them. */
function tellMistake(error: unknown, device: string, terminal: Terminal): void {
  if (!(error instanceof BundleError || error instanceof DeviceFileError || error instanceof BuildError)) throw error;
  if (error instanceof BuildError && error.plan !== undefined) terminal.remark(describePlan(error.plan));
  terminal.json?.fail(error instanceof DeviceFileError ? `${device}:\n${error.message}` : error.message);
  terminal.remark(
    terminal.colors.red(error instanceof DeviceFileError ? `${device}:\n${error.message}` : error.message),
  );
}

/** Only the default's folder is made: another one that is missing may be a typing mistake. Throws a `FieldError`. */
function writeScript(path: string, code: string): void {
  if (path === OUT) mkdirSync(dirname(OUT), { recursive: true });
  const file = openUserFile(path);
  try {
    writeSync(file, code);
  } finally {
    closeSync(file);
  }
}

runAsProgram(import.meta.url, build);
