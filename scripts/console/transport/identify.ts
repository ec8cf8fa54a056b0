import { FieldError } from "../terminal/field-error.ts";
import type { ToolsConnection } from "./espruino-tools.ts";
import type { SerialLibrary } from "./transport.ts";

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
/** At the start of a line: it is run without echo. */
export const ECHO_OFF_FOR_LINE = "\x10";

/** Asks who is there until an Espruino says its name. */
export async function identify(
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
