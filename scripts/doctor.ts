import { examine } from "./console/doctor/examination.ts";
import { allWell, type Check, printChecks } from "./console/doctor/finding.ts";
import { parseRegion } from "./console/stored-data/data-region.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  ExitStatus,
  execute,
  runAsProgram,
} from "./console/terminal/command.ts";
import { addPortOptions, connectDevice, type PortOptions } from "./console/transport/choose-port.ts";

export const doctor: CommandFunction = (args, terminal) => {
  const command = addPortOptions(
    createCommand("doctor", "Looks a device over, from the cable to the server's answer.", terminal),
  )
    .option("--json", "the checks as JSON: [{ name, verdict, found, advice }]")
    .option("--server <url>", "try this server in place of the unit's own")
    .option("--no-server", "leave the server alone")
    .option("--region <where>", "where the data is, if not found by itself: a partition's label, or 0xADDRESS:0xBYTES")
    .addHelpText(
      "after",
      "\nExit status: 0 all is well or only remarked on, 1 something has to be put right, 2 wrong usage.",
    )
    .action(async (options: PortOptions & { json?: boolean; server: string | boolean; region?: string }) => {
      const device = await connectDevice(options, terminal);
      let checks: Check[];
      try {
        checks = await examine(device, terminal, {
          server: typeof options.server === "string" ? options.server : undefined,
          askServer: options.server !== false,
          region: options.region === undefined ? undefined : parseRegion(options.region),
        });
      } finally {
        device.close();
      }
      if (options.json) terminal.print(JSON.stringify(checks, null, 2));
      else printChecks(checks, terminal);
      if (!allWell(checks)) throw new ExitStatus(EXIT.failed);
    });
  return execute(command, args, terminal);
};

runAsProgram(import.meta.url, doctor);
