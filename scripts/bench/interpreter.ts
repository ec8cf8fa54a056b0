/**
 * What the firmware costs on the real interpreter, beside the way people log with Espruino today, in the same run.
 * `npm run bench -- interpreter`; ESPRUINO names the interpreter. Memory figures mean something only on one with a fixed
 * pool (HARDWARE.md).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Table from "cli-table3";
import { startServer } from "../blynk-stand-in/server.ts";
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import { bundleFirmware, ROOT } from "../build/bundle.ts";
import { openBlankStorage } from "../interpreter/backlog.ts";
import { ESPRUINO, LINUX_FLASH, startInterpreter } from "../interpreter/interpreter.ts";
import { type Pool, readPool } from "../interpreter/pool.ts";
import { type FlashContents, provision, REGION } from "../interpreter/provision-flash.ts";

export interface InterpreterFigures {
  /** Ours against a line appended to a fresh StorageFile. */
  appendRatio: number;
  /** Decode and format a point, ours against a CSV StorageFile and JSON.stringify of 200 at a time. */
  decodeRatio: number;
  /** Ledger, headers of a full ring and the end of its open page; null where the interpreter's flash is too small. */
  mountMs: { "64k": number; "1536k": number | null };
  /** JsVars above idle at the peak of a 10,000-point request, from planning it to its answer, garbage left out. */
  jsVarsPeak10k: number;
  post10kMs: number;
  /** Points that fit: ours and StorageFile into 64 kB of flash, the array into an ESP32's pool. */
  capacity: { ours: number; ramArray: number; storageFile: number };
  /** Points that one `req.write` of the whole body can send in an ESP32's memory, to the nearest hundred; null when the pool grows. */
  oneWritePointsMax: number | null;
  /** Where the programs' code lay while they were timed. */
  codeIn: CodeIn;
  bundleBytes: number;
  /** From power-on to the greeting, less what an empty program takes. */
  bootMs: number;
}

/**
 * ESP32 runs a program from flash that is mapped into memory. A Linux build reads it from a file, which it opens for every 16
 * characters: there the programs are timed from RAM, if the pool holds them.
 */
type CodeIn = "mapped flash" | "RAM" | "flash read by file";

interface Region {
  address: number;
  bytes: number;
}

const POINTS = 10_000;
const TOKEN = "bench-token-0123456789";
const SMALL: Region = { address: REGION.address, bytes: 64 * 1024 };
const LARGE: Region = { address: LINUX_FLASH.address + 1024 * 1024, bytes: 1536 * 1024 };
/** The one module that the bench has no use for and the Linux build lacks. */
const NO_WIFI = 'Modules.addCached("Wifi",function(){exports.on=function(){}});';

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Runs one of scripts/bench/programs on a flash of its own and returns what it reported; undefined when memory ran out. */
async function tryProgram(name: string, world: object, codeIn: CodeIn, prepare?: (folder: string) => void) {
  const { code } = await bundleFirmware({ entry: join(ROOT, "scripts/bench/programs", `${name}.ts`) });
  const program = codeIn === "RAM" ? 'eval(require("fs").readFileSync("program.js"))' : code;
  const contents: FlashContents = { program, bare: true, afterPrelude: NO_WIFI, files: { "world.json": world } };
  const folder = await provision(contents);
  writeFileSync(join(folder.path, "program.js"), code, "latin1");
  prepare?.(folder.path);
  const interpreter = startInterpreter(folder.path);
  try {
    await interpreter.line(/^BENCH done|OUT OF MEMORY/, 300_000);
    if (interpreter.output().includes("OUT OF MEMORY")) return undefined;
    const figures: { [name: string]: number } = {};
    for (const line of interpreter.lines()) {
      const [, key, value] = /^BENCH (\S+) (\S+)$/.exec(line) ?? [];
      if (key) figures[key] = Number(value);
    }
    return figures;
  } finally {
    await interpreter.kill();
    folder.remove();
  }
}

/** A region as a full ring leaves it, written by the same storage code on this machine. */
function fullRegion(region: Region, pageBytes: number): Uint8Array {
  const { flash, ledger, ring } = openBlankStorage(region, pageBytes, [{ pin: 1, intervalMs: 60_000, decimals: 1 }]);
  ledger.boot(1, 0);
  ring.start(1);
  for (let i = 0; ring.fill().usedPages < ring.fill().pages - 1; i++) {
    for (let n = 0; n < 200; n++) ring.append(1, (i * 200 + n) * 60_000 + ((n * 37) % 11) - 5, 215 + (n % 3));
  }
  return flash.bytes;
}

async function runProgram(...run: Parameters<typeof tryProgram>) {
  const figures = await tryProgram(...run);
  if (figures === undefined) throw new Error(`${run[0]} ran out of memory: the interpreter's pool is too small for it`);
  return figures;
}

/** JsVars that the largest program takes when it lies in RAM, about. */
const RAM_JSVARS_MIN = 12_000;

function codePlace({ mapped, grows, jsVars }: Pool): CodeIn {
  if (mapped) return "mapped flash";
  return grows || jsVars >= RAM_JSVARS_MIN ? "RAM" : "flash read by file";
}

async function mountMs(region: Region, image: Uint8Array, codeIn: CodeIn): Promise<number> {
  const figures = await runProgram("mount", { region }, codeIn, (folder) => {
    const file = join(folder, "espruino.flash");
    const bytes = readFileSync(file);
    bytes.set(image, region.address - LINUX_FLASH.address);
    writeFileSync(file, bytes);
  });
  return figures.mountMs;
}

/** Time until a program's first line. */
async function bootMs(program: string): Promise<number> {
  const folder = await provision({ program });
  const fromMs = performance.now();
  const interpreter = startInterpreter(folder.path);
  try {
    await interpreter.line(/^backfill/);
    return performance.now() - fromMs;
  } finally {
    await interpreter.kill();
    folder.remove();
  }
}

async function post(exact: boolean, codeIn: CodeIn): Promise<{ [name: string]: number }> {
  const standIn = new BlynkStandIn({ tokens: [TOKEN] });
  const server = await startServer(standIn);
  try {
    const world = { httpPort: server.port, token: TOKEN, region: SMALL, points: POINTS, nowMs: Date.now(), exact };
    const figures = await runProgram("ours", world, codeIn);
    const stats = standIn.stats();
    if (stats.points !== POINTS || stats.requests !== 1 || stats.violationCount > 0) {
      throw new Error(`${stats.points} points came in ${stats.requests} requests, ${stats.violationCount} violations`);
    }
    return figures;
  } finally {
    await server.close();
  }
}

/** The largest body that one write can send, by halving. */
async function oneWritePointsMax(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let sent = 0;
  for (let failed = POINTS + 100; failed - sent > 100; ) {
    const points = Math.floor((sent + failed) / 200) * 100;
    if (await tryProgram("big-write", { httpPort: port, points }, "flash read by file")) sent = points;
    else failed = points;
  }
  server.close();
  return sent;
}

/** Medians of `runs` runs. Throws when there is no interpreter. */
export async function benchInterpreter(runs = 3): Promise<InterpreterFigures> {
  if (ESPRUINO === "") throw new Error("set ESPRUINO=/path/to/espruino, a Linux build of Espruino");
  const build = await readPool();
  const codeIn = codePlace(build);
  const ours: { [name: string]: number }[] = [];
  const today: { [name: string]: number }[] = [];
  const boots: number[] = [];
  const { code, bytes } = await bundleFirmware();
  for (let run = 0; run < runs; run++) {
    // In turn, so that a machine that slows down slows both.
    ours.push(await post(false, codeIn));
    today.push(await runProgram("today", {}, codeIn));
    boots.push((await bootMs(code)) - (await bootMs('print("backfill")')));
  }
  // Memory from flash, as on a board, where functions take little of the pool.
  const exact = await post(true, "flash read by file");
  const spacious = await runProgram("today", {}, "flash read by file");
  const small = fullRegion(SMALL, build.pageBytes);
  const hasLarge = build.flashBytes >= LARGE.address - LINUX_FLASH.address + LARGE.bytes;
  const large = hasLarge ? fullRegion(LARGE, build.pageBytes) : undefined;
  const mounts = { small: [] as number[], large: [] as number[] };
  for (let run = 0; run < runs; run++) {
    mounts.small.push(await mountMs(SMALL, small, codeIn));
    if (large) mounts.large.push(await mountMs(LARGE, large, codeIn));
  }
  const of = (figures: { [name: string]: number }[], name: string) => median(figures.map((one) => one[name]));
  return {
    appendRatio: of(ours, "appendUs") / of(today, "storageFileAppendUs"),
    decodeRatio: of(ours, "decodeUs") / of(today, "storageFileDecodeUs"),
    mountMs: { "64k": median(mounts.small), "1536k": large ? median(mounts.large) : null },
    jsVarsPeak10k: exact.postJsVarsPeak,
    post10kMs: of(ours, "postMs"),
    capacity: {
      ours: of(ours, "capacity64k"),
      ramArray: spacious.ramArrayCapacity,
      storageFile: Math.floor(65536 / of(today, "storageFileBytesPerLine")),
    },
    oneWritePointsMax: build.grows ? null : await oneWritePointsMax(),
    codeIn,
    bundleBytes: bytes,
    bootMs: median(boots),
  };
}

/** The bench as a command: a table for people, or its figures as the last line. */
export async function printInterpreterBench(options: { runs: string; json?: boolean }): Promise<void> {
  const runs = Number(options.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    console.error(`--runs ${options.runs}: give a whole number from 1 up`);
    process.exit(1);
  }
  if (ESPRUINO === "") {
    console.error(
      "There is no interpreter to measure: set ESPRUINO=/path/to/espruino, a Linux build with a fixed pool.",
    );
    process.exit(1);
  }
  console.error(`${runs} runs, some minutes…`);
  const figures = await benchInterpreter(runs);
  if (options.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  const table = new Table({ head: ["on the interpreter", "measured"], style: { head: [], border: [] } });
  table.push(
    ["append with read-back, against a StorageFile line", `${figures.appendRatio.toFixed(2)}×`],
    ["decode and format a point, against CSV and JSON.stringify", `${figures.decodeRatio.toFixed(2)}×`],
    [
      "mount 64 kB / 1.5 MB, ms",
      `${figures.mountMs["64k"].toFixed(1)} / ${figures.mountMs["1536k"]?.toFixed(1) ?? "flash too small"}`,
    ],
    ["JsVars above idle, 10,000-point POST", figures.jsVarsPeak10k],
    ["10,000-point POST, ms", Math.round(figures.post10kMs)],
    ["points that fit: ours in 64 kB, RAM array, StorageFile in 64 kB", Object.values(figures.capacity).join(" / ")],
    ["points that one req.write of the whole body can send", figures.oneWritePointsMax ?? "the pool grows: no limit"],
    ["bundle, bytes", figures.bundleBytes],
    ["boot to greeting, ms", Math.round(figures.bootMs)],
    ["code lay in", figures.codeIn],
  );
  console.log(table.toString());
}
