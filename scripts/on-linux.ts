/** `npm run on-linux`: the firmware in the real interpreter, as a Linux program, with a server and a time server of its own. */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceStatus } from "../firmware/status-types.ts";
import { startServer } from "./blynk-stand-in/server.ts";
import { BlynkStandIn } from "./blynk-stand-in/stand-in.ts";
import type { Script } from "./build/ast/parsed-script.ts";
import { bundleChecked } from "./build/build-firmware.ts";
import { BundleError } from "./build/problems.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  ExitStatus,
  execute,
  parseSeconds,
  parseWait,
  runAsProgram,
} from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { beforeStopping, sayWhenStopped } from "./console/terminal/stopping.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { readDeviceFile } from "./console/unit/device-build.ts";
import { ESPRUINO, type Interpreter, InterpreterError, startInterpreter } from "./interpreter/interpreter.ts";
import { parseInInterpreter } from "./interpreter/parse-program.ts";
import { provision, REGION } from "./interpreter/provision-flash.ts";
import { startTimeServer } from "./interpreter/time-server.ts";

interface OnLinuxOptions {
  device: string;
  seconds: number;
  offline: number;
}

/** Known to nobody but the server of this run. */
const TOKEN = "on-linux-token_0123456789abcdef01";
const TIME_SERVER = "time.test";

export const onLinux: CommandFunction = withJson((args, terminal) => {
  const command = createCommand(
    "on-linux",
    "Runs the firmware in Espruino for Linux, with Espruino's own parser and memory, against a server of its own.",
    terminal,
    "0 the firmware ran and every sample is accounted for; 1 it did not; 2 wrong usage.",
    "{ isBalanced, hasSynced, status }, as firmware/status-types.ts has the status; the log goes to standard error",
  )
    .option("--device <file>", "device file", "firmware/device.ts")
    .option("--seconds <s>", "end after this time", parseSeconds, 30)
    .option("--offline <s>", "turn the Wi-Fi on after this time; 0 for at once", parseWait, 5)
    .addHelpText(
      "after",
      `
The environment variable ESPRUINO names the interpreter, built from Espruino's source with BOARD=LINUX:
  ESPRUINO=./espruino npm run on-linux -- --seconds 60
The parts that a PC lacks (Wi-Fi, button, LED, watchdog) are those of scripts/interpreter/prelude.js. Pins read as nothing is
connected: sensors without a chip fail. Region and servers of the device file are replaced; nothing else of it is.`,
    )
    .action((options: OnLinuxOptions) => run(options, terminal));
  return execute(command, args, terminal);
});

const ADVICE = "Build it from Espruino's source (make BOARD=LINUX) and run: ESPRUINO=PATH npm run on-linux";

function requireInterpreter(): void {
  if (ESPRUINO === "") throw new FieldError("The environment variable ESPRUINO names no interpreter.", ADVICE);
  try {
    accessSync(ESPRUINO, constants.X_OK);
    if (!statSync(ESPRUINO).isFile()) throw new Error("a folder");
  } catch {
    throw new FieldError(`ESPRUINO names ${ESPRUINO}, which is no program that can be run.`, ADVICE);
  }
}

/** The device file, with the region and the servers of this run. */
function sourceOf(deviceFile: string): string {
  return `import { device } from ${JSON.stringify(resolve(deviceFile))};
device.region = ${JSON.stringify(REGION)};
device.timeServers = [${JSON.stringify(TIME_SERVER)}];
device.server.allowPlainHttp = true;
export { device };`;
}

/** What `work` gives. Throws a `FieldError` that lists what can't be built, in place of a `BundleError`. */
async function sayUnbuildable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new FieldError(`The firmware can't be built:\n${error.message}`, "Correct the device file.");
  }
}

/** Throws a `BundleError` with what the interpreter can't parse. */
async function parse(script: Script): Promise<void> {
  const problems = await parseInInterpreter(script);
  if (problems.length > 0) throw new BundleError(problems);
}

async function run(options: OnLinuxOptions, terminal: Terminal): Promise<void> {
  requireInterpreter();
  await readDeviceFile(resolve(options.device));
  const { code, script } = await sayUnbuildable(
    bundleChecked({ deviceFile: resolve(options.device), deviceSource: sourceOf(options.device) }),
  );
  const server = await startServer(new BlynkStandIn({ tokens: [TOKEN] }));
  const time = await startTimeServer();
  const networks = [{ ssid: "air", password: "secret-word" }];
  try {
    const folder = await provision({
      program: code,
      timePorts: { [TIME_SERVER]: time.port },
      files: { "backfill.json": { token: TOKEN, networks, server: server.url } },
    }).catch((error) => {
      if (!(error instanceof InterpreterError)) throw error;
      throw new FieldError(`${ESPRUINO} does not store a program as Espruino for Linux does.`, ADVICE);
    });
    try {
      await sayUnbuildable(parse(script));
      const interpreter = startInterpreter(folder.path);
      const end = async () => {
        await interpreter.kill();
        folder.remove();
      };
      const keep = beforeStopping(end);
      sayWhenStopped("Stopped. The interpreter has ended, and its flash is gone.");
      try {
        await watch(interpreter, options, terminal);
      } finally {
        keep();
        await interpreter.kill();
      }
    } finally {
      folder.remove();
    }
  } finally {
    await server.close();
    await time.close();
  }
}

/** Shows the log until time is up. Throws a `FieldError` when the firmware does not start or does not answer. */
async function watch(interpreter: Interpreter, options: OnLinuxOptions, terminal: Terminal): Promise<void> {
  let shown = 0;
  const show = () => {
    const lines = interpreter.lines();
    const log = lines.slice(shown).filter((line) => line.trim() !== "" && !line.includes("\u0001"));
    for (const line of log) terminal.print(line);
    shown = lines.length;
  };
  const timer = setInterval(show, 200);
  const isRunning = interpreter.line(/^backfill \S+ logging/, 20_000).then(
    () => true,
    () => false,
  );
  const endMs = Date.now() + options.seconds * 1000;
  const pause = (ms: number) => sleep(Math.max(ms, 0), undefined, { signal: terminal.stop }).catch(() => {});
  try {
    if (!(await isRunning)) {
      show();
      throw new FieldError("The firmware did not start in the interpreter.", "The log above says why.");
    }
    await pause(Math.min(options.offline * 1000, endMs - Date.now()));
    await interpreter.evaluate("air.up=true");
    await interpreter.evaluate("setTimeout(backfill.sync,100)");
    await pause(endMs - Date.now());
    const status = await interpreter.evaluate<DeviceStatus>("backfill.status()");
    show();
    const hasSynced = interpreter.lines().some((line) => /\] sync: /.test(line));
    report(status, hasSynced, terminal);
  } finally {
    clearInterval(timer);
  }
}

function report(status: DeviceStatus, hasSynced: boolean, terminal: Terminal): void {
  let isBalanced = true;
  for (const { pin, sampled, delivered, pending, dropped } of status.streams) {
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    if (sampled !== delivered + pending + lost) isBalanced = false;
    terminal.print(`${pin}: ${sampled} sampled, ${delivered} delivered, ${pending} pending, ${lost} dropped`);
  }
  const verdict = hasSynced ? status.verdictText : "no sync has ended yet";
  terminal.print(`${verdict}; every sample is accounted for: ${isBalanced ? "yes" : "NO"}`);
  terminal.json?.result({ isBalanced, hasSynced, status });
  if (!isBalanced) throw new ExitStatus(EXIT.failed);
}

runAsProgram(import.meta.url, onLinux);
