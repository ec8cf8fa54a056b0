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
  /** Looks for packets in what arrives, and takes them out of the text. */
  parsePackets: boolean;
  on(event: "line" | "data", listener: (text: string) => void): void;
  on(event: "packet", listener: (type: number, data: string) => void): void;
  removeListener(event: string, listener: unknown): void;
  write(text: string): Promise<void>;
  /** Rejects with a text: a NAK, or no answer in `timeout` ms. Never settles when the port closes. */
  espruinoSendPacket(
    type: "EVAL" | "FILE_SEND" | "DATA",
    data: string,
    options?: { timeout?: number; noACK?: boolean },
  ): Promise<void>;
  /** Writes a file into Storage, a piece and an acknowledgement at a time. `data` has one character a byte. */
  espruinoSendFile(
    name: string,
    data: string,
    options: { chunkSize?: number; progress?: (bytes: number, total: number) => void },
  ): Promise<void>;
}

export interface Tools {
  connection: ToolsConnection;
  /** Drops every timer that EspruinoTools still has, so that a closed connection keeps no process alive. */
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

/** What the console needs of EspruinoTools. Left out: drivers (ours report errors), and all that asks the web for boards and modules. */
const PARTS = ["espruino.js", "core/config.js", "core/utils.js", "core/serial.js"];
const PATH = "port";

/**
 * Puts EspruinoTools on top of a transport. Its scripts live in globals and print as they go, so each connection gets a
 * context of its own with a silent console; nothing in it can reach the network or the disk.
 */
export async function startTools(transport: Transport): Promise<Tools> {
  const timers = new Set<NodeJS.Timeout>();
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
  const { Config, Serial } = (context as { Espruino: ToolsRoot }).Espruino.Core;
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
  await new Promise<void>((resolve) => Serial.open(PATH, () => resolve(), quiet));
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
