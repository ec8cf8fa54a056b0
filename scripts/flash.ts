import type { Device } from "../firmware/device-types.ts";
import { copyFromDevice, findOnDevice, parseRegion } from "./console/stored-data/data-region.ts";
import { deviceImage } from "./console/stored-data/flash-image.ts";
import { mountCopy } from "./console/stored-data/stored-samples.ts";
import { describeStranded, findStranded } from "./console/stored-data/stranded-samples.ts";
import { type CommandFunction, createCommand, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import {
  addPortOptions,
  choosePort,
  connectDevice,
  type PortOptions,
  reconnector,
} from "./console/transport/choose-port.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { type BoardInfo, checkBoard, findRegion, readBoardInfo, type WantedRegion } from "./console/unit/board-info.ts";
import { build, readDeviceFile } from "./console/unit/device-build.ts";
import { installProgram, planRoom, readStats } from "./console/unit/program-store.ts";
import { addModules, moduleFolders } from "./console/unit/published-modules.ts";
import { type DeviceStatus, readStatus, restartAndGreet } from "./console/unit/restart.ts";

interface FlashOptions extends PortOptions {
  device?: string;
  discard?: boolean;
  oldRegion?: string;
}

export const flash: CommandFunction = (args, terminal) => {
  const command = addPortOptions(
    createCommand("flash", "Builds the firmware and puts it on a device, to start at power-on.", terminal),
  )
    .option("--device <file>", "the device file; firmware/device.ts without it")
    .option("--discard", "go on although samples that wait would not be sent any more")
    .option(
      "--old-region <where>",
      "where the samples on the device are, if not found by itself: label, or 0xADDRESS:0xBYTES",
    )
    .addHelpText(
      "after",
      `
The old program runs, and logs, until the new one is stored whole; a pulled cable leaves the old one, and all samples.
Works without internet, but for a sensor module of Espruino's (DS18B20, DHT22, BME280, BMP280) that is in no folder
“modules” yet, beside the device file or here: it is fetched once and kept there.
A blank ESP32 needs the Espruino runtime once: see the README.`,
    )
    .action((options: FlashOptions) => flashDevice(options, terminal));
  return execute(command, args, terminal);
};

async function flashDevice(options: FlashOptions, terminal: Terminal): Promise<void> {
  const port = await choosePort(options.port, terminal);
  const file = await readDeviceFile(options.device);
  const built = await build(options.device);
  for (const warning of built.plan.warnings) terminal.remark(`${terminal.colors.yellow("!")} ${warning}`);
  terminal.remark(`Built “${file.name}”: ${file.datastreams.length} datastreams, ${built.bytes} bytes.`);
  const reconnect = reconnector({ ...options, port }, terminal);
  let device = await connectDevice({ ...options, port }, terminal, { interrupt: true });
  try {
    const board = await readBoardInfo(device, deviceImage(device));
    const code = Buffer.from(
      await addModules(built.code, board.modules, { folders: moduleFolders(options.device) }),
      "latin1",
    );
    const region = await prepare(device, board, file, code.length, options, terminal);
    const progress = terminal.progress("Uploading", code.length);
    try {
      await installProgram(device, code, {
        onProgress: (bytes) => progress.update(bytes),
        onStep: (text) => terminal.remark(text),
      });
    } finally {
      progress.done();
    }
    terminal.remark("Stored. Restarting …");
    const greeted = await restartAndGreet(device, { reconnect });
    device = greeted.device;
    report(greeted.version, file, region, await readStatus(device), terminal);
  } finally {
    device.close();
  }
}

/** Everything that can be known to fail, before anything is written. Returns the region in words. */
async function prepare(
  device: DeviceConsole,
  board: BoardInfo,
  file: Device,
  programBytes: number,
  options: FlashOptions,
  terminal: Terminal,
): Promise<string> {
  checkBoard(board, {
    https: file.server.url.startsWith("https:"),
    region: file.region,
    datastreams: file.datastreams.length,
  });
  const region = await findRegion(device, deviceImage(device), board, file.region);
  if (typeof region === "string") {
    throw new FieldError(
      `The device file's ${region}.`,
      "Choose another region in the device file; “flash” is there on every Espruino build for ESP32.",
    );
  }
  planRoom(await readStats(device), programBytes);
  terminal.remark(
    `Board: ${board.board}, Espruino ${board.version}, ${board.memory.total} variables, ${board.modules.includes("tls") ? "TLS" : "no TLS"}.`,
  );
  await refuseToStrand(device, board, file, options, terminal);
  const label = typeof file.region === "string" ? file.region : "region";
  return `${label}, ${(region.pages * region.pageBytes) / 1024} kB at 0x${region.address.toString(16)}`;
}

/** Looks at the samples on the device that wait, and refuses when the new device file leaves some behind. */
async function refuseToStrand(
  device: DeviceConsole,
  board: BoardInfo,
  file: Device,
  options: FlashOptions,
  terminal: Terminal,
): Promise<void> {
  let wanted: WantedRegion | undefined = options.oldRegion === undefined ? undefined : parseRegion(options.oldRegion);
  // A board without a partition table can only be searched where somebody says.
  if (wanted === undefined && typeof file.region !== "string") wanted = file.region;
  const old = await findOnDevice(device, board, wanted);
  if (old === undefined) return;
  const progress = terminal.progress("Reading what waits", old.bytes / old.pageBytes);
  let stranded: ReturnType<typeof findStranded>;
  try {
    const copy = await copyFromDevice(device, old, (pages) => progress.update(pages));
    stranded = findStranded(mountCopy(copy), old, file);
  } catch (error) {
    // Data of another format is one of the things that would be stranded.
    if (!(error instanceof FieldError) || options.discard) {
      if (!(error instanceof FieldError)) throw error;
      terminal.remark(error.message);
      return;
    }
    throw error;
  } finally {
    progress.done();
  }
  if (stranded.length === 0) return;
  const words = stranded.map(describeStranded);
  if (options.discard) {
    terminal.remark(`Going on all the same: ${words.join("; ")}.`);
    return;
  }
  throw new FieldError(
    `Samples that wait on the device would be left behind: ${words.join("; ")}.`,
    "Let the device send them first (press its button), save them with `npm run export`, or go on with --discard.",
  );
}

function report(
  version: string,
  file: Device,
  region: string,
  status: DeviceStatus | undefined,
  terminal: Terminal,
): void {
  const { green, yellow } = terminal.colors;
  terminal.print(`${green("✓")} backfill ${version} runs and logs to ${region}:`);
  for (const stream of file.datastreams) {
    terminal.print(`    ${stream.pin}  ${stream.name}, every ${formatInterval(stream.intervalMs)}`);
  }
  for (const fault of status?.faults ?? []) terminal.print(`${yellow("!")} ${fault}`);
}

function formatInterval(ms: number): string {
  if (ms % 3600000 === 0) return `${ms / 3600000} h`;
  if (ms % 60000 === 0) return `${ms / 60000} min`;
  return `${ms / 1000} s`;
}

runAsProgram(import.meta.url, flash);
