/**
 * `--json`: standard output holds JSON and nothing else, one object of the result, or of the error. All that a person reads goes
 * to standard error.
 */
import type { Terminal } from "./terminal.ts";

/** Where a command puts its result for a program. */
export interface JsonOutput {
  /** Prints the result: once, and last. Only a command that follows something prints one after the other. */
  result(value: object): void;
  /** Prints an error. */
  fail(message: string, advice?: string): void;
}

export function errorObject(message: string, advice?: string): object {
  return { error: { message: message.trim(), advice } };
}

const HELP = ["--help", "-h"];

/** Whether the arguments ask for JSON. Help is for a person. */
export function asksForJson(args: readonly string[]): boolean {
  return args.includes("--json") && !HELP.some((flag) => args.includes(flag));
}

/** A command that takes `--json`: then `terminal.json` is there, and what it prints otherwise goes to standard error. */
export function withJson<T extends Terminal>(
  command: (args: string[], terminal: T) => Promise<number>,
): (args: string[], terminal: T) => Promise<number> {
  return async (args, terminal) => {
    if (!asksForJson(args)) return command(args, terminal);
    let isSaid = false;
    const say = (value: object) => {
      isSaid = true;
      terminal.print(JSON.stringify(value));
    };
    const json: JsonOutput = {
      result: say,
      fail: (message, advice) => say(errorObject(message, advice)),
    };
    const status = await command(args, { ...terminal, print: terminal.remark, json });
    if (!isSaid) say(status === 0 ? {} : errorObject("It did not succeed: standard error says why."));
    return status;
  };
}
