import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceStatus } from "../firmware/status-types.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT_STATUS,
  execute,
  parseSeconds,
  runAsProgram,
} from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { formatStatus } from "./console/terminal/status-panel.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import { addPortOptions, choosePort, type DeviceTerminal, type PortOptions } from "./console/transport/choose-port.ts";
import { connectDevice, reconnector } from "./console/transport/connect-device.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { readStatus } from "./console/unit/device-status.ts";

interface MonitorOptions extends PortOptions {
  every: number;
  once?: boolean;
  sync?: boolean;
}

const RETRY_MS = 1000;
const NO_FIRMWARE = "No firmware runs on this device.";
const FLASH_OR_RESET = "Run `npm run flash`, or press reset (EN) and read what the device prints.";

export const monitor: CommandFunction<DeviceTerminal> = withJson((args, terminal) => {
  const command = addPortOptions(
    createCommand(
      "monitor",
      "Shows the status of a device and prints its log, live.",
      terminal,
      EXIT_STATUS,
      "each status as one line, as firmware/status-types.ts has it, and one alone with --once",
    ),
  )
    .option("--every <seconds>", "interval between two requests for the status", parseSeconds, 5)
    .option("--once", "show one status, then end; with exit status 1 if no firmware runs")
    .option("--sync", "start a sync, like a press of the button")
    .addHelpText(
      "after",
      "\nIf the cable is unplugged, the command waits until it is back. Ctrl-C ends the command; the device keeps running.",
    )
    .action((options: MonitorOptions) => watch(options, terminal));
  return execute(command, args, terminal);
});

async function watch(options: MonitorOptions, terminal: DeviceTerminal): Promise<void> {
  sayWhenStopped("Stopped. The device keeps running.");
  const fixed = { ...options, port: await choosePort(options.port, terminal) };
  let device = await connectDevice(fixed, terminal);
  try {
    if (options.sync) await startSync(device);
    for (;;) {
      await follow(device, options, terminal);
      if (options.once || terminal.stop?.aborted) return;
      terminal.remark(`The connection to ${fixed.port} is gone; waiting for it …`);
      const again = await reconnect(fixed, terminal);
      if (again === undefined) return;
      device = again;
      terminal.remark("Connected again.");
    }
  } finally {
    await device.close();
  }
}

async function startSync(device: DeviceConsole): Promise<void> {
  const isStarted = await device.evaluate('typeof backfill=="undefined"?0:(backfill.sync(),1)');
  if (isStarted !== 1)
    throw new FieldError("No firmware runs on this device: there is nothing to sync.", FLASH_OR_RESET);
}

/** Shows the status and the log until the connection closes. */
async function follow(device: DeviceConsole, options: MonitorOptions, terminal: DeviceTerminal): Promise<void> {
  const gone = new AbortController();
  device.onClose(() => gone.abort());
  terminal.stop?.addEventListener("abort", () => gone.abort(), { once: true });
  if (terminal.json === undefined && !options.once) device.onLine((line) => showLine(line, terminal));
  let last = "";
  let runs = true;
  while (!gone.signal.aborted) {
    try {
      const status = await readStatus(device);
      runs = status !== undefined;
      const shown = status === undefined ? `${NO_FIRMWARE} ${FLASH_OR_RESET}` : formatStatus(status, terminal);
      // Without firmware, one look ends with that as its error.
      if (shown !== last && (runs || !options.once)) tell(status, shown, terminal);
      last = shown;
    } catch (error) {
      if (gone.signal.aborted) return;
      if (options.once || !(error instanceof FieldError)) throw error;
      // The device is busy: it blocks while it connects. Its log lines are shown meanwhile.
      terminal.remark(error.message);
    }
    if (options.once) {
      if (!runs) throw new FieldError(NO_FIRMWARE, FLASH_OR_RESET);
      return;
    }
    await sleep(options.every * 1000, undefined, { signal: gone.signal }).catch(() => {});
  }
}

function tell(status: DeviceStatus | undefined, shown: string, terminal: DeviceTerminal): void {
  if (terminal.json === undefined) terminal.print(shown);
  else if (status === undefined) terminal.json.fail(NO_FIRMWARE, FLASH_OR_RESET);
  else terminal.json.result(status);
}

function showLine(line: string, terminal: DeviceTerminal): void {
  if (line === "") return;
  const { red, yellow, dim } = terminal.colors;
  const level = /^\[(\w+)\]/.exec(line)?.[1];
  const paint = level === "error" || /^Uncaught/.test(line) ? red : level === "warn" ? yellow : dim;
  terminal.print(paint(line));
}

async function reconnect(options: MonitorOptions, terminal: DeviceTerminal): Promise<DeviceConsole | undefined> {
  while (!terminal.stop?.aborted) {
    try {
      return await reconnector(options, terminal)();
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      await sleep(RETRY_MS, undefined, { signal: terminal.stop }).catch(() => {});
    }
  }
  return undefined;
}

runAsProgram(import.meta.url, monitor);
