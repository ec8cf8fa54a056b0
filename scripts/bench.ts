/** `npm run bench -- storage | interpreter`: measures the figures that the documentation states. */
import { Command } from "commander";

const program = new Command("npm run bench --").description(
  "Measures the firmware's figures beside those of the usual ways to log.",
);

program
  .command("storage")
  .description("Counts flash bytes, programs, erases and reads for each sample on the simulated flash.")
  .option("--data <csv>", "also log the columns of a recorded CSV (first column: time)")
  .option("--json", "print one JSON object as the last line")
  .action(async (options) => (await import("./bench/print-storage.ts")).printStorageBench(options));

program
  .command("interpreter")
  .description("Measures time, memory and capacity on the interpreter that ESPRUINO names.")
  .option("--runs <n>", "number of runs; the medians count", "3")
  .option("--json", "print one JSON object as the last line")
  .action(async (options) => (await import("./bench/print-interpreter.ts")).printInterpreterBench(options));

await program.parseAsync();
