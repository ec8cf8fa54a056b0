import { beforeStopping } from "../terminal/stopping.ts";
import { CONSOLE_PASSWORD, choosePort, type DeviceTerminal, type PortOptions } from "./choose-port.ts";
import type { DeviceConsole } from "./device-console.ts";
import { openConsole } from "./open-console.ts";

/** Chooses a port and waits for the Espruino on it. `interrupt`: see `ConsoleOptions`. */
export async function connectDevice(
  options: PortOptions,
  terminal: DeviceTerminal,
  more: { interrupt?: boolean } = {},
): Promise<DeviceConsole> {
  const port = await choosePort(options.port, terminal);
  const password = terminal.env[CONSOLE_PASSWORD];
  terminal.secrets.keep(password);
  const device = await openConsole(port, {
    password,
    serial: terminal.serial,
    answerMs: terminal.answerMs,
    patienceMs: terminal.patienceMs ?? options.wait * 1000,
    interrupt: more.interrupt,
    onWaiting: () => terminal.remark(`Waiting for the device on ${port}: it may be busy connecting …`),
  });
  // Ctrl-C ends a command at any moment: a console with a password is locked before that.
  device.onClose(beforeStopping(() => device.close()));
  return device;
}

/** Connects again while a device restarts, and prints nothing. */
export function reconnector(options: PortOptions, terminal: DeviceTerminal): () => Promise<DeviceConsole> {
  return () => connectDevice(options, { ...terminal, remark: () => {} });
}
