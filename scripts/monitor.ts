import { setTimeout as sleep } from "node:timers/promises";
import { type CommandFunction, createCommand, execute, runAsProgram } from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { formatStatus } from "./console/terminal/status-panel.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import {
  addPortOptions,
  choosePort,
  connectDevice,
  type PortOptions,
  parseSeconds,
  reconnector,
} from "./console/transport/choose-port.ts";
import type { DeviceConsole } from "./console/transport/device-console.ts";
import { type DeviceStatus, readStatus } from "./console/unit/restart.ts";

interface MonitorOptions extends PortOptions {
  every: number;
  once?: boolean;
  json?: boolean;
  sync?: boolean;
}

const RETRY_MS = 1000;

export const monitor: CommandFunction = (args, terminal) => {
  const command = addPortOptions(createCommand("monitor", "Shows a device's status and log as they come.", terminal))
    .option("--every <seconds>", "how often the status is asked for", parseSeconds, 5)
    .option("--once", "one status, then end")
    .option("--json", "each status as a line of JSON, without log lines")
    .option("--sync", "start a sync, as a press of the button does")
    .addHelpText("after", "\nIt waits for the cable when that was pulled. Ctrl-C ends it; the device goes on.")
    .action((options: MonitorOptions) => watch(options, terminal));
  return execute(command, args, terminal);
};

async function watch(options: MonitorOptions, terminal: Terminal): Promise<void> {
  const fixed = { ...options, port: await choosePort(options.port, terminal) };
  let device = await connectDevice(fixed, terminal);
  try {
    if (options.sync) await device.evaluate("backfill.sync()&&0");
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
    device.close();
  }
}

/** Shows what comes until the connection goes. */
async function follow(device: DeviceConsole, options: MonitorOptions, terminal: Terminal): Promise<void> {
  const gone = new AbortController();
  device.onClose(() => gone.abort());
  terminal.stop?.addEventListener("abort", () => gone.abort(), { once: true });
  if (!options.json && !options.once) device.onLine((line) => showLine(line, terminal));
  let last = "";
  while (!gone.signal.aborted) {
    try {
      const status = await readStatus(device);
      const shown = show(status, options, terminal);
      if (shown !== last) terminal.print(shown);
      last = shown;
    } catch (error) {
      if (gone.signal.aborted) return;
      if (!(error instanceof FieldError)) throw error;
      // Busy: it blocks while it connects. What it says meanwhile is shown all the same.
      terminal.remark(error.message);
    }
    if (options.once) return;
    await sleep(options.every * 1000, undefined, { signal: gone.signal }).catch(() => {});
  }
}

function show(status: DeviceStatus | undefined, options: MonitorOptions, terminal: Terminal): string {
  if (options.json) return JSON.stringify(status ?? null);
  if (status === undefined) return "No firmware runs on this device: `npm run flash`, or press reset (EN) and watch.";
  return formatStatus(status, terminal);
}

function showLine(line: string, terminal: Terminal): void {
  if (line === "") return;
  const { red, yellow, dim } = terminal.colors;
  const level = /^\[(\w+)\]/.exec(line)?.[1];
  const paint = level === "error" || /^Uncaught/.test(line) ? red : level === "warn" ? yellow : dim;
  terminal.print(paint(line));
}

async function reconnect(options: MonitorOptions, terminal: Terminal): Promise<DeviceConsole | undefined> {
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
