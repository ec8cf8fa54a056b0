import { FieldError } from "../terminal/field-error.ts";
import type { ToolsConnection } from "./espruino-tools.ts";

export interface ConsoleOptions {
  /** Password of a wireless console. */
  password?: string;
  /** How long to wait for a busy device: it blocks while it connects. */
  patienceMs?: number;
  /** Time for one answer before asking again. */
  answerMs?: number;
  /** Interrupt a program that keeps the console from answering. */
  interrupt?: boolean;
  onWaiting?: () => void;
}

/** The first version with binary packets, 2v25. */
const OLDEST_VERSION = 2.25;
const ERASE_LINE = "\x1b[2H";
const ENQUIRY = "\x05";
const INTERRUPT = "\x03";
/** At the start of a line: Espruino runs the line without echoing it. */
export const ECHO_OFF_FOR_LINE = "\x10";
const NAME = /Espruino (\d+v\d+[\w.]*) (\w+)[\r\n]/;
const PASSWORD_PROMPT = /password>$/;

/** Asks the device for its name until an Espruino answers. Throws a `FieldError` otherwise. */
export async function identify(
  connection: ToolsConnection,
  port: string,
  options: ConsoleOptions,
): Promise<{ version: string; board: string }> {
  const answerMs = options.answerMs ?? 1500;
  const tries = Math.max(1, Math.ceil((options.patienceMs ?? 20000) / answerMs));
  const hearing = listenTo(connection, answerMs);
  try {
    for (let i = 0; i < tries; i++) {
      if (i === 1) options.onWaiting?.();
      if (i > 0 && i === tries - 1 && options.interrupt) await connection.write(INTERRUPT + INTERRUPT);
      // Two questions: 2v25 and newer answer ENQ with their name; older ones only print. A locked console takes both for
      // a wrong password.
      const old = i > 1 ? `${ECHO_OFF_FOR_LINE}print("Espruino "+process.env.VERSION+" "+process.env.BOARD)` : "";
      hearing.forget();
      await connection.write(`${ERASE_LINE}${ENQUIRY}${old}\n`);
      if (!(await hearing.waitFor((text) => NAME.test(text) || PASSWORD_PROMPT.test(text)))) continue;
      const match = NAME.exec(hearing.text());
      if (match === null) {
        await unlock(connection, options.password, hearing);
        continue;
      }
      requireVersion(match[1]);
      return { version: match[1], board: match[2] };
    }
  } finally {
    hearing.stop();
  }
  throw new FieldError(
    hearing.text() === ""
      ? `No Espruino answers on ${port}.`
      : `Something answers on ${port}, but it does not identify itself as Espruino.`,
    "Press the board's reset button (EN) and try again. A new ESP32 first needs the Espruino runtime: see “The Espruino runtime” in docs/flashing.md.",
  );
}

/** What the device printed since the last `forget`. */
interface Hearing {
  text(): string;
  forget(): void;
  /** False when `found` was not true of the text within the time for one answer. */
  waitFor(found: (text: string) => boolean): Promise<boolean>;
  stop(): void;
}

function listenTo(connection: ToolsConnection, answerMs: number): Hearing {
  let heard = "";
  let check: (() => void) | undefined;
  const onData = (text: string) => {
    heard = (heard + text).slice(-4000);
    check?.();
  };
  connection.on("data", onData);
  return {
    text: () => heard,
    forget: () => {
      heard = "";
    },
    waitFor: (found) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => done(false), answerMs);
        const done = (value: boolean) => {
          check = undefined;
          clearTimeout(timer);
          resolve(value);
        };
        check = () => {
          if (found(heard)) done(true);
        };
        check();
      }),
    stop: () => connection.removeListener("data", onData),
  };
}

async function unlock(connection: ToolsConnection, password: string | undefined, hearing: Hearing): Promise<void> {
  if (password === undefined) {
    throw new FieldError(
      "The device's console asks for a password.",
      "Put the unit's console password in the environment variable BACKFILL_CONSOLE_PASSWORD.",
    );
  }
  hearing.forget();
  await connection.write(`${password}\n`);
  await hearing.waitFor((text) => /Logged in|Invalid password/.test(text));
  if (hearing.text().includes("Invalid password")) {
    throw new FieldError(
      "The device's console refused the password.",
      "Use the console password that was given to `npm run provision` for this unit.",
    );
  }
}

function requireVersion(version: string): void {
  const [major, minor] = version.split("v").map(Number.parseFloat);
  if (major + minor / 100 >= OLDEST_VERSION) return;
  throw new FieldError(
    `The board runs Espruino ${version}; 2v25 or newer is needed.`,
    "Put a newer Espruino runtime on the board: see “The Espruino runtime” in docs/flashing.md.",
  );
}
