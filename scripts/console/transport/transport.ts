import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { FieldError, portError } from "../terminal/field-error.ts";

/** Bytes to and from a device, over a cable or a socket. */
export interface Transport {
  /** Calls `done` once the bytes were handed to the operating system; never after the transport closed. */
  write(bytes: Buffer, done: () => void): void;
  close(): void;
  onData(listener: (bytes: Buffer) => void): void;
  /** Called once, whoever closed it. */
  onClose(listener: () => void): void;
}

/** What this needs of npm `serialport`; tests put its own mock here. */
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

/** ESP32's console runs at this speed (boards/ESP32.py, default_console_baudrate). */
const BAUD_RATE = 115200;
const CONNECT_TIMEOUT_MS = 10000;

/**
 * Opens `tcp://host[:port]` (23 by default, as EspruinoTools has it) or a serial port by its name.
 * Throws a `FieldError` that says what to do. npm `serialport` is loaded only when a serial port is asked for:
 * it is a native addon, and a machine without its binary can still use the network.
 */
export function openTransport(port: string, serial?: SerialLibrary): Promise<Transport> {
  return port.startsWith("tcp://") ? openSocket(port) : openSerial(port, serial);
}

/** Serial ports that could be a device. On Linux the built-in ttyS ports, which nearly always lead nowhere, are left out. */
export async function listPorts(serial?: SerialLibrary): Promise<SerialPortInfo[]> {
  const library = serial ?? (await loadSerial());
  // On Linux the library asks udevadm, which small systems and containers don't have.
  const ports = await library.SerialPort.list().catch(() => listDeviceFiles());
  return ports.filter((port) => !/^\/dev\/ttyS\d+$/.test(port.path));
}

function listDeviceFiles(): SerialPortInfo[] {
  if (!existsSync("/dev")) return [];
  const names = readdirSync("/dev").filter((name) => /^tty(USB|ACM)\d+$/.test(name));
  return names.sort().map((name) => ({ path: `/dev/${name}` }));
}

async function loadSerial(): Promise<SerialLibrary> {
  try {
    return (await import("serialport")) as unknown as SerialLibrary;
  } catch (cause) {
    throw new FieldError(
      "This computer has no driver for serial ports that npm `serialport` could load.",
      "Run `npm rebuild @serialport/bindings-cpp`, or reach the device over the network: --port tcp://ADDRESS.",
      { cause },
    );
  }
}

async function openSerial(port: string, library: SerialLibrary | undefined): Promise<Transport> {
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

async function openSocket(port: string): Promise<Transport> {
  const url = URL.canParse(port) ? new URL(port) : undefined;
  if (url === undefined || url.host === "") {
    throw new FieldError(`${port} is not an address.`, "Write tcp://ADDRESS or tcp://ADDRESS:PORT.");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost";
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(url.port || 23), noDelay: true });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })));
    socket.once("error", (error) => reject(portError(port, error)));
    socket.once("connect", () => {
      socket.setTimeout(0);
      // What follows an error is always a close, which is what listeners hear.
      socket.on("error", () => {});
      resolve({
        write: (bytes, done) => void socket.write(bytes, () => done()),
        close: () => void socket.destroy(),
        onData: (listener) => void socket.on("data", listener),
        onClose: (listener) => void socket.once("close", listener),
      });
    });
  });
}
