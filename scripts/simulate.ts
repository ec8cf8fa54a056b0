/** `npm run simulate`: a simulated device, offline for a while or in a scenario, and what became of its samples. */

import { writeFileSync } from "node:fs";
import { Presets, SingleBar } from "cli-progress";
import { type Command, CommanderError } from "commander";
import { BundleError } from "./build/bundle.ts";
import { counted } from "./build/counted.ts";
import { DeviceFileError } from "./build/device-file.ts";
import { sayFileError } from "./build/file-error.ts";
import { type CommandFunction, createCommand, EXIT, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { requireWritable } from "./console/terminal/user-file.ts";
import { duration, number, type Options, plan } from "./simulator/command-options.ts";
import { durationMs } from "./simulator/duration.ts";
import { UsageError } from "./simulator/errors.ts";
import { type Load, simulateFleet } from "./simulator/fleet.ts";
import { brokenBy, isSound } from "./simulator/judgement.ts";
import { askServer, reachServer } from "./simulator/network/reach-server.ts";
import { RecordingError } from "./simulator/recording.ts";
import { FORM_WORDS } from "./simulator/recording-form.ts";
import { SCENARIOS } from "./simulator/scenarios/registry.ts";
import { room } from "./simulator/scenarios/scenario.ts";
import { startMs } from "./simulator/script.ts";
import { runSimulation, type Script, type Simulation, SimulationError } from "./simulator/simulate.ts";
import { summary } from "./simulator/summary.ts";

function program(terminal: Terminal): Command {
  const collect = (value: string, earlier: string[] = []) => [...earlier, value];
  const list = SCENARIOS.map((scenario) => `  ${scenario.name.padEnd(22)}${scenario.about}`).join("\n");
  return createCommand(
    "simulate",
    "Runs the firmware in a simulated ESP32 on virtual time and accounts for every sample.",
    terminal,
    "0 all is well; 1 samples don't balance, a limit or a promise is broken, a server takes nothing, or wrong usage.",
    "the report, as scripts/simulator/README.md has it, and what is broken",
  )
    .option(
      "--scenario <name>",
      "one of the list below (default: week-offline, unless --script, --data or --device is given)",
    )
    .option(
      "--script <file.json>",
      "what happens to the unit: simulate()'s script as JSON (scripts/simulator/README.md)",
    )
    .option(
      "--data <file.csv>",
      "recorded readings: `time`, then one column for each sensor; a gap is a failed reading",
    )
    .option("--csv <setting>", `how that file is written, where it is not detected; repeat it: ${FORM_WORDS}`, collect)
    .option(
      "--map <column=datastream>",
      "with --data and --device: which column is which datastream, where their names differ; repeat it",
      collect,
    )
    .option("--streams <list>", "which columns to log, as temperature=v1:1,co2=v2:0 (column=pin:decimals)")
    .option("--every <duration>", "sampling interval, 60s unless the device file says otherwise", duration)
    .option("--offline <duration>", "time without Wi-Fi after power-on", duration)
    .option("--until <duration>", "stop at this time, delivered or not", duration)
    .option("--region <name>", "partition that keeps the samples: flash or ota_0")
    .option("--drift <ppm>", "error of the crystal; positive is fast", number)
    .option("--device <file>", "your own device file; with --data, its sensors show the columns of the same names")
    .option("--start <time>", "power-on: 2026-01-01T00:00:00Z, or relative to now: -7d")
    .option("--seed <n>", "another sequence of random numbers", number)
    .option("--server <url>", "send to a real server, over real sockets, with --token")
    .option("--token <token>", "the device's token on that server")
    .option("--points-out <file>", "write what the server holds as CSV: pin,ts,value")
    .option("--fleet <n>", "this many devices with a common outage of 6 h (or --offline), against one server", number)
    .addHelpText("after", `\nScenarios:\n${list}`)
    .allowExcessArguments(false)
    .showHelpAfterError("(--help lists flags and scenarios)");
}

function writePoints(file: string, simulation: Simulation): void {
  const rows = [...simulation.points].sort((a, b) => Number(a.pin.slice(1)) - Number(b.pin.slice(1)) || a.ts - b.ts);
  try {
    writeFileSync(file, `pin,ts,value\n${rows.map((one) => `${one.pin},${one.ts},${one.value}\n`).join("")}`);
  } catch (error) {
    throw new UsageError(`can't write ${file}: ${sayFileError(error)}`);
  }
}

/** A bar on a terminal, nothing anywhere else. */
function progressBar(script: Script): () => void {
  if (!process.stderr.isTTY) return () => {};
  const format = "{bar} day {day}, {delivered} delivered, {pending} waiting";
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, barsize: 30 }, Presets.shades_grey);
  bar.start(1, 0, { day: "0.0", delivered: 0, pending: 0 });
  script.onProgress = ({ simulatedMs, delivered, pending }) => {
    const done = delivered + pending === 0 ? 0 : delivered / (delivered + pending);
    bar.update(done, { day: (simulatedMs / 86_400_000).toFixed(1), delivered, pending });
  };
  return () => bar.stop();
}

/**
 * Prints the server's load when a fleet comes back, with and without each device's own random numbers. Resolves with the
 * exit status.
 */
async function runFleet(options: Options, devices: number, terminal: Terminal): Promise<number> {
  const { device, script, remarks } = await plan(options);
  for (const remark of remarks) terminal.remark(`simulate: ${remark}`);
  const { every: everyMs, region } = options;
  const chosen = options.device === undefined && options.data === undefined ? room({ everyMs, region }) : device;
  const report = await simulateFleet(chosen, { devices, seed: script.seed ?? 1, outageMs: options.offline });
  const status = report.balanced && report.violations === 0 ? EXIT.ok : EXIT.failed;
  terminal.json?.result(report);
  const line = (name: string, load: Load) =>
    terminal.print(
      `${name}${counted(load.requests, "request")}, peak ${load.peakPerSecond}/s, 99th percentile ${load.p99PerSecond}/s`,
    );
  terminal.print(`${counted(devices, "device")} back after ${report.outageMs / 3_600_000} h, seed ${report.seed}`);
  line("  in step:         ", report.withoutJitter);
  line("  with own jitter: ", report.withJitter);
  terminal.print(`  ${report.balanced ? "balanced" : "NOT BALANCED"}, ${counted(report.violations, "violation")}`);
  return status;
}

/** Makes sure of a real server, and says for how long the run may wait for it. */
async function expectServer(script: Script, terminal: Terminal): Promise<void> {
  const url = script.server?.url;
  terminal.secrets.keep(script.server?.token);
  if (url === undefined) return;
  await reachServer(url);
  await askServer(url, script.server?.token ?? "");
  const endMs = script.until === undefined ? Number.POSITIVE_INFINITY : startMs(script) + durationMs(script.until);
  const waits = endMs > Date.now() ? `, and waits in real time until ${sayEnd(endMs)}` : "";
  terminal.remark(`simulate: the run sends to ${url}${waits}`);
}

function sayEnd(endMs: number): string {
  return Number.isFinite(endMs) ? `${new Date(endMs).toISOString()} at the latest` : "everything is delivered";
}

/** One device, or with --fleet many. Resolves with the exit status. */
async function run(options: Options, terminal: Terminal): Promise<number> {
  if (options.fleet !== undefined) return runFleet(options, options.fleet, terminal);
  const { device, script, promise, remarks } = await plan(options);
  if (options.pointsOut !== undefined) requireWritable(options.pointsOut);
  for (const remark of remarks) terminal.remark(`simulate: ${remark}`);
  await expectServer(script, terminal);
  const stopBar = terminal.json !== undefined ? () => {} : progressBar(script);
  let simulation: Simulation;
  try {
    simulation = await runSimulation(device, script);
  } finally {
    stopBar();
  }
  if (options.pointsOut !== undefined) writePoints(options.pointsOut, simulation);
  const broken = brokenBy(simulation, promise);
  if (simulation.unsent !== undefined) broken.push(simulation.unsent);
  const status = isSound(simulation) && broken.length === 0 ? EXIT.ok : EXIT.failed;
  const sayBroken = () => {
    for (const sentence of broken) terminal.remark(`simulate: ${sentence}`);
  };
  if (terminal.json !== undefined) {
    terminal.json.result({ ...simulation.report, broken });
    sayBroken();
    return status;
  }
  const names = new Map(
    simulation.status.streams.map((one) => [`v${String(one.pin).replace("v", "")}`, one.name ?? ""]),
  );
  terminal.print(summary(simulation, names));
  sayBroken();
  return status;
}

/**
 * The exit status is 1 for every failure, so that scripts need to know only one: wrong usage, samples that don't balance, a
 * limit of the server or a promise that was broken, a server that takes nothing.
 */
export const simulate: CommandFunction = withJson(async (args, terminal) => {
  try {
    const command = program(terminal);
    return await run(command.parse(args, { from: "user" }).opts<Options>(), terminal);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      terminal.json?.fail(error.message.replace(/^error: /, ""));
      return EXIT.failed;
    }
    const expected = [UsageError, RecordingError, SimulationError, BundleError, DeviceFileError, FieldError].some(
      (type) => error instanceof type,
    );
    const text = error instanceof Error ? error.message : String(error);
    terminal.json?.fail(text, error instanceof FieldError ? error.advice : undefined);
    terminal.remark(`simulate: ${text}`);
    if (!expected && terminal.env.DEBUG !== undefined) terminal.remark((error as Error)?.stack ?? "");
    return EXIT.failed;
  }
});

runAsProgram(import.meta.url, simulate);
