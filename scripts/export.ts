import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { Option } from "commander";
import {
  copyFromDevice,
  findOnDevice,
  openDump,
  parseRegion,
  type RegionCopy,
} from "./console/stored-data/data-region.ts";
import { deviceImage } from "./console/stored-data/flash-image.ts";
import { cursorsOf, type Delivered, endsOf, markOnDevice } from "./console/stored-data/mark-delivered.ts";
import { createWriter, type ExportFormat } from "./console/stored-data/sample-writers.ts";
import { mountCopy, pinsOf, type StoredData, samplesOf } from "./console/stored-data/stored-samples.ts";
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
import { readBoardInfo } from "./console/unit/board-info.ts";
import { readDeviceFile } from "./console/unit/device-build.ts";
import { readStatus, restartAndGreet } from "./console/unit/restart.ts";

interface ExportOptions extends PortOptions {
  dump?: string;
  region?: string;
  pageBytes: number;
  format: ExportFormat;
  out?: string;
  pending?: boolean;
  device?: string;
  markDelivered?: string | true;
}

/** States of samples that may still be sent. */
const OPEN = ["pending", "undated", "sending"];

export const exportSamples: CommandFunction = (args, terminal) => {
  const command = addPortOptions(
    createCommand("export", "Every sample still in flash, of a device or of an image of its flash.", terminal),
  )
    .option("--dump <flash.bin>", "an image of the whole chip, or of the region alone, in place of a device")
    .option("--region <where>", "where the data is, if not found by itself: a partition's label, or 0xADDRESS:0xBYTES")
    .addOption(new Option("--page-bytes <n>", "size of a flash page in the image").default(4096).argParser(Number))
    .addOption(new Option("--format <format>", "how").choices(["csv", "json"]).default("csv"))
    .option("-o, --out <file>", "into a file; standard output without it")
    .option("--pending", "only what the server does not have yet")
    .option("--device <file>", "the device file, for the datastreams' names; a running device knows them itself")
    .option(
      "--mark-delivered [rescued]",
      "afterwards: tell the device that all of this was delivered, or what a rescue got delivered",
    )
    .addHelpText(
      "after",
      `
Reading the flash of a device that no longer answers, with the chip in its boot loader (hold BOOT, press EN):
  esptool --port PORT read_flash 0 ALL flash.bin
The whole chip holds the unit's token and Wi-Fi passwords too: keep the file to yourself, or read the region alone,
  esptool --port PORT read_flash 0x310000 0x10000 flash.bin

Columns: pin, name, ts (ms since 1970), iso, value, state, bound_ms (how far off the time can be).
States: pending; undated (pending, and nothing tells its time yet: ts is empty); sending (its request had no answer);
delivered; undatable (let go, as nothing tells its time); settled (delivered or dropped: the counters of npm run monitor
say how many of each).
--mark-delivered stops the program for some seconds and restarts it. After npm run backfill, name its progress file.`,
    )
    .action((options: ExportOptions) => run(options, terminal));
  return execute(command, args, terminal);
};

async function run(options: ExportOptions, terminal: Terminal): Promise<void> {
  const names = options.device === undefined ? new Map() : namesOf((await readDeviceFile(options.device)).datastreams);
  if (options.dump !== undefined) {
    if (options.port !== undefined) throw new FieldError("Both --port and --dump are given.", "Give one of them.");
    if (options.markDelivered !== undefined) {
      throw new FieldError("A dump can't be told what was delivered.", "--mark-delivered is for a device: use --port.");
    }
    write(mountCopy(openDump(readDump(options.dump), options.region, options.pageBytes)), names, options, terminal);
    return;
  }
  const port = await choosePort(options.port, terminal);
  let device = await connectDevice({ ...options, port }, terminal);
  try {
    const status = await readStatus(device).catch(() => undefined);
    for (const { pin, name } of status?.streams ?? []) if (name !== "") names.set(pin, name);
    const copy = await copyRegion(device, options.region, terminal);
    const data = mountCopy(copy);
    write(data, names, options, terminal);
    if (options.markDelivered === undefined) return;
    device = await mark(
      device,
      copy,
      deliveredBy(options, copy, data),
      reconnector({ ...options, port }, terminal),
      terminal,
    );
  } finally {
    device.close();
  }
}

function namesOf(streams: { pin: string; name: string }[]): Map<string, string> {
  return new Map(streams.map(({ pin, name }) => [pin, name]));
}

export function readDump(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FieldError(`${path} can't be read: ${(cause as Error).message}.`, "Check the path.", { cause });
  }
}

async function copyRegion(device: DeviceConsole, wanted: string | undefined, terminal: Terminal): Promise<RegionCopy> {
  const board = await readBoardInfo(device, deviceImage(device));
  const region = await findOnDevice(device, board, wanted === undefined ? undefined : parseRegion(wanted));
  if (region === undefined) {
    throw new FieldError(
      "There is no data of this firmware on the device.",
      "If its device file names a region by address, give it with --region 0xADDRESS:0xBYTES.",
    );
  }
  const progress = terminal.progress("Reading", region.bytes / region.pageBytes);
  try {
    return await copyFromDevice(device, region, (pages) => progress.update(pages));
  } finally {
    progress.done();
  }
}

function write(data: StoredData, names: Map<string, string>, options: ExportOptions, terminal: Terminal): void {
  const writer = createWriter(options.format);
  const file = options.out === undefined ? undefined : openSync(options.out, "w");
  const put = (line: string) => (file === undefined ? terminal.print(line) : void writeSync(file, `${line}\n`));
  const counts = new Map<string, number>();
  try {
    writer.head.forEach(put);
    let first = true;
    for (const pin of pinsOf(data)) {
      for (const sample of samplesOf(data, pin)) {
        if (options.pending && !OPEN.includes(sample.state)) continue;
        put(writer.line(sample, names.get(sample.pin) ?? "", first));
        first = false;
        counts.set(sample.state, (counts.get(sample.state) ?? 0) + 1);
      }
    }
    writer.foot.forEach(put);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  const words = [...counts].map(([state, count]) => `${count} ${state}`);
  terminal.remark(words.length === 0 ? "No samples." : `Samples: ${words.join(", ")}.`);
}

/** What is to be marked: everything exported, or as far as a rescue's own ledger says. */
function deliveredBy(options: ExportOptions, copy: RegionCopy, data: StoredData): Delivered {
  if (options.markDelivered === true) return endsOf(data);
  const rescued = openDump(readDump(options.markDelivered as string), undefined, copy.region.pageBytes);
  if (rescued.region.bytes !== copy.region.bytes) {
    throw new FieldError(
      "The rescue is of a region of another size.",
      "Name the progress file that `npm run backfill` made from this device's dump.",
    );
  }
  return cursorsOf(mountCopy(rescued));
}

async function mark(
  device: DeviceConsole,
  copy: RegionCopy,
  delivered: Delivered,
  reconnect: () => Promise<DeviceConsole>,
  terminal: Terminal,
): Promise<DeviceConsole> {
  const marked = await markOnDevice(device, copy, delivered);
  terminal.remark(`Marked ${marked} samples as delivered. Restarting …`);
  return (await restartAndGreet(device, { reconnect })).device;
}

runAsProgram(import.meta.url, exportSamples);
