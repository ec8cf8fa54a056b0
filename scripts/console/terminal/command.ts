import { pathToFileURL } from "node:url";
import { Command, CommanderError } from "commander";
import { FieldError } from "./field-error.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** A command's arguments without `node` and the script, and where it reads and writes. Resolves with the exit status. */
export type CommandFunction = (args: string[], terminal: Terminal) => Promise<number>;

export const EXIT = { ok: 0, failed: 1, usage: 2 };

/** An exit status that is no failure of the command itself: `doctor` found something. */
export class ExitStatus extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/** A commander program that writes to the terminal and throws in place of ending the process. */
export function createCommand(name: string, description: string, terminal: Terminal): Command {
  return new Command(`npm run ${name} --`)
    .usage("[options]")
    .description(description)
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, "")),
      writeErr: (text) => terminal.remark(text.replace(/\n$/, "")),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    });
}

/** Parses, runs, and turns what can go wrong into a sentence, advice and an exit status. */
export async function execute(command: Command, args: string[], terminal: Terminal): Promise<number> {
  try {
    await command.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof ExitStatus) return error.status;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
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

/** Runs `command` when its file is the one that node was started with. */
export function runAsProgram(moduleUrl: string, command: CommandFunction): void {
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== moduleUrl) return;
  command(process.argv.slice(2), processTerminal()).then(
    (status) => process.exit(status),
    (error) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(EXIT.failed);
    },
  );
}
