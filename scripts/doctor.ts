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
import { addPortOptions, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice } from "./console/transport/connect-device.ts";
import { checkAnswer } from "./console/unit/unit-settings.ts";

interface DoctorOptions extends PortOptions {
  json?: boolean;
  /** False for --no-server. */
  server: string | boolean;
  region?: string;
}

export const doctor: CommandFunction<DeviceTerminal> = (args, terminal) => {
  const command = addPortOptions(
    createCommand("doctor", "Checks a device, from the cable to the server's answer.", terminal),
  )
    .option("--json", "print the findings as JSON: [{ name, verdict, found, advice }]")
    .option("--server <url>", "check this server instead of the unit's own")
    .option("--no-server", "do not contact the server")
    .option("--region <where>", "where the data is, if it is not found: a partition's label, or 0xADDRESS:0xBYTES")
    .addHelpText(
      "after",
      "\nExit status: 0 all is well, perhaps with warnings; 1 something has to be fixed; 2 wrong usage.",
    )
    .action((options: DoctorOptions) => run(options, terminal));
  return execute(command, args, terminal);
};

async function run(options: DoctorOptions, terminal: DeviceTerminal): Promise<void> {
  const server = typeof options.server === "string" ? options.server : undefined;
  const complaint = server === undefined ? undefined : checkAnswer.server(server);
  if (complaint !== undefined)
    throw new FieldError(`--server: ${complaint}.`, "Write for example https://blynk.cloud.");
  const device = await connectDevice(options, terminal);
  let findings: Finding[];
  try {
    findings = await examine(device, terminal, {
      server,
      askServer: options.server !== false,
      region: options.region === undefined ? undefined : parseRegion(options.region),
    });
  } finally {
    device.close();
  }
  if (options.json) terminal.print(JSON.stringify(findings, null, 2));
  else printFindings(findings, terminal);
  if (!allWell(findings)) throw new ExitStatus(EXIT.failed);
}

runAsProgram(import.meta.url, doctor);
