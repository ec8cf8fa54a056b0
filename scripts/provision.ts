import type { Command } from "commander";
import { type CommandFunction, createCommand, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { readUserFile } from "./console/terminal/user-file.ts";
import { addPortOptions, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice, reconnector } from "./console/transport/connect-device.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { readStatus } from "./console/unit/device-status.ts";
import { askForMissing, enteredSettings, type SettingsOptions } from "./console/unit/entered-settings.ts";
import { restartFirmware } from "./console/unit/restart.ts";
import { readStoredSettings, writeStoredSettings } from "./console/unit/stored-settings.ts";
import { tellTime } from "./console/unit/tell-time.ts";
import { type CompleteSettings, checkSettings, keepSecrets, requireComplete } from "./console/unit/unit-settings.ts";
import { parseUnits, type Unit } from "./console/unit/units-file.ts";

interface ProvisionOptions extends PortOptions, SettingsOptions {
  file?: string;
  unit?: string;
  fresh?: boolean;
}

export const provision: CommandFunction<DeviceTerminal> = (args, terminal) => {
  const command = describe(terminal).action(async (options: ProvisionOptions) => {
    const units = readUnits(options, terminal);
    for (const unit of units) keepSecrets(terminal.secrets, unit.settings);
    for (const unit of units) {
      const port = units.length > 1 ? await portInBatch(unit, options, terminal) : (unit.port ?? options.port);
      await provisionUnit(unit, { ...options, port }, terminal);
    }
  });
  return execute(command, args, terminal);
};

function describe(terminal: DeviceTerminal): Command {
  const collect = (value: string, earlier: string[] = []) => [...earlier, value];
  return addPortOptions(
    createCommand("provision", "Puts Wi-Fi networks, token and servers on a unit. Its samples stay.", terminal),
  )
    .option("--ssid <name>", "a Wi-Fi network; repeat it for several, the unit tries them in this order", collect)
    .option("--wifi-password <text>", 'its password; repeat it in the same order, "" for an open network', collect)
    .option("--token <token>", "the unit's Blynk token (Device info → Auth Token)")
    .option("--server <url>", "instead of the device file's server, e.g. https://fra1.blynk.cloud")
    .option("--time-server <name>", "instead of the device file's time servers; repeat it for several", collect)
    .option("--set-console-password <text>", "for a wireless console that the device file turns on; 8 to 20 characters")
    .option("--file <units.json>", "one unit or several in a file; see below")
    .option("--unit <name>", "provision only this unit of the file")
    .option("--fresh", "delete the unit's present settings; without it, settings that you do not give stay")
    .addHelpText(
      "after",
      `
To keep secrets out of process lists and shell history, use environment variables: BACKFILL_TOKEN, BACKFILL_SSID,
BACKFILL_WIFI_PASSWORD, BACKFILL_SERVER, BACKFILL_SET_CONSOLE_PASSWORD. The command asks for what is missing.

The file: { "common": { "networks": [{ "ssid": "…", "password": "…" }] },
            "units": [{ "unit": "barn 1", "port": "COM3", "token": "…" }, …] }
The whole file is checked before the first device is touched. Nothing of it is stored on this computer.`,
    );
}

/** The units that were entered, checked before any device is touched. */
function readUnits(options: ProvisionOptions, terminal: DeviceTerminal): Unit[] {
  const entered = enteredSettings(options, terminal.env);
  for (const secret of [entered.token, entered.consolePassword, ...(options.wifiPassword ?? [])]) {
    terminal.secrets.keep(secret as string | undefined);
  }
  if (options.file === undefined) {
    if (options.unit !== undefined)
      throw new FieldError("--unit names a unit of a file.", "Give the file with --file.");
    return [{ unit: "the unit", settings: checkSettings(entered) }];
  }
  if (Object.keys(entered).length > 0) {
    throw new FieldError(
      "There are settings in --file and others beside it.",
      "Put all settings into the file or none, and unset the environment variables BACKFILL_….",
    );
  }
  const units = parseUnits(readUserFile(options.file).toString("utf8"), options.file);
  if (options.unit === undefined) return units;
  const unit = units.find((one) => one.unit === options.unit);
  if (unit !== undefined) return [unit];
  const names = units.map((one) => one.unit).join(", ");
  throw new FieldError(`${options.file} has no unit ${options.unit}.`, `It has ${names}.`);
}

/** The port of one of several units. Where the file has none, a person connects the units one after the other. */
async function portInBatch(
  unit: Unit,
  options: ProvisionOptions,
  terminal: DeviceTerminal,
): Promise<string | undefined> {
  terminal.remark(`── ${unit.unit}`);
  if (unit.port !== undefined) return unit.port;
  if (!terminal.interactive) {
    throw new FieldError(
      `${unit.unit} has no port in the file.`,
      "Give each unit its port in the file, or choose one unit with --unit.",
    );
  }
  if (!(await terminal.ask.confirm(`Is ${unit.unit} connected?`, true))) {
    throw new FieldError("Cancelled.", `${unit.unit} and the units after it were not touched.`);
  }
  return options.port;
}

async function provisionUnit(unit: Unit, options: ProvisionOptions, terminal: DeviceTerminal): Promise<void> {
  let device = await connectDevice(options, terminal);
  try {
    const kept = options.fresh ? {} : await readStoredSettings(device, terminal.secrets);
    const asked = terminal.interactive ? await askForMissing({ ...kept, ...unit.settings }, terminal) : {};
    keepSecrets(terminal.secrets, asked);
    const settings = requireComplete({ ...kept, ...unit.settings, ...asked });
    await writeStoredSettings(device, settings);
    terminal.print(`Settings stored on the device: ${describeSettings(settings)}.`);
    device = await restart(device, options, terminal);
  } finally {
    await device.close();
  }
}

function describeSettings({ networks, server, token }: CompleteSettings): string {
  const names = networks.map((network) => `“${network.ssid}”`).join(", ");
  const which = networks.length === 1 ? "network" : "networks";
  return `${which} ${names}, ${server ?? "the device file's server"}, a token of ${token.length} characters`;
}

/** The firmware reads its settings when it starts. During the restart it takes no samples; the stored ones are in flash. */
async function restart(device: DeviceConsole, options: PortOptions, terminal: DeviceTerminal): Promise<DeviceConsole> {
  if ((await readStatus(device)) === undefined) {
    terminal.remark("No firmware runs on this device yet: put it there with `npm run flash`.");
    return device;
  }
  const restarted = await restartFirmware(device, { reconnect: reconnector(options, terminal) });
  terminal.print(`The firmware ${restarted.version} has started with the new settings.`);
  await tellTime(restarted.device, terminal);
  return restarted.device;
}

runAsProgram(import.meta.url, provision);
