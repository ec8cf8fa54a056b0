/** The cable by Web Serial (https://wicg.github.io/serial/), as scripts/console/transport takes it. Chromium has it since 89. */
import { FieldError } from "../../console/terminal/field-error.ts";
import { consoleOn, type DeviceConsole } from "../../console/transport/device-console.ts";
import type { ConsoleOptions } from "../../console/transport/identify.ts";
import type { Transport } from "../../console/transport/transport.ts";
import { loadTools } from "./tools-in-page.ts";

/** Of `SerialPort`, what is used here. */
export interface WebSerialPort {
  open(options: { baudRate: number; bufferSize: number }): Promise<void>;
  close(): Promise<void>;
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
}

/** Of `navigator.serial`. */
export interface WebSerial {
  /** Asks the person for a port. Needs a click. */
  requestPort(): Promise<WebSerialPort>;
}

/** Speed of the console on ESP32 (boards/ESP32.py, default_console_baudrate). */
const BAUD_RATE = 115_200;
/** A kB of flash in base64 comes in one piece; Chromium's own 255 bytes would overflow while the page draws. */
const BUFFER_BYTES = 16_384;

/** The name of a port in messages: Web Serial tells none. */
const PORT = "the cable";

/** Opens a port that a person chose, and waits for the Espruino on it. Throws a `FieldError`. */
export async function openWebConsole(port: WebSerialPort, options: ConsoleOptions): Promise<DeviceConsole> {
  return consoleOn({ port: PORT, transport: await openPort(port), loadTools }, options);
}

async function openPort(port: WebSerialPort): Promise<Transport> {
  try {
    await port.open({ baudRate: BAUD_RATE, bufferSize: BUFFER_BYTES });
  } catch (cause) {
    throw new FieldError(
      "The port could not be opened.",
      "Close the other program or browser tab that uses it (serial monitor, Espruino Web IDE), and connect again.",
      { cause },
    );
  }
  const { readable, writable } = port;
  if (readable === null || writable === null) {
    throw new FieldError(
      "The port can't be read and written.",
      "Unplug the cable, plug it in again, and connect again.",
    );
  }
  return transportOf(port, readable.getReader(), writable.getWriter());
}

function transportOf(
  port: WebSerialPort,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Transport {
  const dataListeners: ((bytes: Buffer) => void)[] = [];
  const closeListeners: (() => void)[] = [];
  let isOpen = true;

  async function end(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    for (const listener of closeListeners) listener();
    // A cable that was pulled out makes all of these fail.
    await reader.cancel().catch(() => {});
    await writer.abort().catch(() => {});
    reader.releaseLock();
    writer.releaseLock();
    await port.close().catch(() => {});
  }

  async function read(): Promise<void> {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        for (const listener of dataListeners) listener(Buffer.from(next.value));
      }
    } catch {
      // The cable was pulled out, or the chip lost bytes: either way this connection is over.
    }
    await end();
  }

  void read();
  return {
    write: (bytes, done) => {
      writer.write(bytes).then(
        () => isOpen && done(),
        () => void end(),
      );
    },
    close: () => void end(),
    onData: (listener) => void dataListeners.push(listener),
    onClose: (listener) => void closeListeners.push(listener),
  };
}
