import type { Command } from "commander";
import { counted } from "./build/counted.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  EXIT_STATUS,
  ExitStatus,
  execute,
  runAsProgram,
} from "./console/terminal/command.ts";
import { Cancelled, FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import { addPortOptions, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice, reconnector } from "./console/transport/connect-device.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { readChipId } from "./console/unit/chip-id.ts";
import { readStatus } from "./console/unit/device-status.ts";
import { enteredSettings, type SettingsOptions } from "./console/unit/entered-settings.ts";
import { restartFirmware } from "./console/unit/restart.ts";
import { describeSettings, OtherUnitsBoard, settingsToStore } from "./console/unit/settings-to-store.ts";
import { writeStoredSettings } from "./console/unit/stored-settings.ts";
import { tellTime } from "./console/unit/tell-time.ts";
import { checkSettings, keepSecrets } from "./console/unit/unit-settings.ts";
import { readUnitsFile, type Unit, unitNamed } from "./console/unit/units-file.ts";

interface ProvisionOptions extends PortOptions, SettingsOptions {
  file?: string;
  unit?: string[];
  fresh?: boolean;
  reassign?: boolean;
}

export const provision: CommandFunction<DeviceTerminal> = withJson((args, terminal) => {
  const command = describe(terminal).action(async (options: ProvisionOptions) => {
    const family = readUnits(options, terminal);
    for (const unit of family) keepSecrets(terminal.secrets, unit.settings);
    const units = options.unit?.map((name) => unitNamed(family, name, options.file ?? "")) ?? family;
    if (units.length > 1) return provisionBatch(units, family, options, terminal);
    const [unit] = units;
    const port = unit.port ?? options.port;
    const done = await provisionUnit({ unit, family, options: { ...options, port }, done: new Map() }, terminal);
    terminal.json?.result({ done: [{ unit: unit.unit, ...done }], failed: [] });
  });
  return execute(command, args, terminal);
});

function describe(terminal: DeviceTerminal): Command {
  const collect = (value: string, earlier: string[] = []) => [...earlier, value];
  return addPortOptions(
    createCommand(
      "provision",
      "Puts Wi-Fi networks, token and servers on a unit. Its samples stay.",
      terminal,
      EXIT_STATUS,
      "{ done: [{ unit, chip, version }], failed: [{ unit, reason }] }; version is null where no firmware runs yet",
    ),
  )
    .option("--ssid <name>", "a Wi-Fi network; repeat it for several, the unit tries them in this order", collect)
    .option("--wifi-password <text>", 'its password; repeat it in the same order, "" for an open network', collect)
    .option("--token <token>", "the unit's Blynk token (Device info → Auth Token)")
    .option("--server <url>", "instead of the device file's server, e.g. https://fra1.blynk.cloud")
    .option("--time-server <name>", "instead of the device file's time servers; repeat it for several", collect)
    .option("--set-console-password <text>", "for a wireless console that the device file turns on; 8 to 20 characters")
    .option("--file <units.json>", "one unit or several in a file; see below")
    .option("--unit <name>", "provision only this unit of the file; repeat it for several", collect)
    .option("--fresh", "delete the unit's present settings; without it, settings that you do not give stay")
    .option("--reassign", "a board that has the token of another unit of the file may become this unit")
    .addHelpText(
      "after",
      `
To keep secrets out of process lists and shell history, use environment variables: BACKFILL_TOKEN, BACKFILL_SSID,
BACKFILL_WIFI_PASSWORD, BACKFILL_SERVER, BACKFILL_SET_CONSOLE_PASSWORD. The command asks for what is missing.

The file: { "common": { "networks": [{ "ssid": "…", "password": "…" }] },
            "units": [{ "unit": "barn 1", "port": "COM3", "token": "…" }, …] }
Units without a port, or with the same port, are asked for one after the other; a board of another unit is refused.
At the end it says how many are done, and the command for the others.
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
  return readUnitsFile(options.file);
}

/** What happened to the units of a batch. */
interface Outcome {
  /** Chip's id → unit. */
  done: Map<string, string>;
  /** The units that are done, with what is on them. */
  provisioned: Provisioned[];
  failed: { unit: string; reason: string }[];
}

/** Provisions one unit after the other. One that fails does not keep the others from their settings. */
async function provisionBatch(units: Unit[], family: Unit[], options: ProvisionOptions, terminal: DeviceTerminal) {
  const ports = units.map(({ port }) => port);
  // Units that share a port, or name none, are connected one after the other.
  const needsHand = (unit: Unit) =>
    unit.port === undefined || ports.indexOf(unit.port) !== ports.lastIndexOf(unit.port);
  const byHand = units.find(needsHand);
  if (byHand !== undefined && !terminal.interactive) refuseWithoutPerson(byHand, units);
  const outcome: Outcome = { done: new Map(), provisioned: [], failed: [] };
  for (const unit of units) {
    terminal.remark(`── ${unit.unit}`);
    try {
      await provisionInBatch({ unit, family, options, outcome, isByHand: needsHand(unit) }, terminal);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      if (error instanceof Cancelled) break;
      terminal.remark(`${terminal.colors.red("✗")} ${error.message}`);
      terminal.remark(`  ${error.advice}`);
      outcome.failed.push({ unit: unit.unit, reason: error.message });
    }
  }
  sumUp(units, outcome, options, terminal);
}

function refuseWithoutPerson(unit: Unit, units: Unit[]): never {
  const twin = units.find((other) => other !== unit && other.port === unit.port);
  throw new FieldError(
    unit.port === undefined || twin === undefined
      ? `${unit.unit} has no port in the file.`
      : `${unit.unit} and ${twin.unit} have the same port in the file, ${unit.port}: the second would overwrite the first.`,
    "Give each unit a port of its own in the file, or choose one unit with --unit, or run the command in a terminal: it asks for one unit after the other. No device was touched.",
  );
}

interface BatchStep {
  unit: Unit;
  family: Unit[];
  options: ProvisionOptions;
  outcome: Outcome;
  /** A person connects it. */
  isByHand: boolean;
}

/** A person who connects a board that was there already is asked again. */
async function provisionInBatch(step: BatchStep, terminal: DeviceTerminal): Promise<void> {
  const { unit, family, outcome, isByHand } = step;
  const options = { ...step.options, port: unit.port ?? step.options.port };
  for (;;) {
    const question = `Plug in ${unit.unit}, and no other unit on this port. Is it connected?`;
    if (isByHand && !(await terminal.ask.confirm(question, true))) throw new Cancelled();
    try {
      const done = await provisionUnit({ unit, family, options, done: outcome.done }, terminal);
      outcome.done.set(done.chip, unit.unit);
      outcome.provisioned.push({ unit: unit.unit, ...done });
      return;
    } catch (error) {
      if (!isByHand || !(error instanceof OtherUnitsBoard)) throw error;
      terminal.remark(`${terminal.colors.yellow("!")} ${error.message}`);
      terminal.remark(`  ${error.advice}`);
    }
  }
}

/** Says how many are done and how to go on with the others. Ends with exit status 1 when one is not done. */
function sumUp(units: Unit[], outcome: Outcome, options: ProvisionOptions, terminal: DeviceTerminal): void {
  const done = new Set(outcome.done.values());
  const rest = units.filter(({ unit }) => !done.has(unit));
  const reasonOf = (unit: Unit) => outcome.failed.find((one) => one.unit === unit.unit)?.reason ?? "not touched";
  terminal.json?.result({
    done: outcome.provisioned,
    failed: rest.map((unit) => ({ unit: unit.unit, reason: reasonOf(unit) })),
  });
  terminal.print(`${done.size} of ${counted(units.length, "unit")} ${units.length === 1 ? "is" : "are"} done.`);
  if (rest.length === 0) return;
  for (const unit of rest) terminal.print(`  ${terminal.colors.red("✗")} ${unit.unit}: ${reasonOf(unit)}`);
  const names = rest.map(({ unit }) => `--unit ${JSON.stringify(unit)}`).join(" ");
  terminal.print(`To go on: npm run provision -- --file ${options.file} ${names}`);
  throw new ExitStatus(EXIT.failed);
}

interface Task {
  unit: Unit;
  /** All units of the file. */
  family: Unit[];
  options: ProvisionOptions;
  /** Chips of this run that have their settings, with their units. */
  done: Map<string, string>;
}

/** What is on a unit that has its settings. */
interface OnUnit {
  chip: string;
  /** Of the firmware; null where none runs yet. */
  version: string | null;
}

type Provisioned = OnUnit & { unit: string };

/** Puts the settings on the device. */
async function provisionUnit({ unit, family, options, done }: Task, terminal: DeviceTerminal): Promise<OnUnit> {
  const { fresh, reassign } = options;
  const before =
    done.size === 0 ? "" : ` ${counted(done.size, "unit")} before it ${done.size === 1 ? "is" : "are"} done.`;
  sayWhenStopped(`Stopped. Nothing was written to ${unit.unit}.${before}`);
  let device = await connectDevice(options, terminal);
  try {
    const chip = (await readChipId(device)) ?? unit.unit;
    if (done.has(chip)) {
      throw new OtherUnitsBoard(
        `This is the board of ${done.get(chip)}, which has its settings already.`,
        `Connect the board of ${unit.unit}. Nothing was written to this one.`,
      );
    }
    const settings = await settingsToStore(device, { unit, family, fresh, reassign }, terminal);
    sayWhenStopped(`Stopped. The settings may be on ${unit.unit} or not: run the command again.${before}`);
    await writeStoredSettings(device, settings);
    sayWhenStopped(
      `Stopped. The settings are on ${unit.unit}; they count when it restarts: power it off and on.${before}`,
    );
    terminal.print(`Settings stored on the device: ${describeSettings(settings)}.`);
    const restarted = await restart(device, options, terminal);
    device = restarted.device;
    return { chip, version: restarted.version };
  } finally {
    await device.close();
  }
}

/** The firmware reads its settings when it starts. During the restart it takes no samples; the stored ones are in flash. */
async function restart(
  device: DeviceConsole,
  options: PortOptions,
  terminal: DeviceTerminal,
): Promise<{ device: DeviceConsole; version: string | null }> {
  if ((await readStatus(device)) === undefined) {
    terminal.remark("No firmware runs on this device yet: put it there with `npm run flash`.");
    return { device, version: null };
  }
  const restarted = await restartFirmware(device, { reconnect: reconnector(options, terminal) });
  terminal.print(`The firmware ${restarted.version} has started with the new settings.`);
  await tellTime(restarted.device, terminal);
  return restarted;
}

runAsProgram(import.meta.url, provision);
