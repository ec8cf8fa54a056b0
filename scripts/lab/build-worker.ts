/** Builds the worker of the page: simulator, lab and firmware in one text that needs nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { ROOT } from "../build/bundle.ts";
import type { Budgets } from "./engine/views.ts";
import { buildLabProgram, type LabProgram } from "./program.ts";

const ENGINE = fileURLToPath(new URL("./engine/", import.meta.url));
const STAND_INS = join(ENGINE, "in-worker", "node-stand-ins.ts");
/** JsVars of the smallest pool that the firmware is meant for (firmware/platform/HARDWARE.md, "Builds"). */
const POOL = 5886;

/** Puts what a browser has in the place of what the simulator uses of Node.js. */
const inBrowser: esbuild.Plugin = {
  name: "in-browser",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, () => ({ path: STAND_INS }));
    build.onResolve({ filter: /\/realm\.ts$/ }, () => ({ path: join(ENGINE, "in-worker", "shared-realm.ts") }));
  },
};

/**
 * The text of the worker, as a classic script. `deviceFile`: default firmware/device.ts. Throws BundleError, DeviceFileError,
 * SimulationError.
 */
export async function buildWorker(deviceFile?: string): Promise<string> {
  const program: LabProgram = await buildLabProgram(deviceFile);
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(ENGINE, "worker.ts")],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2023",
    platform: "browser",
    legalComments: "none",
    logLevel: "silent",
    define: { __LAB__: JSON.stringify({ program, budgets: budgets() }), "import.meta.url": '""' },
    inject: [join(ENGINE, "in-worker", "buffer.ts")],
    plugins: [inBrowser],
  });
  return outputFiles[0].text;
}

function budgets(): Budgets {
  const { "espruino-backfill": limits } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    "espruino-backfill": { idleJsVarsMax: number; jsVarsPeakMax: { sync: number } };
  };
  return { idle: limits.idleJsVarsMax, sync: limits.jsVarsPeakMax.sync, pool: POOL };
}
