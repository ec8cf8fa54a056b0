import { startTools, type ToolsConnection } from "./espruino-tools.ts";
import { cableError, FieldError } from "./field-error.ts";
import { openTransport, type SerialLibrary } from "./transport.ts";

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

export interface ConsoleOptions {
  /** For a wireless console that asks for one. */
  password?: string;
  /** How long a busy device (it blocks while it connects) is waited for. */
  patienceMs?: number;
  /** Time for one answer before asking again. */
  answerMs?: number;
  /** Break into a program that does not let the console answer. */
  interrupt?: boolean;
  onWaiting?: () => void;
  serial?: SerialLibrary;
}

/** A field before firmware 2v25 has no packets. */
const OLDEST_VERSION = 2.25;
const ERASE_LINE = "\x1b[2H";
const ENQUIRY = "\x05";
const INTERRUPT = "\x03";
const ECHO_OFF_FOR_LINE = "\x10";
/** Three quarters of Espruino's 4,096-byte input buffer are left free (boards/ESP32.py, io_buffer_size). */
const PIECE_BYTES = 1024;

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
    if (closed) return Promise.reject(cableError(during));
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
    identity = await untilClosed(wake(connection, port, options), "before the device answered");
  } catch (error) {
    close();
    throw error;
  }

  let lastId = 0;
  const ask = (expression: string, timeoutMs: number): Promise<string> => {
    const id = ++lastId;
    const mark = `#${id}#`;
    const packet = new Promise<string>((resolve, reject) => {
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
        // An answer that came too late for its question carries another number.
        const text = data.slice(1, -1);
        if (type === 0 && text.startsWith(mark)) finish(() => resolve(text.slice(mark.length)));
      };
      const timer = setTimeout(() => finish(() => reject(new FieldError(...noAnswer(port)))), timeoutMs);
      connection.on("packet", onPacket);
      connection.espruinoSendPacket("EVAL", `"${mark}"+(${expression})`, { timeout: timeoutMs }).catch((reason) => {
        if (!String(reason).startsWith("NAK")) return;
        // The reason is printed right after the NAK, in the same breath.
        setImmediate(() => finish(() => reject(new Error(complaint || "the device refused the expression"))));
      });
      closeListeners.push(() => clearTimeout(timer));
    });
    return untilClosed(packet, "in the middle of a question");
  };
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
      const sending = connection.espruinoSendFile(name, data.toString("latin1"), { chunkSize: PIECE_BYTES, progress });
      try {
        await untilClosed(sending, "in mid-upload");
      } catch (error) {
        if (error instanceof FieldError) throw error;
        throw new FieldError(
          `The device did not take a piece of ${name} (${String(error)}).`,
          "Repeat the command. If it happens again, press the board's reset button (EN) first.",
        );
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

/** Asks who is there until an Espruino says its name. */
async function wake(
  connection: ToolsConnection,
  port: string,
  options: ConsoleOptions,
): Promise<{ version: string; board: string }> {
  const answerMs = options.answerMs ?? 1500;
  const tries = Math.max(1, Math.ceil((options.patienceMs ?? 20000) / answerMs));
  let heard = "";
  let settled: (() => void) | undefined;
  const onData = (text: string) => {
    heard = (heard + text).slice(-4000);
    settled?.();
  };
  connection.on("data", onData);
  const listen = (found: () => boolean) =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => done(false), answerMs);
      const done = (value: boolean) => {
        settled = undefined;
        clearTimeout(timer);
        resolve(value);
      };
      settled = () => {
        if (found()) done(true);
      };
      settled();
    });
  try {
    for (let i = 0; i < tries; i++) {
      if (i === 1) options.onWaiting?.();
      // Two questions: 2v25 and newer tell their name at ENQ; older ones only print. A locked console takes both for a wrong password.
      if (i > 0 && i === tries - 1 && options.interrupt) await connection.write(INTERRUPT + INTERRUPT);
      const old = i > 1 ? `${ECHO_OFF_FOR_LINE}print("Espruino "+process.env.VERSION+" "+process.env.BOARD)` : "";
      heard = "";
      await connection.write(`${ERASE_LINE}${ENQUIRY}${old}\n`);
      const name = () => /Espruino (\d+v\d+[\w.]*) (\w+)[\r\n]/.exec(heard);
      if (!(await listen(() => name() !== null || /password>$/.test(heard)))) continue;
      const match = name();
      if (match === null) {
        await unlock(
          connection,
          options,
          () => heard,
          listen,
          () => (heard = ""),
        );
        continue;
      }
      requireVersion(match[1]);
      return { version: match[1], board: match[2] };
    }
  } finally {
    connection.removeListener("data", onData);
  }
  throw new FieldError(
    heard === ""
      ? `No Espruino answers on ${port}.`
      : `Something answers on ${port}, but it does not say that it is Espruino.`,
    "Press the board's reset button (EN) and try again. A new ESP32 needs the Espruino runtime once: see “The Espruino runtime” in the README.",
  );
}

async function unlock(
  connection: ToolsConnection,
  options: ConsoleOptions,
  heard: () => string,
  listen: (found: () => boolean) => Promise<boolean>,
  forget: () => void,
): Promise<void> {
  if (options.password === undefined) {
    throw new FieldError(
      "This console asks for a password.",
      "Put it in the environment variable BACKFILL_CONSOLE_PASSWORD (it is the unit's consolePassword).",
    );
  }
  forget();
  await connection.write(`${options.password}\n`);
  await listen(() => /Logged in|Invalid password/.test(heard()));
  if (heard().includes("Invalid password")) {
    throw new FieldError(
      "The console refused the password.",
      "It is the consolePassword this unit was provisioned with.",
    );
  }
}

function requireVersion(version: string): void {
  const [major, minor] = version.split("v").map(Number.parseFloat);
  if (major + minor / 100 >= OLDEST_VERSION) return;
  throw new FieldError(
    `The board runs Espruino ${version}; 2v25 or newer is needed.`,
    "Put a newer Espruino runtime on it: see “The Espruino runtime” in the README.",
  );
}
