import { pathToFileURL } from "node:url";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { FieldError } from "./field-error.ts";
import { asksForJson, errorObject } from "./json-output.ts";
import { stopOnSignals } from "./stopping.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/**
 * A command: its arguments without `node` and the script, and where it reads and writes. Resolves with the exit status.
 * A command may take a terminal with more optional members.
 */
export type CommandFunction<T extends Terminal = Terminal> = (args: string[], terminal: T) => Promise<number>;

export const EXIT = { ok: 0, failed: 1, usage: 2 };

/** Thrown to end with this exit status and no message: `doctor` found something to fix, for example. */
export class ExitStatus extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

export const EXIT_STATUS = "0 done; 1 something has to be put right; 2 wrong usage.";

/**
 * A commander program that writes to the terminal, and throws where commander would end the process. Its help ends with
 * `exitStatus`. With `json`, the shape of its result in words, it takes `--json`: see `withJson`.
 */
export function createCommand(
  name: string,
  description: string,
  terminal: Terminal,
  exitStatus = EXIT_STATUS,
  json?: string,
): Command {
  const command = new Command(`npm run ${name} --`)
    .usage("[options]")
    .description(description)
    .exitOverride()
    .showHelpAfterError("(--help lists all options)")
    .addHelpText("afterAll", `\nExit status: ${exitStatus.replace(/\.$/, "; 130 Ctrl-C ended it.")}`)
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, "")),
      writeErr: (text) => terminal.remark(text.replace(/\n$/, "")),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    });
  if (json === undefined) return command;
  const about = `print JSON and nothing else to standard output: ${json}; an error is { error: { message, advice } }`;
  return command.option("--json", about);
}

/** A whole number above 0 from an option's text. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!(Number.isInteger(count) && count > 0)) throw new InvalidArgumentError("Give a whole number above 0.");
  return count;
}

/** A number of seconds above 0 from an option's text. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && Number.isFinite(seconds)))
    throw new InvalidArgumentError("Give a number of seconds above 0, for example 60.");
  return seconds;
}

/** A number of seconds, 0 or more, from an option's text. */
export function parseWait(text: string): number {
  return text.trim() !== "" && Number(text) === 0 ? 0 : parseSeconds(text);
}

/** Parses the arguments and runs the command. An error becomes a message, its advice and an exit status. */
export async function execute(command: Command, args: string[], terminal: Terminal): Promise<number> {
  try {
    await command.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ExitStatus) return error.status;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      terminal.json?.fail(error.message.replace(/^error: /, ""));
      return EXIT.usage;
    }
    terminal.json?.fail(error instanceof Error ? error.message : String(error), (error as FieldError).advice);
    const { red } = terminal.colors;
    if (error instanceof FieldError) {
      terminal.remark(`${red("✗")} ${error.message}`);
      terminal.remark(`  ${error.advice}`);
    } else {
      terminal.remark(`${red("✗")} ${error instanceof Error ? error.message : String(error)}`);
      if (terminal.env.DEBUG !== undefined && error instanceof Error) terminal.remark(error.stack ?? "");
    }
    return EXIT.failed;
  }
}

/** Ends the program without a word when nobody reads its output any more, as behind `| head`. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(EXIT.failed);
}

/** Runs `command` when node was started with the file of `moduleUrl`. */
export function runAsProgram(moduleUrl: string, command: CommandFunction): void {
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== moduleUrl) return;
  for (const stream of [process.stdout, process.stderr]) stream.on("error", endWithReader);
  const args = process.argv.slice(2);
  stopOnSignals((text) => {
    process.stderr.write(`\n${text}\n`);
    if (asksForJson(args)) process.stdout.write(`${JSON.stringify(errorObject(text))}\n`);
  });
  command(args, processTerminal()).then(
    // When all is written: a pipe takes it later on some systems. In the next turn, because a write that failed is reported then.
    (status) => process.stdout.write("", () => setImmediate(() => process.exit(status))),
    (error) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(EXIT.failed);
    },
  );
}
