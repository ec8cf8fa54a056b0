/** Builds the page: a handful of files with relative addresses, for `npm run lab` and for any host of static files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { ROOT } from "../build/bundle.ts";
import { buildWorker } from "./build-worker.ts";

const PAGE = fileURLToPath(new URL("./page/", import.meta.url));

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
  });
  return outputFiles.map(({ path, text }) => [path.slice(path.replaceAll("\\", "/").lastIndexOf("/") + 1), text]);
}
