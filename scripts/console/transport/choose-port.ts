import type { Command } from "commander";
import { FieldError } from "../terminal/field-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type DeviceConsole, openConsole } from "./device-console.ts";
import { listPorts } from "./transport.ts";

export const CONSOLE_PASSWORD = "BACKFILL_CONSOLE_PASSWORD";

export interface PortOptions {
  port?: string;
  wait: number;
}

/** The options of every command that talks to a device. */
export function addPortOptions(command: Command): Command {
  return command
    .option(
      "-p, --port <name>",
      "/dev/ttyUSB0, COM3, or tcp://ADDRESS for a telnet console (its password: environment variable " +
        `${CONSOLE_PASSWORD}); without it the ports found are offered`,
    )
    .option("--wait <seconds>", "how long to wait for a device that is busy connecting", parseSeconds, 20);
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new FieldError(`${text} is no number of seconds.`, "Write for example --wait 60.");
  return seconds;
}

/** The port asked for, the only one there is, or the one that a person picks. */
export async function choosePort(asked: string | undefined, terminal: Terminal): Promise<string> {
  if (asked !== undefined) return asked;
  const ports = await listPorts(terminal.serial);
  if (ports.length === 0) {
    throw new FieldError(
      "No serial port was found.",
      "Plug the device in (some cables only charge), or name the port: --port /dev/ttyUSB0, --port COM3, --port tcp://ADDRESS.",
    );
  }
  if (ports.length === 1) {
    terminal.remark(`Using ${ports[0].path}.`);
    return ports[0].path;
  }
  if (!terminal.interactive) {
    throw new FieldError(
      `There are ${ports.length} serial ports: ${ports.map((port) => port.path).join(", ")}.`,
      "Say which with --port.",
    );
  }
  const choices = ports.map((port) => ({ value: port.path, label: port.path, hint: port.manufacturer }));
  return terminal.ask.select("Which port is the device on?", choices);
}

/** Chooses a port and waits for the Espruino on it. */
export async function connectDevice(
  options: PortOptions,
  terminal: Terminal,
  more: { interrupt?: boolean } = {},
): Promise<DeviceConsole> {
  const port = await choosePort(options.port, terminal);
  const password = terminal.env[CONSOLE_PASSWORD];
  terminal.secrets.keep(password);
  return openConsole(port, {
    password,
    serial: terminal.serial,
    answerMs: terminal.answerMs,
    patienceMs: terminal.patienceMs ?? options.wait * 1000,
    interrupt: more.interrupt,
    onWaiting: () => terminal.remark(`Waiting for the device on ${port}: it may be busy connecting …`),
  });
}

/** The same again and again while a device restarts, without a word. */
export function reconnector(options: PortOptions, terminal: Terminal): () => Promise<DeviceConsole> {
  return () => connectDevice(options, { ...terminal, remark: () => {} });
}
