import { cableError, FieldError } from "../terminal/field-error.ts";
import { startTools, type ToolsConnection } from "./espruino-tools.ts";
import { type ConsoleOptions, ECHO_OFF_FOR_LINE, identify } from "./identify.ts";
import { openTransport } from "./transport.ts";

/** An Espruino that answered, on the other end of a port. */
export interface DeviceConsole {
  readonly port: string;
  /** As "2v29.277". */
  readonly version: string;
  /** Espruino's name for the board: "ESP32", "LINUX", … */
  readonly board: string;
  /**
   * The value of an expression on the device, through JSON. Rejects with the device's error, or a `FieldError` when the
   * device does not answer in time or the connection is lost. The result may have some 6,000 characters at most.
   */
  evaluate(expression: string, timeoutMs?: number): Promise<unknown>;
  /** Bytes that an expression on the device gives as a string of one character a byte. */
  evaluateBytes(expression: string): Promise<Buffer>;
  /** Writes a Storage file piece by piece. Whether it arrived whole is to be asked afterwards: Espruino acknowledges failed writes too. */
  sendFile(name: string, data: Buffer, onProgress?: (bytes: number) => void): Promise<void>;
  /** Every line the device prints, without prompts and cursor movements. */
  onLine(listener: (line: string) => void): () => void;
  onClose(listener: () => void): void;
  /** Sends a command that restarts the device: no answer is waited for. */
  send(statement: string): Promise<void>;
  close(): void;
}

/** Three quarters of Espruino's 4,096-byte input buffer are left free (boards/ESP32.py, io_buffer_size). */
const PIECE_BYTES = 1024;
const SEND_TRIES = 3;
/** Name servers that don't answer, then a connect that doesn't: see WATCHDOG_MS in firmware/main.ts. */
const BLOCKED_MAX_MS = 120000;

/** Opens a port and waits until an Espruino answers on it. Throws a `FieldError` otherwise. */
export async function openConsole(port: string, options: ConsoleOptions = {}): Promise<DeviceConsole> {
  const transport = await openTransport(port, options.serial);
  const tools = await startTools(transport);
  const { connection } = tools;
  let closed = false;
  const closeListeners: (() => void)[] = [];
  transport.onClose(() => {
    closed = true;
    tools.stop();
    for (const listener of closeListeners.splice(0)) listener();
  });
  /** EspruinoTools leaves its promises unsettled when the port closes. */
  const untilClosed = <T>(work: Promise<T>, during: string): Promise<T> => {
    if (closed) {
      work.catch(() => {});
      return Promise.reject(cableError(during));
    }
    return new Promise((resolve, reject) => {
      const lost = () => reject(cableError(during));
      closeListeners.push(lost);
      work.finally(() => closeListeners.splice(closeListeners.indexOf(lost) >>> 0, 1)).then(resolve, reject);
    });
  };
  const onLine = (listener: (line: string) => void) => {
    const clean = (line: string) => listener(cleanLine(line));
    connection.on("line", clean);
    return () => connection.removeListener("line", clean);
  };
  const close = () => {
    tools.stop();
    transport.close();
  };

  let identity: { version: string; board: string };
  try {
    identity = await untilClosed(identify(connection, port, options), "before the device answered");
  } catch (error) {
    close();
    throw error;
  }

  const askOnce = createAsker(connection, port, onLine);
  const ask = (expression: string, timeoutMs: number) =>
    untilClosed(askOnce(expression, timeoutMs), "in the middle of a question");
  const evaluate = async (expression: string, timeoutMs = 20000) => {
    const safe = `(function(){try{return btoa(JSON.stringify({v:${expression}}))}catch(e){return btoa(JSON.stringify({e:""+e}))}})()`;
    const text = Buffer.from(await ask(safe, timeoutMs), "base64").toString("latin1");
    const answer = JSON.parse(text, (_key, value) => (typeof value === "string" ? readText(value) : value)) as {
      v?: unknown;
      e?: string;
    };
    if (answer.e !== undefined) throw new Error(answer.e);
    return answer.v;
  };

  return {
    port,
    ...identity,
    evaluate,
    evaluateBytes: async (expression) => Buffer.from(await ask(`btoa(${expression})`, 20000), "base64"),
    sendFile: async (name, data, onProgress) => {
      const progress = (bytes: number) => onProgress?.(Math.min(bytes, data.length));
      for (let tries = 1; ; tries++) {
        const sending = connection.espruinoSendFile(name, data.toString("latin1"), {
          chunkSize: PIECE_BYTES,
          progress,
        });
        try {
          return await untilClosed(sending, "in mid-upload");
        } catch (error) {
          if (error instanceof FieldError) throw error;
          if (tries === SEND_TRIES) {
            throw new FieldError(
              `The device did not take a piece of ${name} (${String(error)}).`,
              "Repeat the command. If it happens again, press the board's reset button (EN) first.",
            );
          }
          // The running program blocked for longer than a piece is waited for. Questions are answered in order: after this
          // one nothing of the failed try is on its way any more.
          await ask('"here"', BLOCKED_MAX_MS);
        }
      }
    },
    onLine,
    onClose: (listener) => void closeListeners.push(listener),
    send: (statement) => untilClosed(connection.write(`${ECHO_OFF_FOR_LINE}${statement}\n`), "before the restart"),
    close,
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are steered by control characters
const CURSOR_MOVES = /\x1b\[[0-9;?]*[A-Za-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: backspace, XON, XOFF
const FLOW_AND_BACKSPACE = /[\x08\x11\x13]/g;

/** A printed line without the prompt's redrawing. */
export function cleanLine(line: string): string {
  return line
    .replace(CURSOR_MOVES, "")
    .replace(FLOW_AND_BACKSPACE, "")
    .replace(/^[\r>]+/, "")
    .trimEnd();
}

/**
 * Questions by EVAL packets, answered by a text. Each has a number, and its answer the same: one that comes too late for its
 * question is not taken for the next one's.
 */
function createAsker(
  connection: ToolsConnection,
  port: string,
  onLine: (listener: (line: string) => void) => () => void,
): (expression: string, timeoutMs: number) => Promise<string> {
  let lastId = 0;
  return (expression, timeoutMs) => {
    const mark = `#${++lastId}#`;
    return new Promise((resolve, reject) => {
      const finish = (act: () => void) => {
        clearTimeout(timer);
        connection.removeListener("packet", onPacket);
        removeLine();
        act();
      };
      let complaint = "";
      const removeLine = onLine((line) => {
        if (/^Uncaught|^ERROR|MEMORY|^New interpreter error/.test(line)) complaint ||= line;
      });
      const onPacket = (type: number, data: string) => {
        const text = data.slice(1, -1);
        if (type === 0 && text.startsWith(mark)) finish(() => resolve(text.slice(mark.length)));
      };
      const timer = setTimeout(() => finish(() => reject(new FieldError(...noAnswer(port)))), timeoutMs);
      // The open port keeps the process alive; a closed one must not.
      timer.unref();
      connection.on("packet", onPacket);
      connection.espruinoSendPacket("EVAL", `"${mark}"+(${expression})`, { timeout: timeoutMs }).catch((reason) => {
        if (!String(reason).startsWith("NAK")) return;
        // The reason is printed right after the NAK, in the same breath.
        setImmediate(() => finish(() => reject(new Error(complaint || "the device refused the expression"))));
      });
    });
  };
}

/** Espruino's texts are bytes: those that came as UTF-8 (a network's name) are read as that, the others as Latin-1. */
function readText(text: string): string {
  const read = Buffer.from(text, "latin1").toString("utf8");
  return read.includes("\ufffd") ? text : read;
}

function noAnswer(port: string): [string, string] {
  return [
    `The device on ${port} stopped answering.`,
    "It may be connecting, which blocks it for up to two minutes: wait and repeat the command. If that does not help, press its reset button (EN).",
  ];
}
