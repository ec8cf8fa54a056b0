/** `npm run bench -- storage | interpreter`: measures the figures that the documentation states. */
import { Option } from "commander";
import type { InterpreterBenchOptions } from "./bench/print-interpreter.ts";
import type { StorageBenchOptions } from "./bench/print-storage.ts";
import { type CommandFunction, createCommand, execute, parseCount, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { RecordingError } from "./simulator/recording.ts";

const JSON_OPTION = "print one JSON object, the figures, and nothing else to standard output";

export const measure: CommandFunction = withJson((args, terminal) => {
  const command = createCommand(
    "bench",
    "Measures the firmware's figures beside those of the usual ways to log.",
    terminal,
  ).usage("[command] [options]");
  command
    .command("storage")
    .description("Counts flash bytes, programs, erases and reads for each sample on the simulated flash.")
    .option("--data <csv>", "also log the columns of a recorded CSV (first column: time)")
    .option("--json", JSON_OPTION)
    .action((options: StorageBenchOptions) => benchStorage(options, terminal));
  command
    .command("interpreter")
    .description("Measures time, memory and capacity on the interpreter that ESPRUINO names.")
    .addOption(new Option("--runs <n>", "number of runs; the medians count").default(3).argParser(parseCount))
    .option("--json", JSON_OPTION)
    .action(async (options: InterpreterBenchOptions) =>
      (await import("./bench/print-interpreter.ts")).printInterpreterBench(
        options,
        terminal.print,
        terminal.json?.result,
      ),
    );
  return execute(command, args, terminal);
});

async function benchStorage(options: StorageBenchOptions, terminal: Terminal): Promise<void> {
  const { printStorageBench } = await import("./bench/print-storage.ts");
  try {
    await printStorageBench(options, terminal.print, terminal.json?.result);
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    throw new FieldError(
      `--data: ${error.message}.`,
      "Give a CSV whose first column is `time` in ISO 8601. All other columns are numbers.",
    );
  }
}

runAsProgram(import.meta.url, measure);
