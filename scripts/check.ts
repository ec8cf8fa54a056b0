/** `npm run check`: types, lint and format, dialect and size of the bundle, the house's rules. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import pc from "picocolors";
import { BundleError, bundleFirmware, formatProblem, ROOT } from "./build/bundle.ts";
import { checkDialect } from "./build/dialect/check-dialect.ts";
import { bundleBytesMax } from "./build.ts";
import { findBreaches, trackedFiles } from "./checks/house-rules.ts";

interface Verdict {
  isGood: boolean;
  /** What there is to say, "" if nothing. */
  text: string;
}

/** A tool of node_modules/.bin; its output is told when it fails. */
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

async function dialect(): Promise<Verdict> {
  // Strict: our own sources are written plainly, also where esbuild would put it right.
  const problems = await checkDialect({}, true);
  return { isGood: problems.length === 0, text: problems.map(formatProblem).join("\n") };
}

async function size(): Promise<Verdict> {
  const { bytes } = await bundleFirmware();
  return { isGood: bytes <= bundleBytesMax(), text: `${bytes} bytes of ${bundleBytesMax()}` };
}

async function houseRules(): Promise<Verdict> {
  const breaches = findBreaches(trackedFiles());
  const isGood = breaches.every((one) => one.isAdvice);
  return { isGood, text: breaches.map((one) => (one.isAdvice ? "advice: " : "") + formatProblem(one)).join("\n") };
}

const CHECKS: [what: string, check: () => Promise<Verdict>][] = [
  ["types of tests and scripts", () => run("tsc", "--noEmit", "-p", "tsconfig.json")],
  ["types of the firmware, with Espruino's library only", () => run("tsc", "--noEmit", "-p", "firmware/tsconfig.json")],
  ["lint and format", () => run("biome", "check", "--error-on-warnings", ".")],
  ["Espruino's dialect", dialect],
  ["size of the bundle", size],
  ["house rules", houseRules],
];

for (const [what, check] of CHECKS) {
  const verdict = await check().catch((error): Verdict => {
    if (!(error instanceof BundleError)) throw error;
    return { isGood: false, text: error.message };
  });
  console.log(`${verdict.isGood ? pc.green("✓") : pc.red("✗")} ${what}`);
  if (verdict.text !== "") console.log(verdict.text.replace(/^/gm, "  "));
  if (!verdict.isGood) process.exitCode = 1;
}
