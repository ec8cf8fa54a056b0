/** `npm run check`: types, lint and format, dialect and size of the bundle, house rules; `-- NAME…` runs only these. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { Argument } from "commander";
import { bundleBytesMax } from "./build/build-firmware.ts";
import { BundleError, bundleFirmware, formatProblem, ROOT } from "./build/bundle.ts";
import { checkDialect } from "./build/dialect/check-dialect.ts";
import { findBreaches, tellBreaches } from "./checks/house-rules.ts";
import { trackedFiles, trackedPaths } from "./checks/source-file.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  EXIT_STATUS,
  ExitStatus,
  execute,
  runAsProgram,
} from "./console/terminal/command.ts";
import { withJson } from "./console/terminal/json-output.ts";
import type { Terminal } from "./console/terminal/terminal.ts";

interface Verdict {
  isGood: boolean;
  /** Shown below the check's name, "" for nothing. */
  text: string;
}

/** Runs a tool of node_modules/.bin; its output is shown when it fails. */
function run(tool: string, ...args: string[]): Promise<Verdict> {
  return new Promise((done) => {
    const child = spawn(join(ROOT, "node_modules", ".bin", tool), args, { cwd: ROOT });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.stderr.on("data", (data) => (text += data));
    child.on("error", (error) => done({ isGood: false, text: error.message }));
    child.on("close", (status) => done({ isGood: status === 0, text: status === 0 ? "" : text.trimEnd() }));
  });
}

function lint(): Promise<Verdict> {
  return run("biome", "check", "--error-on-warnings", "--files-ignore-unknown=true", ...trackedPaths(ROOT));
}

async function dialect(): Promise<Verdict> {
  // Strict: our own sources avoid what Espruino misreads, also where esbuild would rewrite it.
  const problems = await checkDialect({}, true);
  return { isGood: problems.length === 0, text: problems.map(formatProblem).join("\n") };
}

async function size(): Promise<Verdict> {
  const { bytes } = await bundleFirmware();
  return { isGood: bytes <= bundleBytesMax(), text: `${bytes} bytes of ${bundleBytesMax()}` };
}

async function houseRules(): Promise<Verdict> {
  const breaches = findBreaches(trackedFiles(ROOT));
  return { isGood: breaches.every((one) => one.weight !== "error"), text: tellBreaches(breaches) };
}

const CHECKS: { [name: string]: { what: string; check: () => Promise<Verdict> } } = {
  types: { what: "types of tests and scripts", check: () => run("tsc", "--noEmit", "-p", "tsconfig.json") },
  firmware: {
    what: "types of the firmware, with Espruino's library only",
    check: () => run("tsc", "--noEmit", "-p", "firmware/tsconfig.json"),
  },
  page: {
    what: "types of the lab's page, with the browser's library",
    check: () => run("tsc", "--noEmit", "-p", "scripts/lab/page/tsconfig.json"),
  },
  lint: { what: "lint and format", check: lint },
  dialect: { what: "Espruino's dialect", check: dialect },
  size: { what: "size of the bundle", check: size },
  house: { what: "house rules", check: houseRules },
};

/** Sources that cannot be built are a verdict. Any other error is a fault of the check itself. */
function verdictOf(error: unknown): Verdict {
  if (!(error instanceof BundleError)) throw error;
  return { isGood: false, text: error.message };
}

export const check: CommandFunction = withJson((args, terminal) => {
  const names = Object.keys(CHECKS);
  const command = createCommand(
    "check",
    "Checks the whole repository without running a test.",
    terminal,
    EXIT_STATUS,
    "{ isGood, checks: [{ name, isGood, text }] }",
  )
    .usage("[options] [names...]")
    .addArgument(new Argument("[names...]", "only these checks").choices(names).default(names, "all"))
    .action((chosen: string[]) => runChecks(chosen, terminal));
  return execute(command, args, terminal);
});

async function runChecks(chosen: string[], terminal: Terminal): Promise<void> {
  const { green, red } = terminal.colors;
  // The tools run side by side; the verdicts come in the order of the list.
  const running = chosen.map((name) => ({ name, verdict: CHECKS[name].check().catch(verdictOf) }));
  const done: ({ name: string } & Verdict)[] = [];
  for (const { name, verdict } of running) {
    const { isGood: isThisGood, text } = await verdict;
    const { what } = CHECKS[name];
    terminal.print(`${isThisGood ? green("✓") : red("✗")} ${what}`);
    if (text !== "") terminal.print(text.replace(/^/gm, "  "));
    done.push({ name, isGood: isThisGood, text });
  }
  const isGood = done.every((one) => one.isGood);
  terminal.json?.result({ isGood, checks: done });
  if (!isGood) throw new ExitStatus(EXIT.failed);
}

runAsProgram(import.meta.url, check);
