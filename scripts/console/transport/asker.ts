import { FieldError } from "../terminal/field-error.ts";
import type { ToolsConnection } from "./espruino-tools.ts";

/** Evaluates an expression on the device and resolves with its value, a text. Rejects when there is no answer in time. */
export type Asker = (expression: string, timeoutMs: number) => Promise<string>;

/** ESP-IDF prints log lines into the console (`I (123) wifi:…`), and one of them can spoil a packet or an answer. */
const ASK_TRIES = 4;

/** A question or its answer arrived spoiled. */
class Spoiled extends Error {}

/** `answer` is what an asker resolves with; `isWhole` says whether nothing got into it. */
export function askAgain(ask: Asker, isWhole: (answer: string) => boolean): Asker {
  return async (expression, timeoutMs) => {
    for (let tries = 1; ; tries++) {
      try {
        const answer = await ask(expression, timeoutMs);
        if (isWhole(answer)) return answer;
      } catch (error) {
        if (!(error instanceof Spoiled)) throw error;
      }
      if (tries === ASK_TRIES) throw garbled();
    }
  };
}

/**
 * Asks by EVAL packets of Espruino's protocol. Each question has a number and its answer carries the same number, so that
 * a late answer is never taken for the answer to the next question. Rejects with `Spoiled` when the device refuses the packet and
 * gives no reason.
 */
export function createAsker(
  connection: ToolsConnection,
  port: string,
  onLine: (listener: (line: string) => void) => () => void,
): Asker {
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
      const timer = setTimeout(() => finish(() => reject(noAnswer(port))), timeoutMs);
      // The open port keeps the process alive; a closed one must not. A browser's timers keep nothing alive.
      timer.unref?.();
      connection.on("packet", onPacket);
      connection.espruinoSendPacket("EVAL", `"${mark}"+(${expression})`, { timeout: timeoutMs }).catch((reason) => {
        if (!String(reason).startsWith("NAK")) return;
        // The device prints the reason right after the NAK, in the same block of bytes.
        setImmediate(() => finish(() => reject(complaint === "" ? new Spoiled() : new Error(complaint))));
      });
    });
  };
}

function garbled(): FieldError {
  return new FieldError(
    `The device refused a question ${ASK_TRIES} times and gave no reason.`,
    "Its log lines may come in between: wait until it is quiet, or press the reset button (EN), and repeat the command.",
  );
}

function noAnswer(port: string): FieldError {
  return new FieldError(
    `The device on ${port} stopped answering.`,
    "It may be connecting to Wi-Fi, which blocks it for up to two minutes: wait and repeat the command. If that does not help, press the reset button (EN).",
  );
}
