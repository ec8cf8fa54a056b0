/** `npm run bench -- storage | interpreter`: the figures that the README states, measured here. */
import { Command } from "commander";

const program = new Command("npm run bench --").description(
  "Measures what the firmware's figures are, beside what others do.",
);

program
  .command("storage")
  .description("Flash bytes, programs, erases and reads a sample, counted on the simulated flash.")
  .option("--data <csv>", "also log the columns of a recorded CSV (first column: time)")
  .option("--json", "print one JSON object as the last line")
  .action(async (options) => (await import("./bench/storage.ts")).benchStorage(options));

program
  .command("interpreter")
  .description("Time, memory and capacity on the interpreter that ESPRUINO names, beside how people log with it today.")
  .option("--runs <n>", "so many runs, of which the medians count", "3")
  .option("--json", "print one JSON object as the last line")
  .action(async (options) => (await import("./bench/interpreter.ts")).printInterpreterBench(options));

await program.parseAsync();
