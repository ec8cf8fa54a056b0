import type { Command } from "commander";
import { parseSeconds } from "../terminal/command.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { listPorts, type SerialLibrary } from "./serial-port.ts";

/** The environment variable with the password of a wireless console. */
export const CONSOLE_PASSWORD = "BACKFILL_CONSOLE_PASSWORD";

export interface PortOptions {
  port?: string;
  /** In seconds. */
  wait: number;
}

/** The terminal of a command that talks to a device. Tests set these members; the real terminal leaves them out. */
export interface DeviceTerminal extends Terminal {
  /** In place of npm `serialport`. */
  readonly serial?: SerialLibrary;
  readonly answerMs?: number;
  readonly patienceMs?: number;
  /** In place of this computer's clock. */
  readonly nowMs?: () => number;
}

/** Adds the options that every command for a device has. */
export function addPortOptions(command: Command): Command {
  return command
    .option(
      "-p, --port <name>",
      "serial port (/dev/ttyUSB0, COM3), or tcp://ADDRESS for a telnet console (its password: environment variable " +
        `${CONSOLE_PASSWORD}); without --port, the command offers the ports that it finds`,
    )
    .option("--wait <seconds>", "how long to wait for a device that is busy connecting", parseSeconds, 20);
}

/** The port that was asked for, the only port there is, or the port that a person picks. */
export async function choosePort(asked: string | undefined, terminal: DeviceTerminal): Promise<string> {
  if (asked !== undefined) return asked;
  const ports = await listPorts(terminal.serial);
  if (ports.length === 0) {
    throw new FieldError(
      "No serial port was found.",
      "Plug the device in (some USB cables only charge), or name the port: --port /dev/ttyUSB0, --port COM3, --port tcp://ADDRESS.",
    );
  }
  if (ports.length === 1) {
    terminal.remark(`Using ${ports[0].path}.`);
    return ports[0].path;
  }
  if (!terminal.interactive) {
    throw new FieldError(
      `There are ${ports.length} serial ports: ${ports.map((port) => port.path).join(", ")}.`,
      "Choose one with --port.",
    );
  }
  const choices = ports.map((port) => ({ value: port.path, label: port.path, hint: port.manufacturer }));
  return terminal.ask.select("Which port is the device connected to?", choices);
}
