import * as prompts from "@clack/prompts";
import { Bar, Presets } from "cli-progress";
import colors from "picocolors";
import { Cancelled } from "./field-error.ts";
import type { JsonOutput } from "./json-output.ts";
import { createSecrets, type Secrets } from "./secrets.ts";

/** Where a command reads and writes. All output has its secrets masked. */
export interface Terminal {
  readonly secrets: Secrets;
  readonly env: Record<string, string | undefined>;
  /** True when a person can answer questions. */
  readonly interactive: boolean;
  readonly colors: ReturnType<typeof colors.createColors>;
  readonly columns: number;
  /** One line to standard output. */
  print(line: string): void;
  /** One line to standard error. Progress and remarks go there, so that standard output can be piped. */
  remark(line: string): void;
  /** A progress bar on standard error when that is a terminal, else nothing. */
  progress(label: string, total: number): Progress;
  ask: Questions;
  /** With `--json`: for the result. `withJson` sets it. */
  readonly json?: JsonOutput;
  /** Ends a command that would run for ever. Only tests set it. */
  readonly stop?: AbortSignal;
}

export interface Progress {
  update(value: number): void;
  done(): void;
}

/** Each question rejects with `Cancelled` when the person cancels it. `check` returns a complaint, or undefined. */
export interface Questions {
  text(question: string, check: (answer: string) => string | undefined, initial?: string): Promise<string>;
  password(question: string, check: (answer: string) => string | undefined): Promise<string>;
  confirm(question: string, initial: boolean): Promise<boolean>;
  select(question: string, choices: { value: string; label: string; hint?: string }[]): Promise<string>;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const secrets = createSecrets();
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    secrets,
    env: process.env,
    interactive,
    colors: colors.createColors(process.stdout.isTTY === true && colors.isColorSupported),
    columns: process.stdout.columns ?? 100,
    print: (line) => void process.stdout.write(`${secrets.mask(line)}\n`),
    remark: (line) => void process.stderr.write(`${secrets.mask(line)}\n`),
    progress: (label, total) => (process.stderr.isTTY ? progressBar(secrets.mask(label), total) : silentProgress()),
    ask: clackQuestions(),
  };
}

export function silentProgress(): Progress {
  return { update: () => {}, done: () => {} };
}

function progressBar(label: string, total: number): Progress {
  const format = `${label} {bar} {percentage} %`;
  const bar = new Bar({ format, hideCursor: true, stream: process.stderr, barsize: 30 }, Presets.shades_grey);
  bar.start(total, 0);
  return { update: (value) => bar.update(Math.min(value, total)), done: () => bar.stop() };
}

function clackQuestions(): Questions {
  const answered = async <T>(answer: Promise<unknown>): Promise<T> => {
    const value = await answer;
    if (prompts.isCancel(value)) throw new Cancelled();
    return value as T;
  };
  const validate = (check: (answer: string) => string | undefined) => (answer: string | undefined) =>
    check(answer ?? "");
  // Standard output is for what a command prints: it may be a file, or JSON.
  const output = process.stderr;
  return {
    text: (message, check, initialValue) =>
      answered<string>(prompts.text({ message, initialValue, validate: validate(check), output })),
    password: (message, check) =>
      answered<string>(prompts.password({ message, validate: validate(check), clearOnError: true, output })),
    confirm: (message, initialValue) => answered<boolean>(prompts.confirm({ message, initialValue, output })),
    select: (message, options) => answered<string>(prompts.select({ message, options, output })),
  };
}
