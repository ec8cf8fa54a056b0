import { closeSync, writeSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { counted } from "./build/counted.ts";
import { parseIsoTime } from "./build/iso-time.ts";
import { type DataRegion, parseRegion } from "./console/stored-data/data-region.ts";
import { copyFromDevice, findOnDevice } from "./console/stored-data/device-data.ts";
import { openDump } from "./console/stored-data/flash-dump.ts";
import { endsOf, markOnDevice } from "./console/stored-data/mark-delivered.ts";
import { pageBytesOption } from "./console/stored-data/page-bytes-option.ts";
import { readProgress } from "./console/stored-data/progress-file.ts";
import { type ExportFormat, writeSamples } from "./console/stored-data/sample-export.ts";
import { statedMap } from "./console/stored-data/stated-time.ts";
import { mountCopy, type StoredData } from "./console/stored-data/stored-samples.ts";
import { doubtsOf } from "./console/stored-data/whole-region.ts";
import { type CommandFunction, createCommand, EXIT_STATUS, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { openUserFile, readUserFile, requireWritable } from "./console/terminal/user-file.ts";
import { addPortOptions, choosePort, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice, reconnector } from "./console/transport/connect-device.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { readBoardInfo } from "./console/unit/board-info.ts";
import { readDeviceFile } from "./console/unit/device-build.ts";
import { createDeviceFlash } from "./console/unit/device-flash.ts";
import { readStatus } from "./console/unit/device-status.ts";
import { restartFirmware } from "./console/unit/restart.ts";

interface ExportOptions extends PortOptions {
  dump?: string;
  region?: string;
  pageBytes: number;
  format: ExportFormat;
  out?: string;
  pending?: boolean;
  device?: string;
  markDelivered?: string | true;
  /** Unix ms. */
  assumeOff?: number;
}

const SHAPE =
  "{ counts: { pending, delivered, … }, stated, undated, doubts, marked, out, samples }, without samples where --out has them";

export const exportSamples: CommandFunction<DeviceTerminal> = withJson((args, terminal) => {
  const command = addPortOptions(
    createCommand(
      "export",
      "Writes all samples that are still in the flash of a device, or in a dump of it.",
      terminal,
      EXIT_STATUS,
      SHAPE,
    ),
  )
    .option("--dump <flash.bin>", "read a dump of the whole chip, or of the region alone, instead of a device")
    .option("--region <where>", "where the data is, if it is not found: a partition's label, or 0xADDRESS:0xBYTES")
    .addOption(pageBytesOption())
    .addOption(new Option("--format <format>", "output format").choices(["csv", "json"]).default("csv"))
    .option("-o, --out <file>", "write into a file instead of standard output")
    .option("--pending", "only samples that the server does not have yet")
    .option("--device <file>", "device file with the datastreams' names; a running device reports them itself")
    .option(
      "--assume-off <time>",
      "when the power went off, e.g. 2026-03-01T14:30Z: dates the last samples before it that no clock dates",
      parseTime,
    )
    .option(
      "--mark-delivered [progress]",
      "then tell the device that all exported samples were delivered, or those in a progress file of backfill",
    )
    .addHelpText(
      "after",
      `
To read the flash of a device that does not answer any more, hold BOOT and press EN to start the chip's boot loader:
  esptool --port PORT read_flash 0 ALL flash.bin
A dump of the whole chip contains the unit's token and Wi-Fi passwords. Keep the file private, or read only the region:
  esptool --port PORT read_flash 0x310000 0x10000 flash.bin

Columns: pin, name, ts (ms since 1970), iso, value, state, bound_ms (largest possible error of the time).
States: pending; undated (pending, and nothing dates it yet: ts is empty); sending (its request had no answer);
delivered; undatable (dropped, because nothing dates it); settled (delivered or dropped: npm run monitor shows how many
of each).
--assume-off adds a column: “stated” marks a time that follows from yours. If several power-ons met no clock, yours
belongs to the last of them before the next time that the unit learned. The device itself does not send these samples.
--mark-delivered stops the device's program for some seconds and restarts it.`,
    )
    .action((options: ExportOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

async function run(options: ExportOptions, terminal: DeviceTerminal): Promise<void> {
  const names = options.device === undefined ? new Map() : namesOf((await readDeviceFile(options.device)).datastreams);
  if (options.dump === undefined) return exportFromDevice(options, names, terminal);
  if (options.port !== undefined) {
    throw new FieldError("There are both --port and --dump.", "Give only one of them.");
  }
  if (options.markDelivered !== undefined) {
    throw new FieldError("--mark-delivered does not work with --dump.", "It is for a device: give --port instead.");
  }
  if (options.out !== undefined) requireWritable(options.out);
  const data = mountCopy(openDump(readUserFile(options.dump), options.region, options.pageBytes));
  const written = write(data, names, options, terminal);
  terminal.json?.result({ ...written, marked: 0 });
}

async function exportFromDevice(
  options: ExportOptions,
  names: Map<string, string>,
  terminal: DeviceTerminal,
): Promise<void> {
  if (options.out !== undefined) requireWritable(options.out);
  if (typeof options.markDelivered === "string") readUserFile(options.markDelivered);
  sayWhenStopped(
    `Stopped. Nothing was changed on the device${options.out === undefined ? "" : ", and no sample was written"}.`,
  );
  const portOptions = { ...options, port: await choosePort(options.port, terminal) };
  let device = await connectDevice(portOptions, terminal);
  try {
    const status = await readStatus(device).catch(() => undefined);
    for (const { pin, name } of status?.streams ?? []) if (name !== "") names.set(pin, name);
    const region = await findRegion(device, options.region);
    const progress =
      typeof options.markDelivered === "string" ? readProgress(options.markDelivered, region) : undefined;
    const copy = await copyFromDevice(device, region, terminal.progress("Reading", region.bytes / region.pageBytes));
    const data = mountCopy(copy);
    const written = write(data, names, options, terminal);
    sayWhenStopped("Stopped. All samples were written; nothing was changed on the device.");
    if (options.markDelivered === undefined) {
      terminal.json?.result({ ...written, marked: 0 });
      return;
    }
    sayWhenStopped(
      "Stopped. The device's program is stopped and does not log: power it off and on. Then run the command again.",
    );
    const marked = await markOnDevice(device, copy, progress ?? endsOf(data));
    terminal.remark(`Marked ${counted(marked, "sample")} as delivered. Restarting …`);
    device = (await restartFirmware(device, { reconnect: reconnector(portOptions, terminal) })).device;
    terminal.json?.result({ ...written, marked });
  } finally {
    await device.close();
  }
}

function namesOf(streams: { pin: string; name: string }[]): Map<string, string> {
  return new Map(streams.map(({ pin, name }) => [pin, name]));
}

async function findRegion(device: DeviceConsole, wanted: string | undefined): Promise<DataRegion> {
  const board = await readBoardInfo(device, createDeviceFlash(device));
  const region = await findOnDevice(device, board, wanted === undefined ? undefined : parseRegion(wanted));
  if (region === undefined) {
    throw new FieldError(
      "There is no data of this firmware on the device.",
      "If its device file names a region by address, give that region with --region 0xADDRESS:0xBYTES.",
    );
  }
  return region;
}

/** Unix ms of a time in ISO 8601; without a zone it is the time of this computer. */
function parseTime(text: string): number {
  const ms = parseIsoTime(text);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError("Give a time such as 2026-03-01T14:30Z or 2026-03-01T15:30+01:00.");
  return ms;
}

/** What `--json` says of an export. */
interface Written {
  counts: { [state: string]: number };
  stated: number;
  undated: number;
  doubts: string[];
  out: string | null;
  /** As `--format json` writes them; undefined with --out. */
  samples?: unknown[];
}

function write(data: StoredData, names: Map<string, string>, options: ExportOptions, terminal: Terminal): Written {
  const file = options.out === undefined ? undefined : openUserFile(options.out);
  const isInResult = terminal.json !== undefined && file === undefined;
  const lines: string[] = [];
  const put = (line: string) => {
    if (file !== undefined) writeSync(file, `${line}\n`);
    else if (isInResult) lines.push(line);
    else terminal.print(line);
  };
  const offMs = options.assumeOff;
  const map = offMs === undefined ? undefined : statedMap(data, offMs);
  const format = isInResult ? "json" : options.format;
  let written: ReturnType<typeof writeSamples>;
  try {
    written = writeSamples(data, { format, names, pendingOnly: options.pending === true, stated: map }, put);
  } finally {
    if (file !== undefined) closeSync(file);
  }
  const { counts, stated } = written;
  const undated = (counts.get("undated") ?? 0) + (counts.get("undatable") ?? 0) - stated;
  const doubts = doubtsOf(data);
  const words = [...counts].map(([state, count]) => `${count} ${state}`);
  terminal.remark(words.length === 0 ? "No samples." : `Samples: ${words.join(", ")}.`);
  if (offMs !== undefined) {
    terminal.remark(
      stated > 0
        ? `${counted(stated, "sample has", "samples have")} a stated time.`
        : "The stated time dates no sample: a clock dates them all, or it contradicts what the unit knows.",
    );
  }
  if (undated > 0)
    terminal.remark(
      `No fix dates ${counted(undated, "sample")}: ${undated === 1 ? "its time is" : "their times are"} left empty.`,
    );
  for (const doubt of doubts) terminal.remark(`${terminal.colors.yellow("!")} ${doubt}`);
  const samples = isInResult ? (JSON.parse(lines.join("\n")) as unknown[]) : undefined;
  return { counts: Object.fromEntries(counts), stated, undated, doubts, out: options.out ?? null, samples };
}

runAsProgram(import.meta.url, exportSamples);
