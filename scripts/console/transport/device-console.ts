import { FieldError } from "../terminal/field-error.ts";
import { askAgain, createAsker } from "./asker.ts";
import { startTools, type Tools, type ToolsLoader } from "./espruino-tools.ts";
import { type ConsoleOptions, ECHO_OFF_FOR_LINE, identify } from "./identify.ts";
import { connectionLost } from "./port-error.ts";
import { cleanLine } from "./printed-line.ts";
import type { Transport } from "./transport.ts";

/** An Espruino that answered, on the other end of a port. */
export interface DeviceConsole {
  readonly port: string;
  /** As "2v29.277". */
  readonly version: string;
  /** Espruino's name for the board: "ESP32", "LINUX", … */
  readonly board: string;
  /**
   * The value of an expression on the device, through JSON: some 6,000 characters at most. Rejects with the device's
   * error, or with a `FieldError` when the device does not answer in time or the connection is lost.
   */
  evaluate(expression: string, timeoutMs?: number): Promise<unknown>;
  /** Bytes that an expression on the device gives as a string, one character per byte. */
  evaluateBytes(expression: string): Promise<Buffer>;
  /**
   * Writes a Storage file in pieces. Espruino acknowledges failed writes too: ask the device afterwards whether the file
   * is whole.
   */
  sendFile(name: string, data: Buffer, onProgress?: (bytes: number) => void): Promise<void>;
  /** Calls `listener` with every line that the device prints, without prompts and cursor movements. */
  onLine(listener: (line: string) => void): () => void;
  onClose(listener: () => void): void;
  /** Sends a statement that restarts the device, and waits for no answer. */
  send(statement: string): Promise<void>;
  /** Locks the console again if it has a password (`E.setPassword`), then closes the port. Never rejects. */
  close(): Promise<void>;
}

/** A quarter of Espruino's 4,096-byte input buffer (boards/ESP32.py, io_buffer_size); the rest stays free. */
const PIECE_BYTES = 1024;
const SEND_TRIES = 3;
/** A device that blocks for longer stays unlocked: nobody should wait for the end of a command. */
const LOCK_TIMEOUT_MS = 3000;
/** All answers come in base64: a log line of ESP-IDF that got into one shows. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/**
 * Longest time that the firmware blocks: name servers that don't answer, then a connect that doesn't (WATCHDOG_MS in
 * firmware/main.ts).
 */
const BLOCKED_MAX_MS = 120000;

/** What a console stands on. */
export interface Line {
  /** The port's name, for messages. */
  port: string;
  transport: Transport;
  /** EspruinoTools, as this place can run it. */
  loadTools: ToolsLoader;
}

/** Waits until an Espruino answers on an open port. Throws a `FieldError` otherwise, and closes the port. */
export async function consoleOn(line: Line, options: ConsoleOptions = {}): Promise<DeviceConsole> {
  const { port, transport } = line;
  const tools = await startTools(transport, line.loadTools);
  const { connection } = tools;
  const { untilClosed, onClose } = watchForClose(transport, tools);
  const onLine = (listener: (line: string) => void) => {
    const clean = (line: string) => listener(cleanLine(line));
    connection.on("line", clean);
    return () => connection.removeListener("line", clean);
  };
  const closePort = () => {
    tools.stop();
    transport.close();
  };

  let identity: { version: string; board: string };
  try {
    identity = await untilClosed(identify(connection, port, options), "before the device answered");
  } catch (error) {
    closePort();
    throw error;
  }

  const askOnce = askAgain(createAsker(connection, port, onLine), (answer) => BASE64.test(answer));
  const ask = (expression: string, timeoutMs: number) =>
    untilClosed(askOnce(expression, timeoutMs), "while it evaluated a question");
  const sendOnce = (name: string, data: Buffer, onProgress: (bytes: number) => void) => {
    const progress = (bytes: number) => onProgress(Math.min(bytes, data.length));
    const sent = connection.espruinoSendFile(name, data.toString("latin1"), { chunkSize: PIECE_BYTES, progress });
    return untilClosed(sent, "during the upload");
  };

  // A console stays unlocked for whoever comes next, over any connection, until it is locked or the board restarts
  // (JSIS_PASSWORD_PROTECTED in src/jsinteractive.c of 2v29). Without a password, `E.lockConsole` does nothing.
  const lock = () => ask(toJsonAnswer("E.lockConsole()"), LOCK_TIMEOUT_MS).catch(() => {});
  const isGuarded = port.startsWith("tcp://") || options.password !== undefined;
  let closing: Promise<void> | undefined;

  return {
    port,
    ...identity,
    evaluate: async (expression, timeoutMs = 20000) => parseAnswer(await ask(toJsonAnswer(expression), timeoutMs)),
    evaluateBytes: async (expression) => Buffer.from(await ask(`btoa(${expression})`, 20000), "base64"),
    sendFile: async (name, data, onProgress = () => {}) => {
      for (let tries = 1; ; tries++) {
        try {
          return await sendOnce(name, data, onProgress);
        } catch (error) {
          if (error instanceof FieldError) throw error;
          if (tries === SEND_TRIES) {
            throw new FieldError(
              `The device did not take a piece of ${name} (${String(error)}).`,
              "Repeat the command. If it happens again, press the board's reset button (EN) first.",
            );
          }
          // The running program blocked for longer than the tools wait for a piece. The device answers questions in order:
          // after this answer, nothing of the failed try is still on its way.
          await ask('btoa("here")', BLOCKED_MAX_MS);
        }
      }
    },
    onLine,
    onClose,
    send: (statement) => untilClosed(connection.write(`${ECHO_OFF_FOR_LINE}${statement}\n`), "before the restart"),
    close: () => {
      closing ??= (isGuarded ? lock() : Promise.resolve()).then(closePort);
      return closing;
    },
  };
}

interface CloseWatch {
  /** The work's own result, or a rejection when the connection closes first. `during` says what the device was doing. */
  untilClosed<T>(work: Promise<T>, during: string): Promise<T>;
  onClose(listener: () => void): void;
}

/** EspruinoTools leaves its promises unsettled when the port closes: `untilClosed` settles them. */
function watchForClose(transport: Transport, tools: Tools): CloseWatch {
  let closed = false;
  const closeListeners: (() => void)[] = [];
  transport.onClose(() => {
    closed = true;
    tools.stop();
    for (const listener of closeListeners.splice(0)) listener();
  });
  return {
    untilClosed: (work, during) => {
      if (closed) {
        work.catch(() => {});
        return Promise.reject(connectionLost(during));
      }
      return new Promise((resolve, reject) => {
        const lost = () => reject(connectionLost(during));
        closeListeners.push(lost);
        work.finally(() => closeListeners.splice(closeListeners.indexOf(lost) >>> 0, 1)).then(resolve, reject);
      });
    },
    onClose: (listener) => void closeListeners.push(listener),
  };
}

/** An expression that never throws: its value or its error as JSON, in base64 because the value may hold any bytes. */
function toJsonAnswer(expression: string): string {
  return `(function(){try{return btoa(JSON.stringify({v:${expression}}))}catch(e){return btoa(JSON.stringify({e:""+e}))}})()`;
}

function parseAnswer(base64: string): unknown {
  const text = Buffer.from(base64, "base64").toString("latin1");
  const answer = JSON.parse(text, (_key, value) => (typeof value === "string" ? readText(value) : value)) as {
    v?: unknown;
    e?: string;
  };
  if (answer.e !== undefined) throw new Error(answer.e);
  return answer.v;
}

/** Espruino's strings are bytes. Those that are valid UTF-8 (a network's name) are read as UTF-8, the others as Latin-1. */
function readText(text: string): string {
  const read = Buffer.from(text, "latin1").toString("utf8");
  return read.includes("\ufffd") ? text : read;
}
