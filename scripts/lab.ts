/** `npm run lab`: a page with the simulated device in it, served to this computer or written as static files. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BundleError } from "./build/bundle.ts";
import { DeviceFileError } from "./build/device-file.ts";
import { sayFileError } from "./build/file-error.ts";
import { type CommandFunction, createCommand, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { buildPage, gzippedBytes, type PageFiles } from "./lab/build-page.ts";
import { servePage } from "./lab/serve.ts";
import { SimulationError } from "./simulator/errors.ts";

interface LabOptions {
  device?: string;
  build?: string;
  open?: boolean;
}

export const lab: CommandFunction = withJson((args, terminal) => {
  const command = createCommand(
    "lab",
    "Opens the lab: a page in which the firmware runs in a simulated ESP32, time can be run, stopped and turned back, and things break.",
    terminal,
    undefined,
    "{ url }, where the page is served; with --build { folder, files, gzippedBytes }",
  )
    .option("--device <file>", "your own device file instead of firmware/device.ts")
    .option("--build <folder>", "write the page as static files, for any host, and end")
    .option("--open", "open the page in the browser")
    .allowExcessArguments(false)
    .addHelpText("after", "\nThe page is served to this computer only, at 127.0.0.1. Ctrl-C ends the command.")
    .action((options: LabOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

async function run(options: LabOptions, terminal: Terminal): Promise<void> {
  if (options.build !== undefined && options.open) {
    throw new FieldError("There are both --build and --open.", "--build only writes files: give one of them.");
  }
  terminal.remark("Building the page …");
  const files = await build(options.device);
  if (options.build !== undefined) {
    write(files, options.build);
    const bytes = gzippedBytes(files);
    const size = `${files.size} files, ${Math.round(bytes / 1000)} kB gzipped`;
    terminal.json?.result({ folder: options.build, files: files.size, gzippedBytes: bytes });
    terminal.print(`The page is in ${options.build}: ${size}. Any server of static files can serve it.`);
    return;
  }
  const server = await servePage(files);
  terminal.json?.result({ url: server.url });
  terminal.print(`The lab is at ${server.url}`);
  terminal.remark("Ctrl-C ends it.");
  sayWhenStopped("The lab has ended.");
  if (options.open) openInBrowser(server.url, terminal);
  await untilStopped(terminal);
  await server.close();
}

async function build(device: string | undefined): Promise<PageFiles> {
  try {
    return await buildPage(device);
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof DeviceFileError || cause instanceof SimulationError))
      throw cause;
    const lines = cause.message.split("\n").map((line) => `\n    ${line}`);
    throw new FieldError(`The page can't be built:${lines.join("")}`, "Correct the device file.", { cause });
  }
}

function write(files: PageFiles, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    // Parts have names of their own in each build.
    for (const old of readdirSync(folder)) if (/^part-\w+\.js$/.test(old)) rmSync(join(folder, old));
    for (const [name, text] of files) writeFileSync(join(folder, name), text);
  } catch (cause) {
    const why = sayFileError(cause);
    throw new FieldError(`The page can't be written into ${folder}: ${why}.`, "Name another folder.", { cause });
  }
}

/** The computer's own command for it. When there is none, the address on the terminal is enough. */
function openInBrowser(url: string, terminal: Terminal): void {
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", "", url]
        : ["xdg-open", url];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => terminal.remark(`No browser could be started: open ${url} yourself.`));
  child.unref();
}

function untilStopped({ stop }: Terminal): Promise<void> {
  return new Promise((done) => {
    if (stop?.aborted) done();
    else stop?.addEventListener("abort", () => done(), { once: true });
  });
}

runAsProgram(import.meta.url, lab);
