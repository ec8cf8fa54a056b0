import { examine } from "./console/doctor/examination.ts";
import { allWell, type Finding, printFindings } from "./console/doctor/finding.ts";
import { parseRegion } from "./console/stored-data/data-region.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  ExitStatus,
  execute,
  runAsProgram,
} from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import { addPortOptions, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice } from "./console/transport/connect-device.ts";
import { readDeviceAndPins } from "./console/unit/device-build.ts";
import { checkAnswer } from "./console/unit/unit-settings.ts";

interface DoctorOptions extends PortOptions {
  device?: string;
  /** False for --no-server. */
  server: string | boolean;
  region?: string;
}

const DEFAULT_FILE = "firmware/device.ts";

export const doctor: CommandFunction<DeviceTerminal> = withJson((args, terminal) => {
  const command = addPortOptions(
    createCommand(
      "doctor",
      "Checks a device, from the cable to the server's answer.",
      terminal,
      "0 all is well, perhaps with warnings; 1 something has to be fixed; 2 wrong usage.",
      "{ isWell, findings: [{ name, verdict, found, advice }] }, a verdict is ok, warn, fail or skip",
    ),
  )
    .option(
      "--device <file>",
      "the unit's device file: its server, region and names are used, its buses searched; default: firmware/device.ts",
    )
    .option("--server <url>", "check this server instead of the unit's own")
    .option("--no-server", "do not contact the server")
    .option("--region <where>", "where the data is, if it is not found: a partition's label, or 0xADDRESS:0xBYTES")
    .addHelpText(
      "after",
      `
If the device file has sensors on 1-Wire or I²C, it lists the chips that answer there: each DS18B20 as the device file
takes it, ds18b20("D13", "28ff641e8416d364"), and each I²C address. Give the file that runs on the unit: the I²C ports
are set up on the pins in it. The unit goes on logging; a reading that is in progress may fail and is counted as failed.

The server is the one that the unit names, or else the device file's; the line “sends to” says which.`,
    )
    .action((options: DoctorOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

async function run(options: DoctorOptions, terminal: DeviceTerminal): Promise<void> {
  const server = typeof options.server === "string" ? options.server : undefined;
  const complaint = server === undefined ? undefined : checkAnswer.server(server);
  if (complaint !== undefined)
    throw new FieldError(`--server: ${complaint}.`, "Write for example https://blynk.cloud.");
  const file = await readDeviceAndPins(options.device).catch((error: FieldError) => error);
  if (file instanceof Error && options.device !== undefined) throw file;
  sayWhenStopped("Stopped. Nothing was changed on the device.");
  const device = await connectDevice(options, terminal);
  let findings: Finding[];
  try {
    findings = await examine(device, terminal, {
      server,
      askServer: options.server !== false,
      pinUses: file instanceof Error ? [] : file.pinUses,
      file: file instanceof Error ? undefined : { ...file, path: options.device ?? DEFAULT_FILE },
      isFileNamed: options.device !== undefined,
      region: options.region === undefined ? undefined : parseRegion(options.region),
    });
    if (file instanceof Error) findings.push({ name: "device file", verdict: "skip", found: file.message });
  } finally {
    await device.close();
  }
  if (terminal.json === undefined) printFindings(findings, terminal);
  else terminal.json.result({ isWell: allWell(findings), findings });
  if (!allWell(findings)) throw new ExitStatus(EXIT.failed);
}

runAsProgram(import.meta.url, doctor);
