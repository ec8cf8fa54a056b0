import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { type CommandFunction, createCommand, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { addPortOptions, connectDevice, type PortOptions, reconnector } from "./console/transport/choose-port.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { readStatus, restartAndGreet } from "./console/unit/restart.ts";
import { keepSecrets, readStoredSettings, writeStoredSettings } from "./console/unit/stored-settings.ts";
import {
  checkAnswer,
  checkSettings,
  readBatch,
  requireComplete,
  type Unit,
  type UnitSettings,
} from "./console/unit/unit-settings.ts";

interface ProvisionOptions extends PortOptions {
  ssid?: string[];
  wifiPassword?: string[];
  token?: string;
  server?: string;
  timeServer?: string[];
  setConsolePassword?: string;
  file?: string;
  unit?: string;
  fresh?: boolean;
}

const collect = (value: string, sofar: string[] | undefined) => [...(sofar ?? []), value];

function describe(terminal: Terminal): Command {
  return addPortOptions(
    createCommand("provision", "Puts a unit's Wi-Fi networks, token and servers on it; samples stay.", terminal),
  )
    .option("--ssid <name>", "a Wi-Fi network; repeat it for several, tried in this order", collect)
    .option("--wifi-password <text>", "its password; repeat it in the same order, “” for an open network", collect)
    .option("--token <token>", "the unit's Blynk token (Device info → Auth Token)")
    .option("--server <url>", "in place of the device file's server, e.g. https://fra1.blynk.cloud")
    .option("--time-server <name>", "in place of the device file's time servers; repeat it for several", collect)
    .option("--set-console-password <text>", "for a wireless console that the device file turns on; 8 to 20 characters")
    .option("--file <units.json>", "a unit or a batch of them; see below")
    .option("--unit <name>", "one unit of the file")
    .option("--fresh", "forget what the unit has now; without it, what is not given is kept")
    .addHelpText(
      "after",
      `
What a program list or a shell's history must not show goes by environment: BACKFILL_TOKEN, BACKFILL_SSID,
BACKFILL_WIFI_PASSWORD, BACKFILL_SERVER, BACKFILL_SET_CONSOLE_PASSWORD. What is missing is asked for.

The file: { "common": { "networks": [{ "ssid": "…", "password": "…" }] },
            "units": [{ "unit": "barn 1", "port": "COM3", "token": "…" }, …] }
All of it is checked before the first device is touched. Nothing of it is stored on this computer.`,
    );
}

export const provision: CommandFunction = (args, terminal) => {
  const command = describe(terminal).action(async (options: ProvisionOptions) => {
    const units = readUnits(options, terminal);
    for (const unit of units) keepSecrets(terminal.secrets, unit.settings);
    for (const unit of units) await provisionUnit(unit, units.length > 1, options, terminal);
  });
  return execute(command, args, terminal);
};

/** What was entered, checked, before any device is touched. */
function readUnits(options: ProvisionOptions, terminal: Terminal): Unit[] {
  const entered = enteredSettings(options, terminal.env);
  for (const secret of [entered.token, entered.consolePassword, ...(options.wifiPassword ?? [])]) {
    terminal.secrets.keep(secret as string | undefined);
  }
  if (options.file === undefined) {
    if (options.unit !== undefined) throw new FieldError("--unit names a unit of a file.", "Say which with --file.");
    return [{ unit: "the unit", settings: checkSettings(entered) }];
  }
  if (Object.keys(entered).length > 0) {
    throw new FieldError(
      "Settings are given both by --file and beside it.",
      "Put all of them into the file, or none, and unset the BACKFILL_… variables.",
    );
  }
  let text: string;
  try {
    text = readFileSync(options.file, "utf8");
  } catch (cause) {
    throw new FieldError(`${options.file} can't be read: ${(cause as Error).message}.`, "Check the path.", { cause });
  }
  const units = readBatch(text, options.file);
  if (options.unit === undefined) return units;
  const unit = units.find((one) => one.unit === options.unit);
  if (unit !== undefined) return [unit];
  throw new FieldError(`${options.file} has no ${options.unit}.`, `It has ${units.map((one) => one.unit).join(", ")}.`);
}

/** Flags, and where there is none, the environment. */
function enteredSettings(options: ProvisionOptions, env: Terminal["env"]): Record<string, unknown> {
  const entered: Record<string, unknown> = {};
  const ssids = options.ssid ?? (env.BACKFILL_SSID === undefined ? [] : [env.BACKFILL_SSID]);
  const passwords =
    options.wifiPassword ?? (env.BACKFILL_WIFI_PASSWORD === undefined ? [] : [env.BACKFILL_WIFI_PASSWORD]);
  if (ssids.length === 0 && passwords.length > 0) {
    throw new FieldError("There is a Wi-Fi password without a network.", "Name the network with --ssid.");
  }
  if (passwords.length > ssids.length || (passwords.length < ssids.length && passwords.length > 0)) {
    throw new FieldError(
      `There are ${ssids.length} networks and ${passwords.length} passwords.`,
      "Give each --ssid its --wifi-password in the same order, “” for an open one.",
    );
  }
  if (ssids.length > 0) entered.networks = ssids.map((ssid, i) => ({ ssid, password: passwords[i] ?? "" }));
  const token = options.token ?? env.BACKFILL_TOKEN;
  const server = options.server ?? env.BACKFILL_SERVER;
  const consolePassword = options.setConsolePassword ?? env.BACKFILL_SET_CONSOLE_PASSWORD;
  if (token !== undefined) entered.token = token;
  if (server !== undefined) entered.server = server;
  if (options.timeServer !== undefined) entered.timeServers = options.timeServer;
  if (consolePassword !== undefined) entered.consolePassword = consolePassword;
  return entered;
}

async function provisionUnit(
  unit: Unit,
  isBatch: boolean,
  options: ProvisionOptions,
  terminal: Terminal,
): Promise<void> {
  const portOptions = { ...options, port: unit.port ?? options.port };
  if (isBatch) {
    terminal.remark(`── ${unit.unit}`);
    if (unit.port === undefined) {
      if (!terminal.interactive) {
        throw new FieldError(
          `${unit.unit} has no port in the file.`,
          "Give each unit its port, or take one with --unit.",
        );
      }
      if (!(await terminal.ask.confirm(`Is ${unit.unit} connected?`, true))) {
        throw new FieldError("Given up.", `${unit.unit} and those after it were not touched.`);
      }
    }
  }
  let device = await connectDevice(portOptions, terminal);
  try {
    const kept = options.fresh ? {} : await readStoredSettings(device, terminal.secrets);
    const asked = terminal.interactive ? await askForRest({ ...kept, ...unit.settings }, terminal) : {};
    keepSecrets(terminal.secrets, asked);
    const settings = requireComplete({ ...kept, ...unit.settings, ...asked });
    await writeStoredSettings(device, settings);
    terminal.print(
      `Settings stored on the device: ${settings.networks.length === 1 ? "network" : "networks"} ${settings.networks
        .map((network) => `“${network.ssid}”`)
        .join(
          ", ",
        )}, ${settings.server ?? "the device file's server"}, a token of ${settings.token.length} characters.`,
    );
    device = await restart(device, portOptions, terminal);
  } finally {
    device.close();
  }
}

/** The firmware reads its settings when it starts. Samples are in flash, and slots pass only while it restarts. */
async function restart(device: DeviceConsole, options: PortOptions, terminal: Terminal): Promise<DeviceConsole> {
  if ((await readStatus(device)) === undefined) {
    terminal.remark("No firmware runs on this device yet: `npm run flash` puts it there.");
    return device;
  }
  const greeted = await restartAndGreet(device, { reconnect: reconnector(options, terminal) });
  terminal.print(`The firmware ${greeted.version} has started with them.`);
  return greeted.device;
}

/** Asks a person for what neither the flags nor the device know. */
async function askForRest(known: UnitSettings, terminal: Terminal): Promise<UnitSettings> {
  const answers: UnitSettings = {};
  if ((known.networks ?? []).length === 0) {
    const networks: { ssid: string; password: string }[] = [];
    do {
      const ssid = await terminal.ask.text("Name of the Wi-Fi network (ssid)", checkAnswer.ssid);
      const password = await terminal.ask.password(
        "Its password (empty for an open network)",
        checkAnswer.wifiPassword,
      );
      terminal.secrets.keep(password);
      networks.push({ ssid, password });
    } while (await terminal.ask.confirm("Another network, for where this one can't be reached?", false));
    answers.networks = networks;
  }
  if (known.token === undefined) {
    answers.token = await terminal.ask.password("The unit's Blynk token", checkAnswer.token);
    terminal.secrets.keep(answers.token);
  }
  return answers;
}

runAsProgram(import.meta.url, provision);
