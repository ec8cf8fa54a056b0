import { consoleOn, type DeviceConsole } from "./device-console.ts";
import type { ConsoleOptions } from "./identify.ts";
import { loadTools } from "./load-tools.ts";
import { openSerialPort, type SerialLibrary } from "./serial-port.ts";
import { openTelnetSocket } from "./telnet-socket.ts";

/** `serial`: in place of npm `serialport`. */
export type PortConsoleOptions = ConsoleOptions & { serial?: SerialLibrary };

/**
 * Opens a port, `tcp://ADDRESS[:PORT]` or the name of a serial port, and waits until an Espruino answers on it.
 * Throws a `FieldError` otherwise.
 */
export async function openConsole(port: string, options: PortConsoleOptions = {}): Promise<DeviceConsole> {
  const transport = port.startsWith("tcp://")
    ? await openTelnetSocket(port)
    : await openSerialPort(port, options.serial);
  return consoleOn({ port, transport, loadTools }, options);
}
