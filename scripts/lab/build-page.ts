/** Builds the page: a handful of files with relative addresses, for `npm run lab` and for any host of static files. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { ROOT } from "../build/bundle.ts";
import { PARTS } from "../console/transport/espruino-tools.ts";
import { buildWorker } from "./build-worker.ts";

const PAGE = fileURLToPath(new URL("./page/", import.meta.url));

const SERIAL = fileURLToPath(new URL("./serial/", import.meta.url));
const STAND_INS = join(SERIAL, "console-stand-ins.ts");

/** Puts what a browser has in the place of what the console uses of Node.js, and EspruinoTools into the page. */
const inPage: esbuild.Plugin = {
  name: "in-page",
  setup(build) {
    build.onResolve({ filter: /^node:timers\/promises$/ }, () => ({ path: join(SERIAL, "timers-promises.ts") }));
    build.onResolve({ filter: /^node:/ }, () => ({ path: STAND_INS }));
    build.onLoad({ filter: /espruino-tools\.virtual\.ts$/ }, () => ({ contents: toolsAsModule(), loader: "js" }));
  },
};

/** EspruinoTools' parts in one function, whose parameters hide all that the page has. */
function toolsAsModule(): string {
  const folder = join(createRequire(import.meta.url).resolve("espruino/package.json"), "..");
  const parts = PARTS.map((part) => readFileSync(join(folder, part), "utf8"));
  const hidden = "window, document, navigator, require, localStorage, fetch, XMLHttpRequest, WebSocket";
  return `export function run(console, setTimeout, clearTimeout, ${hidden}) {
  var Espruino;
  const globalThis = { set Espruino(made) { Espruino = made; } };
  ${parts.join("\n")}
  return Espruino;
}`;
}

/** By name: "index.html", "lab.js", "style.css", "device.js", "worker.js". */
export type PageFiles = Map<string, string>;

/** `deviceFile`: default firmware/device.ts. Throws BundleError, DeviceFileError, SimulationError. */
export async function buildPage(deviceFile?: string): Promise<PageFiles> {
  const [worker, scripts] = await Promise.all([buildWorker(deviceFile), buildScripts()]);
  return new Map([["index.html", readFileSync(join(PAGE, "index.html"), "utf8")], ...scripts, ["worker.js", worker]]);
}

/** Of all files together, each packed by itself, as a server sends them. */
export function gzippedBytes(files: PageFiles): number {
  let bytes = 0;
  for (const text of files.values()) bytes += gzipSync(text, { level: 9 }).length;
  return bytes;
}

async function buildScripts(): Promise<[string, string][]> {
  const { outputFiles } = await esbuild.build({
    entryPoints: { lab: join(PAGE, "main.tsx"), device: join(PAGE, "device-page.tsx"), style: join(PAGE, "style.css") },
    absWorkingDir: ROOT,
    outdir: "page",
    bundle: true,
    write: false,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2023",
    platform: "browser",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
    chunkNames: "part-[hash]",
    inject: [STAND_INS],
    plugins: [inPage],
  });
  return outputFiles.map(({ path, text }) => [path.slice(path.replaceAll("\\", "/").lastIndexOf("/") + 1), text]);
}
