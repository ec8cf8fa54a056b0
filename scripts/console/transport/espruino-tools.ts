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

export interface ToolsRoot {
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

/** A timer as the place where EspruinoTools runs has it. */
type Timer = ReturnType<typeof setTimeout>;

/** EspruinoTools in surroundings of its own. */
export interface LoadedTools {
  root: ToolsRoot;
  /** Bytes, one character each, as a buffer of those surroundings. */
  toBuffer(text: string): ArrayBuffer;
}

/** Loads EspruinoTools. The timers that it starts are kept in `timers`. */
export type ToolsLoader = (timers: Set<Timer>) => LoadedTools;

/** The parts of EspruinoTools that the console needs. Left out: its drivers (ours report errors) and all requests to the web. */
export const PARTS = ["espruino.js", "core/config.js", "core/utils.js", "core/serial.js"];
const PATH = "port";

/** What EspruinoTools finds as its globals: a silent console, and timers that are kept in `timers` while they run. */
export function toolsGlobals(timers: Set<Timer>) {
  const quiet = () => {};
  return {
    console: { log: quiet, warn: quiet, error: quiet },
    setTimeout: (callback: (...values: unknown[]) => void, delayMs: number, ...values: unknown[]) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback(...values);
      }, delayMs);
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer: Timer) => {
      timers.delete(timer);
      clearTimeout(timer);
    },
  };
}

/**
 * Runs EspruinoTools on top of a transport. Its scripts use global variables and print to the console, so each connection
 * gets its own context with a silent console. Nothing in that context can reach the network or the disk.
 */
export async function startTools(transport: Transport, loadTools: ToolsLoader): Promise<Tools> {
  const timers = new Set<Timer>();
  const { root, toBuffer } = loadTools(timers);
  const { Config, Serial } = root.Core;
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
      transport.onData((bytes) => received(toBuffer(bytes.toString("latin1"))));
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
