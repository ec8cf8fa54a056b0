/** Ctrl-C, and the other signals that end a program: what a person has to know then, and what has to be done before. */
import { setTimeout as sleep } from "node:timers/promises";

let lastWords = "Stopped before the end.";
const acts = new Set<() => unknown>();

/** What a person who stops the program from now on has to know: in what state the device or the file is. */
export function sayWhenStopped(text: string): void {
  lastWords = text;
}

/** Calls `act` before the program ends by a signal, and waits for what it returns. Returns what takes that back. */
export function beforeStopping(act: () => unknown): () => void {
  acts.add(act);
  return () => void acts.delete(act);
}

/** Exit statuses by which a shell knows the signal: 128 and its number. */
const STATUSES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** A device that does not answer must not keep the program: longer than it takes to lock a console. */
const PATIENCE_MS = 4000;
const SHOW_CURSOR = "\x1b[?25h";

/** The cursor, which a progress bar hides, and lines instead of keys, which a question reads. */
function restoreTerminal(): void {
  if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
  if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.setRawMode(false);
}

/** From now on a signal ends the program so. `tell` gets the text. A second signal does not wait. */
export function stopOnSignals(tell: (text: string) => void): void {
  let isStopping = false;
  for (const [signal, status] of Object.entries(STATUSES)) {
    process.on(signal, async () => {
      if (isStopping) process.exit(status);
      isStopping = true;
      restoreTerminal();
      tell(lastWords);
      const done = Promise.allSettled([...acts].map(async (act) => act()));
      await Promise.race([done, sleep(PATIENCE_MS)]);
      process.exit(status);
    });
  }
}
