import { counted } from "./build/counted.ts";
import { type CommandFunction, createCommand, execute, runAsProgram } from "./console/terminal/command.ts";
import { Cancelled, FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import { addPortOptions, choosePort, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice, reconnector } from "./console/transport/connect-device.ts";
import { readBoardInfo } from "./console/unit/board-info.ts";
import { createDeviceFlash } from "./console/unit/device-flash.ts";
import { readStatus } from "./console/unit/device-status.ts";
import { eraseUnitFiles, searchForSecrets, secretsOf } from "./console/unit/erase-secrets.ts";
import { readPrograms } from "./console/unit/program-store.ts";
import { restartFirmware } from "./console/unit/restart.ts";
import { readStoredSettings } from "./console/unit/stored-settings.ts";

interface EraseOptions extends PortOptions {
  yes?: boolean;
}

export const erase: CommandFunction<DeviceTerminal> = withJson((args, terminal) => {
  const command = addPortOptions(
    createCommand(
      "erase",
      "Takes the secrets off a unit before you give it away. Its samples and program stay.",
      terminal,
      "0 the secrets are gone; 1 they are not, or the unit did not start again; 2 wrong usage.",
      "{ isSearched, secrets, pending, version }: numbers of secrets and pending samples; version is null where no firmware was seen to start",
    ),
  )
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      `
Erases the token, the Wi-Fi networks and passwords, the console password and the server; compacts Storage, because an erased
file stays readable in flash until then; then searches the flash of Storage for them. Leave the cable in meanwhile: a power
cut can destroy the program (flash it again), but no samples.
The unit goes on logging. Pending samples stay, and whoever provisions it next sends them: save them with \`npm run export\`
first. To erase samples and program too: esptool.py erase_flash.`,
    )
    .action((options: EraseOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

async function run(options: EraseOptions, terminal: DeviceTerminal): Promise<void> {
  sayWhenStopped("Stopped. Nothing was erased.");
  const portOptions = { ...options, port: await choosePort(options.port, terminal) };
  let device = await connectDevice(portOptions, terminal);
  try {
    const settings = await readStoredSettings(device, terminal.secrets);
    const status = await readStatus(device);
    const pending = (status?.streams ?? []).reduce((sum, stream) => sum + stream.pending, 0);
    await confirm(pending, options, terminal);
    const board = await readBoardInfo(device, createDeviceFlash(device));
    terminal.remark("Erasing and compacting Storage; leave the cable in …");
    sayWhenStopped(
      "Stopped. Secrets may still be on the unit, and its program is stopped and does not log. Leave the cable in and run the command again.",
    );
    await eraseUnitFiles(device);
    sayWhenStopped(
      "Stopped. The secrets are erased, but the flash was not searched for what may be left of them. The program is stopped and does not log: power the unit off and on.",
    );
    const secrets = secretsOf(settings);
    const isSearched = await searchForSecrets(device, board, secrets, (bytes) =>
      terminal.progress("Searching the flash for secrets", bytes),
    );
    terminal.print(
      isSearched
        ? `${terminal.colors.green("✓")} Token, networks and passwords are gone; ${counted(secrets.length, "secret was", "secrets were")} searched for in the flash of Storage, and ${secrets.length === 1 ? "it is not" : "none is"} there.`
        : `${terminal.colors.yellow("!")} Token, networks and passwords are erased and Storage is compacted. The flash was not searched: this board has no partition “storage”.`,
    );
    const result = { isSearched, secrets: secrets.length, pending };
    sayWhenStopped("Stopped. The secrets are gone. The unit logs when it restarts: power it off and on.");
    if ((await readPrograms(device)).length === 0) {
      terminal.print("No whole program is stored: put one there with `npm run flash`.");
      terminal.json?.result({ ...result, version: null });
      return;
    }
    if (portOptions.port.startsWith("tcp://")) {
      await device.send("E.reboot()").catch(() => {});
      terminal.print("The unit restarts. Without a console password it answers at its cable only.");
      terminal.json?.result({ ...result, version: null });
      return;
    }
    const restarted = await restartFirmware(device, { reconnect: reconnector(portOptions, terminal) });
    device = restarted.device;
    terminal.print(`The firmware ${restarted.version} has started and logs; it sends nothing until it is provisioned.`);
    terminal.json?.result({ ...result, version: restarted.version });
  } finally {
    await device.close();
  }
}

async function confirm(pending: number, { yes }: EraseOptions, terminal: DeviceTerminal): Promise<void> {
  const waiting =
    pending === 0
      ? ""
      : ` ${counted(pending, "sample is", "samples are")} pending: whoever provisions the unit next sends ${pending === 1 ? "it" : "them"} (save with \`npm run export\`).`;
  if (yes) {
    if (waiting !== "") terminal.remark(`${terminal.colors.yellow("!")}${waiting}`);
    return;
  }
  if (!terminal.interactive) {
    throw new FieldError(`Nobody is there to ask.${waiting}`, "Say it with --yes. Nothing was erased.");
  }
  if (!(await terminal.ask.confirm(`Erase the unit's token and Wi-Fi passwords?${waiting}`, false)))
    throw new Cancelled();
}

runAsProgram(import.meta.url, erase);
