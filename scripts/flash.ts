import type { Device } from "../firmware/device-types.ts";
import type { FlashRegion } from "../firmware/platform/ports.ts";
import type { DeviceStatus } from "../firmware/status-types.ts";
import { counted } from "./build/counted.ts";
import { parseRegion } from "./console/stored-data/data-region.ts";
import { copyFromDevice, findOnDevice } from "./console/stored-data/device-data.ts";
import { mountCopy } from "./console/stored-data/stored-samples.ts";
import { describeStranded, findStranded, type StrandedSamples } from "./console/stored-data/stranded-samples.ts";
import { type CommandFunction, createCommand, EXIT_STATUS, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import { addPortOptions, choosePort, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice, reconnector } from "./console/transport/connect-device.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { type BoardInfo, readBoardInfo } from "./console/unit/board-info.ts";
import { buildForDevice, readDeviceFile } from "./console/unit/device-build.ts";
import { createDeviceFlash } from "./console/unit/device-flash.ts";
import { readStatus } from "./console/unit/device-status.ts";
import { proveRegion, requireFit, type WantedRegion } from "./console/unit/firmware-needs.ts";
import { defectsOf } from "./console/unit/known-defects.ts";
import { installProgram, planRoom, readStats } from "./console/unit/program-store.ts";
import { restartFirmware } from "./console/unit/restart.ts";
import { describeSettings, type Provisioning, settingsToStore } from "./console/unit/settings-to-store.ts";
import { readStoredSettings, writeStoredSettings } from "./console/unit/stored-settings.ts";
import { tellTime } from "./console/unit/tell-time.ts";
import { serverOfUnit } from "./console/unit/unit-server.ts";
import { keepSecrets, type UnitSettings } from "./console/unit/unit-settings.ts";
import { readUnitsFile, unitNamed } from "./console/unit/units-file.ts";
import { parseInInterpreter } from "./interpreter/parse-program.ts";

interface FlashOptions extends PortOptions {
  device?: string;
  discard?: boolean;
  oldRegion?: string;
  dryRun?: boolean;
  provision?: string;
}

interface FlashTerminal extends DeviceTerminal {
  /** In place of building; tests that build the same device file again use what they have. */
  readonly build?: typeof buildForDevice;
}

const SHAPE =
  "{ version, isDryRun, bytes, region: { address, bytes }, datastreams: [{ pin, name, intervalMs }], warnings, faults }";

export const flash: CommandFunction<FlashTerminal> = withJson((args, terminal) => {
  const command = addPortOptions(
    createCommand(
      "flash",
      "Builds the firmware and puts it on a device, where it starts at power-on.",
      terminal,
      EXIT_STATUS,
      SHAPE,
    ),
  )
    .option("--device <file>", "the device file; default: firmware/device.ts")
    .option("--dry-run", "make all checks, on this computer and on the device, and write nothing")
    .option("--provision <units.json#unit>", "put this unit's settings on the device too, as `npm run provision` does")
    .option("--discard", "continue even if pending samples on the device would never be sent")
    .option(
      "--old-region <where>",
      "where the samples on the device are, if they are not found: a partition's label, or 0xADDRESS:0xBYTES",
    )
    .addHelpText(
      "after",
      `
The old program runs and logs until the new one is stored whole. If you unplug the cable before that, the old program
and all samples stay.
It works without internet.
A blank ESP32 first needs the Espruino runtime: see “The Espruino runtime” in docs/flashing.md.`,
    )
    .action((options: FlashOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

async function run(options: FlashOptions, terminal: FlashTerminal): Promise<void> {
  sayWhenStopped("Stopped. Nothing was written to the device: its program and its samples are as before.");
  const chosen = options.provision === undefined ? undefined : chooseUnit(options.provision, terminal);
  const portOptions = { ...options, port: await choosePort(options.port ?? chosen?.unit.port, terminal) };
  const file = await readDeviceFile(options.device);
  const built = await (terminal.build ?? buildForDevice)(options.device, parseInInterpreter);
  for (const warning of built.plan.warnings) terminal.remark(`${terminal.colors.yellow("!")} ${warning}`);
  terminal.remark(`Built “${file.name}”: ${counted(file.datastreams.length, "datastream")}, ${built.bytes} bytes.`);
  let device = await connectDevice(portOptions, terminal, { interrupt: !options.dryRun });
  try {
    const board = await readBoardInfo(device, createDeviceFlash(device));
    const code = Buffer.from(built.code, "latin1");
    const settings = chosen && (await settingsToStore(device, chosen, terminal));
    const server = await serverToBe(device, file, settings, terminal);
    const region = await checkFirst(device, { board, file, server, programBytes: code.length }, terminal);
    await refuseToStrand(device, board, file, options, terminal);
    const result = {
      bytes: built.bytes,
      region: sizeOf(region),
      datastreams: streamsOf(file),
      warnings: built.plan.warnings,
    };
    if (options.dryRun) {
      terminal.json?.result({ version: null, isDryRun: true, ...result, faults: [] });
      terminal.print(`${terminal.colors.green("✓")} Dry run: all checks passed, and nothing was written.`);
      return;
    }
    if (settings !== undefined) {
      sayWhenStopped(`Stopped. The settings may be on the device. ${OLD_PROGRAM}`);
      await writeStoredSettings(device, settings);
      terminal.remark(`Settings stored on the device: ${describeSettings(settings)}.`);
    }
    sayWhenStopped(`Stopped. ${OLD_PROGRAM}`);
    await upload(device, code, terminal);
    sayWhenStopped("Stopped. The new program is stored whole; it runs when the device restarts: power it off and on.");
    terminal.remark("Stored. Restarting …");
    const restarted = await restartFirmware(device, { reconnect: reconnector(portOptions, terminal) });
    device = restarted.device;
    const where = `${typeof file.region === "string" ? file.region : "region"}, ${describeRegion(region)}`;
    const status = await readStatus(device);
    report(`backfill ${restarted.version} runs and logs to ${where}`, file, status, terminal);
    await tellTime(device, terminal);
    terminal.json?.result({ version: restarted.version, isDryRun: false, ...result, faults: status?.faults ?? [] });
  } finally {
    await device.close();
  }
}

const OLD_PROGRAM =
  "The new program is not stored whole: the old one is still the one that starts, and all samples stay. Run the command again.";

function streamsOf(file: Device) {
  return file.datastreams.map(({ pin, name, intervalMs }) => ({ pin, name, intervalMs }));
}

function sizeOf({ address, pages, pageBytes }: FlashRegion) {
  return { address, bytes: pages * pageBytes };
}

/** The unit that `--provision` names, as `units.json#barn 1`, and the units beside it in the file. */
function chooseUnit(text: string, terminal: DeviceTerminal): Provisioning {
  const mark = text.lastIndexOf("#");
  const path = mark < 0 ? text : text.slice(0, mark);
  const family = readUnitsFile(path);
  for (const { settings } of family) keepSecrets(terminal.secrets, settings);
  if (mark >= 0) return { unit: unitNamed(family, text.slice(mark + 1), path), family };
  if (family.length === 1) return { unit: family[0], family };
  const names = family.map(({ unit }) => unit).join(", ");
  throw new FieldError(
    `${path} has ${family.length} units: ${names}.`,
    `Choose one: --provision "${path}#${family[0].unit}".`,
  );
}

/** The server that the unit will send to. The firmware refuses plain http that its device file does not allow. */
async function serverToBe(
  device: DeviceConsole,
  file: Device,
  given: UnitSettings | undefined,
  terminal: DeviceTerminal,
): Promise<string> {
  const settings = given ?? (await readStoredSettings(device, terminal.secrets));
  const server = serverOfUnit({ settings })?.url ?? file.server.url;
  if (!server.startsWith("http:") || file.server.allowPlainHttp) return server;
  const fault = `The unit's server, ${server}, is plain http, which the device file does not allow`;
  const advice = "Write allowPlainHttp: true into the device file's server, or give the unit an https server.";
  if (given !== undefined) throw new FieldError(`${fault}.`, `${advice} Nothing was written to the device.`);
  terminal.remark(`${terminal.colors.yellow("!")} ${fault}: it will log and send nothing. ${advice}`);
  return server;
}

/** What is to run, and where. */
interface Program {
  board: BoardInfo;
  file: Device;
  /** The unit's own server, or the device file's. */
  server: string;
  programBytes: number;
}

/** Checks everything that can be known to fail before anything is written. */
async function checkFirst(
  device: DeviceConsole,
  { board, file, server, programBytes }: Program,
  terminal: DeviceTerminal,
): Promise<FlashRegion> {
  const https = server.startsWith("https:");
  const chip = file.board ?? "ESP32";
  requireFit(board, { https, region: file.region, datastreams: file.datastreams.length, chip });
  for (const { found, advice } of defectsOf(board).filter(({ verdict }) => verdict === "warn")) {
    terminal.remark(`${terminal.colors.yellow("!")} ${found}. ${advice ?? ""}`);
  }
  const region = await proveRegion(device, createDeviceFlash(device), board, file.region);
  planRoom(await readStats(device), programBytes);
  const tls = board.modules.includes("tls") ? "TLS" : "no TLS";
  const heap = board.heap === undefined ? "" : `, ${board.heap.freeBytes} bytes of heap free`;
  terminal.remark(
    `Board: ${board.board}, Espruino ${board.version}, ${board.memory.total} variables (JsVars)${heap}, ${tls}.`,
  );
  return region;
}

/** Reads the samples on the device. Refuses when the new device file would leave pending ones behind. */
async function refuseToStrand(
  device: DeviceConsole,
  board: BoardInfo,
  file: Device,
  options: FlashOptions,
  terminal: DeviceTerminal,
): Promise<void> {
  let wanted: WantedRegion | undefined = options.oldRegion === undefined ? undefined : parseRegion(options.oldRegion);
  // Without a partition table there is nothing to search in: the new device file says where to look.
  if (wanted === undefined && typeof file.region !== "string") wanted = file.region;
  const old = await findOnDevice(device, board, wanted);
  if (old === undefined) return;
  let stranded: StrandedSamples[];
  try {
    const progress = terminal.progress("Reading pending samples", old.bytes / old.pageBytes);
    stranded = findStranded(mountCopy(await copyFromDevice(device, old, progress)), old, file);
  } catch (error) {
    // Data in another format would be stranded too.
    if (!(error instanceof FieldError) || !options.discard) throw error;
    terminal.remark(error.message);
    return;
  }
  if (stranded.length === 0) return;
  const words = stranded.map(describeStranded);
  if (options.discard) {
    terminal.remark(`Continuing because of --discard: ${words.join("; ")}.`);
    return;
  }
  throw new FieldError(
    `Pending samples on the device would never be sent: ${words.join("; ")}.`,
    "Let the device send them first (press its button), or save them with `npm run export`, or continue with --discard.",
  );
}

async function upload(device: DeviceConsole, code: Buffer, terminal: DeviceTerminal): Promise<void> {
  const progress = terminal.progress("Uploading", code.length);
  try {
    await installProgram(device, code, {
      onProgress: (bytes) => progress.update(bytes),
      onStep: (text) => terminal.remark(text),
    });
  } finally {
    progress.done();
  }
}

function report(headline: string, file: Device, status: DeviceStatus | undefined, terminal: DeviceTerminal): void {
  const { green, yellow } = terminal.colors;
  terminal.print(`${green("✓")} ${headline}:`);
  for (const stream of file.datastreams) {
    terminal.print(`    ${stream.pin}  ${stream.name}, every ${formatInterval(stream.intervalMs)}`);
  }
  for (const fault of status?.faults ?? []) terminal.print(`${yellow("!")} ${fault}`);
}

function describeRegion(region: FlashRegion): string {
  return `${(region.pages * region.pageBytes) / 1024} kB at 0x${region.address.toString(16)}`;
}

function formatInterval(ms: number): string {
  if (ms % 3600000 === 0) return `${ms / 3600000} h`;
  if (ms % 60000 === 0) return `${ms / 60000} min`;
  return `${ms / 1000} s`;
}

runAsProgram(import.meta.url, flash);
