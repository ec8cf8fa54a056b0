/** The real interpreter as a child process. `ESPRUINO` names a build of Espruino for Linux. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Path of the build, or "". */
export const ESPRUINO = process.env.ESPRUINO ?? "";

/** Flash of the Linux build. All of it belongs to Storage, which fills it from the bottom. `readPool()` gives the page size. */
export const LINUX_FLASH = { address: 0x10000000, bytes: 256 * 1024 };

/** A fresh working directory. The file `espruino.flash` in it is the interpreter's flash. */
export function makeFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "backfill-espruino-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The interpreter did not do what was expected. The message ends with its last output. */
export class InterpreterError extends Error {
  constructor(what: string, output: string) {
    super(`${what}. The interpreter's last output:\n${output.slice(-3000)}`);
    this.name = "InterpreterError";
  }
}

export interface Interpreter {
  /** Everything printed until now, without carriage returns and prompts. */
  output(): string;
  lines(): string[];
  /** Resolves with the first line that matches, printed already or later. Rejects after `timeoutMs` or when the process ends. */
  line(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Evaluates an expression in the running program and returns its value through JSON. Needs the prelude. */
  evaluate<T>(expression: string, timeoutMs?: number): Promise<T>;
  /** Evaluates again and again until `accept` returns true. */
  until<T>(expression: string, accept: (value: T) => boolean, timeoutMs?: number): Promise<T>;
  /** Of the process: to stop it and let it go on. */
  pid: number;
  /** SIGKILL: a power cut. */
  kill(): Promise<void>;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
}

/** Boots from the flash file in `folder`, as a board does at power-on. With `script` it runs that file and ends with it. */
export function startInterpreter(folder: string, script?: string): Interpreter {
  const child: ChildProcessWithoutNullStreams = spawn(ESPRUINO, script === undefined ? [] : [script], { cwd: folder });
  const complete: string[] = [];
  let rest = "";
  let asked = 0;
  let over = false;
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  const take = (piece: Buffer) => {
    const pieces = (rest + piece.toString("latin1")).split("\n");
    rest = pieces.pop() ?? "";
    for (const text of pieces) complete.push(clean(text));
    changed();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      resolve();
      changed();
    };
    child.on("close", end);
    child.on("error", (error) => {
      complete.push(`cannot start ${ESPRUINO}: ${error.message}`);
      end();
    });
  });

  const output = () => `${complete.join("\n")}\n${clean(rest)}`;

  function line(pattern: RegExp, timeoutMs = 10_000): Promise<string> {
    return new Promise((resolve, reject) => {
      let seen = 0;
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        watchers.delete(look);
        settle();
      };
      const look = () => {
        for (; seen < complete.length; seen++) {
          const text = complete[seen];
          if (pattern.test(text)) return finish(() => resolve(text));
        }
        if (over) finish(() => reject(new InterpreterError(`it ended before ${pattern}`, output())));
      };
      const timer = setTimeout(
        () => finish(() => reject(new InterpreterError(`no ${pattern} within ${timeoutMs} ms`, output()))),
        timeoutMs,
      );
      watchers.add(look);
      look();
    });
  }

  let asking: Promise<unknown> = Promise.resolve();
  /** One question at a time, because there is one file for it. */
  function evaluate<T>(expression: string, timeoutMs = 10_000): Promise<T> {
    const answer = asking.then(() => ask<T>(expression, timeoutMs));
    asking = answer.catch(() => {});
    return answer;
  }

  async function ask<T>(expression: string, timeoutMs: number): Promise<T> {
    const id = ++asked;
    const question = `print("\\x01${id}:"+JSON.stringify((function(){try{return {value:(${expression})}}catch(e){return {error:e.toString()}}})()))`;
    // The file gets its name when it is complete: the interpreter may look at any moment.
    writeFileSync(join(folder, "question.new"), question);
    renameSync(join(folder, "question.new"), join(folder, "question"));
    const answer = await line(new RegExp(`\u0001${id}:`), timeoutMs);
    const mark = `\u0001${id}:`;
    const result = JSON.parse(answer.slice(answer.indexOf(mark) + mark.length)) as { value: T; error?: string };
    if (result.error !== undefined) throw new InterpreterError(`${expression}: ${result.error}`, output());
    return result.value;
  }

  return {
    output,
    lines: () => complete.slice(),
    line,
    evaluate,
    async until<T>(expression: string, accept: (value: T) => boolean, timeoutMs = 20_000): Promise<T> {
      const endMs = Date.now() + timeoutMs;
      for (;;) {
        const value = await evaluate<T>(expression);
        if (accept(value)) return value;
        if (Date.now() > endMs) {
          throw new InterpreterError(`${expression} is still ${JSON.stringify(value)} after ${timeoutMs} ms`, output());
        }
        // Not more often: an answer takes time that the interpreter's sampler needs.
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    pid: child.pid ?? 0,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    ended,
  };
}

/** Removes carriage returns, and the prompt that the console prints and erases again. */
function clean(line: string): string {
  return line.replaceAll("\r", "").replaceAll(">\u001b[J", "").replaceAll("\u001b[J", "");
}

/** Runs a script in `folder` until it calls `quit()`, and returns what it printed, without the banner. */
export async function runScript(folder: string, script: string, timeoutMs = 20_000): Promise<string> {
  const interpreter = startInterpreter(folder, script);
  const timer = setTimeout(() => interpreter.kill(), timeoutMs);
  await interpreter.ended;
  clearTimeout(timer);
  const output = interpreter.output();
  const banner = output.indexOf("espruino.com/Donate");
  return output
    .slice(Math.max(banner, 0))
    .replace(/^.*\n+/, "")
    .replace(/\n?>$/, "");
}
