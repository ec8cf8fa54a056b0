import { existsSync, readdirSync } from "node:fs";
import { FieldError } from "../terminal/field-error.ts";
import { portError } from "./port-error.ts";
import type { Transport } from "./transport.ts";

/** The part of npm `serialport` that is used here; tests pass that package's own mock. */
export interface SerialLibrary {
  SerialPort: {
    list(): Promise<SerialPortInfo[]>;
    new (options: object, opened: (error: Error | null) => void): SerialStream;
  };
}

export interface SerialPortInfo {
  path: string;
  manufacturer?: string;
  vendorId?: string;
  productId?: string;
}

interface SerialStream {
  write(bytes: Buffer, done: () => void): unknown;
  close(done?: () => void): void;
  isOpen: boolean;
  on(event: string, listener: (value: Buffer) => void): unknown;
}

/** Speed of the console on ESP32 (boards/ESP32.py, default_console_baudrate). */
const BAUD_RATE = 115200;

/**
 * Serial ports that could be a device. On Linux the built-in ttyS ports are left out: nearly always nothing is connected
 * to them.
 */
export async function listPorts(serial?: SerialLibrary): Promise<SerialPortInfo[]> {
  const library = serial ?? (await loadSerial());
  // On Linux the library asks udevadm, which small systems and containers don't have.
  const ports: SerialPortInfo[] = await library.SerialPort.list().catch(() => listDeviceFiles());
  return ports.filter((port) => !/^\/dev\/ttyS\d+$/.test(port.path));
}

function listDeviceFiles(): SerialPortInfo[] {
  if (!existsSync("/dev")) return [];
  const names = readdirSync("/dev").filter((name) => /^tty(USB|ACM)\d+$/.test(name));
  return names.sort().map((name) => ({ path: `/dev/${name}` }));
}

/**
 * npm `serialport` is a native addon. It is loaded only when a serial port is needed, so that a computer without its
 * binary can still use the network.
 */
async function loadSerial(): Promise<SerialLibrary> {
  try {
    return (await import("serialport")) as unknown as SerialLibrary;
  } catch (cause) {
    throw new FieldError(
      "npm `serialport` has no driver for serial ports on this computer.",
      "Run `npm rebuild @serialport/bindings-cpp`, or reach the device over the network: --port tcp://ADDRESS.",
      { cause },
    );
  }
}

/** Opens a serial port by its name. Throws a `FieldError`. */
export async function openSerialPort(port: string, library: SerialLibrary | undefined): Promise<Transport> {
  const { SerialPort } = library ?? (await loadSerial());
  // Without hupcl:false, closing the port drops DTR, which resets most ESP32 boards.
  const options = { path: port, baudRate: BAUD_RATE, hupcl: false };
  const stream = await new Promise<SerialStream>((resolve, reject) => {
    const opening: SerialStream = new SerialPort(options, (error) => {
      if (error) reject(portError(port, error));
      else resolve(opening);
    });
  });
  return {
    write: (bytes, done) => void stream.write(bytes, done),
    close: () => {
      if (stream.isOpen) stream.close();
    },
    onData: (listener) => void stream.on("data", listener),
    onClose: (listener) => {
      stream.on("error", () => {});
      stream.on("close", () => listener());
    },
  };
}
