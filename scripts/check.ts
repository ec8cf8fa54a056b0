/** `npm run check`: types, lint and format, dialect and size of the bundle, house rules; `-- NAME…` runs only these. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { bundleBytesMax } from "./build/build-firmware.ts";
import { BundleError, bundleFirmware, formatProblem, ROOT } from "./build/bundle.ts";
import { checkDialect } from "./build/dialect/check-dialect.ts";
import { findBreaches, tellBreaches } from "./checks/house-rules.ts";
import { trackedFiles, trackedPaths } from "./checks/source-file.ts";

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

const names = Object.keys(CHECKS);
const chosen: string[] = new Command("npm run check --")
  .description("Checks the whole repository without running a test.")
  .argument("[names...]", `only these of ${names.join(", ")}`, names)
  .parse().processedArgs[0];
const unknown = chosen.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`There is no check called ${unknown}. Choose from ${names.join(", ")}.`);
  process.exit(1);
}

// The tools run side by side; the verdicts come in the order of the list.
const verdicts = chosen.map((name) => ({ what: CHECKS[name].what, verdict: CHECKS[name].check().catch(verdictOf) }));
for (const { what, verdict } of verdicts) {
  const { isGood, text } = await verdict;
  console.log(`${isGood ? pc.green("✓") : pc.red("✗")} ${what}`);
  if (text !== "") console.log(text.replace(/^/gm, "  "));
  if (!isGood) process.exitCode = 1;
}
