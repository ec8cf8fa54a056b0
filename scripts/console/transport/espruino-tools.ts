import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import vm from "node:vm";
import type { Transport } from "./transport.ts";

/**
 * EspruinoTools' connection (npm `espruino`, core/serial.js): the console's text and its binary packets
 * (README_Protocol.md of Espruino; since 2v25).
 */
export interface ToolsConnection {
  chunkSize: number;
  /** Finds packets in the received bytes and takes them out of the text. */
  parsePackets: boolean;
  on(event: "line" | "data", listener: (text: string) => void): void;
  on(event: "packet", listener: (type: number, data: string) => void): void;
  removeListener(event: string, listener: unknown): void;
  write(text: string): Promise<void>;
  /** Rejects with a text on a NAK, or when there is no answer in `timeout` ms. Never settles when the port closes. */
  espruinoSendPacket(
    type: "EVAL" | "FILE_SEND" | "DATA",
    data: string,
    options?: { timeout?: number; noACK?: boolean },
  ): Promise<void>;
  /** Writes a file into Storage in pieces, each acknowledged. `data` has one character per byte. */
  espruinoSendFile(
    name: string,
    data: string,
    options: { chunkSize?: number; progress?: (bytes: number, total: number) => void },
  ): Promise<void>;
}

export interface Tools {
  connection: ToolsConnection;
  /** Clears all timers of EspruinoTools, so that a closed connection does not keep the process alive. */
  stop(): void;
}

interface ToolsRoot {
  Core: {
    Config: { init(): void };
    Serial: {
      devices: object[];
      connection: ToolsConnection;
      init(): void;
      open(path: string, opened: (info: unknown) => void, closed: () => void): void;
    };
  };
}

/** The parts of EspruinoTools that the console needs. Left out: its drivers (ours report errors) and all requests to the web. */
const PARTS = ["espruino.js", "core/config.js", "core/utils.js", "core/serial.js"];
const PATH = "port";

/**
 * Runs EspruinoTools on top of a transport. Its scripts use global variables and print to the console, so each connection
 * gets its own context with a silent console. Nothing in that context can reach the network or the disk.
 */
export async function startTools(transport: Transport): Promise<Tools> {
  const timers = new Set<NodeJS.Timeout>();
  const context = loadTools(timers);
  const { Config, Serial } = (context as unknown as { Espruino: ToolsRoot }).Espruino.Core;
  const toContext = vm.runInContext("(text) => Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer", context);
  Config.init();
  Serial.devices.push({
    name: "backfill",
    getPorts: (found: (ports: object[]) => void) => found([{ path: PATH }]),
    open: (
      _path: string,
      opened: (info: unknown) => void,
      received: (data: ArrayBuffer) => void,
      closed: () => void,
    ) => {
      transport.onClose(closed);
      transport.onData((bytes) => received(toContext(bytes.toString("latin1"))));
      opened({});
    },
    write: (text: string, done: () => void) => transport.write(Buffer.from(text, "latin1"), done),
    close: () => transport.close(),
  });
  Serial.init();
  await new Promise<void>((resolve) =>
    Serial.open(
      PATH,
      () => resolve(),
      () => {},
    ),
  );
  Serial.connection.chunkSize = 512;
  Serial.connection.parsePackets = true;
  return {
    connection: Serial.connection,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** A context with EspruinoTools in it. The timers that it starts are kept in `timers`. */
function loadTools(timers: Set<NodeJS.Timeout>): vm.Context {
  const quiet = () => {};
  const context = vm.createContext({
    console: { log: quiet, warn: quiet, error: quiet },
    setTimeout: (callback: (...values: unknown[]) => void, delayMs: number, ...values: unknown[]) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback(...values);
      }, delayMs);
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer: NodeJS.Timeout) => {
      timers.delete(timer);
      clearTimeout(timer);
    },
  });
  const folder = join(createRequire(import.meta.url).resolve("espruino/package.json"), "..");
  for (const part of PARTS) {
    const filename = join(folder, part);
    vm.runInContext(readFileSync(filename, "utf8"), context, { filename });
  }
  return context;
}
