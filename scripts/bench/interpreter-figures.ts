/**
 * What the firmware costs on the real interpreter, beside the usual ways to log with Espruino, measured in the same run.
 * ESPRUINO names the interpreter. Memory figures need one with a fixed pool (HARDWARE.md).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startServer } from "../blynk-stand-in/server.ts";
import { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import { bundleFirmware } from "../build/bundle.ts";
import { openBlankStorage } from "../interpreter/backlog.ts";
import { ESPRUINO, LINUX_FLASH, startInterpreter } from "../interpreter/interpreter.ts";
import { readPool } from "../interpreter/pool.ts";
import { provision, REGION } from "../interpreter/provision-flash.ts";
import { type CodeIn, codePlace, type Figures, runProgram, tryProgram } from "./run-program.ts";

export interface InterpreterFigures {
  /** Ours against a line appended to a fresh StorageFile. */
  appendRatio: number;
  /** Decode and format a point, ours against a CSV StorageFile and JSON.stringify of 200 at a time. */
  decodeRatio: number;
  /** Ledger, headers of a full ring and the end of its open page; null when the interpreter's flash is too small. */
  mountMs: { "64k": number; "1536k": number | null };
  /** JsVars above idle at the peak of a 10,000-point request, from its planning to its answer, garbage left out. */
  jsVarsPeak10k: number;
  post10kMs: number;
  /** Points that fit: ours and StorageFile into 64 kB of flash, the array into an ESP32's pool. */
  capacity: { ours: number; ramArray: number; storageFile: number };
  /**
   * Points in the largest body that one `req.write` sends in an ESP32's memory, to the nearest hundred; null when the
   * pool grows.
   */
  oneWritePointsMax: number | null;
  /** Where the code of the timed programs lay. */
  codeIn: CodeIn;
  bundleBytes: number;
  /** From power-on to the greeting, less the time of an empty program. */
  bootMs: number;
}

interface Region {
  address: number;
  bytes: number;
}

const POINTS = 10_000;
const TOKEN = "bench-token-0123456789";
const SMALL: Region = { address: REGION.address, bytes: 64 * 1024 };
const LARGE: Region = { address: LINUX_FLASH.address + 1024 * 1024, bytes: 1536 * 1024 };

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The bytes of a region whose ring is full, written by the same storage code on this machine. */
function fullRegion(region: Region, pageBytes: number): Uint8Array {
  const { flash, ledger, ring } = openBlankStorage(region, pageBytes, [{ pin: 1, intervalMs: 60_000, decimals: 1 }]);
  ledger.boot(1, 0);
  ring.start(1);
  for (let i = 0; ring.fill().usedPages < ring.fill().pages - 1; i++) {
    for (let n = 0; n < 200; n++) ring.append(1, (i * 200 + n) * 60_000 + ((n * 37) % 11) - 5, 215 + (n % 3));
  }
  return flash.bytes;
}

async function mountMs(region: Region, image: Uint8Array, codeIn: CodeIn): Promise<number> {
  const prepare = (folder: string) => {
    const file = join(folder, "espruino.flash");
    const bytes = readFileSync(file);
    bytes.set(image, region.address - LINUX_FLASH.address);
    writeFileSync(file, bytes);
  };
  return (await runProgram({ name: "mount", setup: { region }, codeIn, prepare })).mountMs;
}

/** Time to a program's first line. */
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

/** Appends, decodes and posts 10,000 points. `exact` collects garbage before every look at the memory, which takes time. */
async function post(exact: boolean, codeIn: CodeIn): Promise<Figures> {
  const standIn = new BlynkStandIn({ tokens: [TOKEN] });
  const server = await startServer(standIn);
  try {
    const setup = { httpPort: server.port, token: TOKEN, region: SMALL, points: POINTS, nowMs: Date.now(), exact };
    const figures = await runProgram({ name: "ours", setup, codeIn });
    const stats = standIn.stats();
    if (stats.points !== POINTS || stats.requests !== 1 || stats.violationCount > 0) {
      throw new Error(`${stats.points} points came in ${stats.requests} requests, ${stats.violationCount} violations`);
    }
    return figures;
  } finally {
    await server.close();
  }
}

/** The largest body that one write can send, found by halving. */
async function oneWritePointsMax(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let sent = 0;
  for (let failed = POINTS + 100; failed - sent > 100; ) {
    const points = Math.floor((sent + failed) / 200) * 100;
    const setup = { httpPort: port, points };
    if (await tryProgram({ name: "big-write", setup, codeIn: "flash read by file" })) sent = points;
    else failed = points;
  }
  server.close();
  return sent;
}

/** Medians of `runs` runs. Throws when there is no interpreter. */
export async function benchInterpreter(runs = 3): Promise<InterpreterFigures> {
  if (ESPRUINO === "") throw new Error("set ESPRUINO=/path/to/espruino, a Linux build of Espruino");
  const pool = await readPool();
  const codeIn = codePlace(pool);
  const ours: Figures[] = [];
  const today: Figures[] = [];
  const boots: number[] = [];
  const { code, bytes } = await bundleFirmware();
  for (let run = 0; run < runs; run++) {
    // In turn, so that a machine that becomes slower makes both slower.
    ours.push(await post(false, codeIn));
    today.push(await runProgram({ name: "today", codeIn }));
    boots.push((await bootMs(code)) - (await bootMs('print("backfill")')));
  }
  // For memory the code lies in flash, as on a board, where functions take little of the pool.
  const exact = await post(true, "flash read by file");
  const spacious = await runProgram({ name: "today", codeIn: "flash read by file" });
  const small = fullRegion(SMALL, pool.pageBytes);
  const hasLarge = pool.flashBytes >= LARGE.address - LINUX_FLASH.address + LARGE.bytes;
  const large = hasLarge ? fullRegion(LARGE, pool.pageBytes) : undefined;
  const mounts = { small: [] as number[], large: [] as number[] };
  for (let run = 0; run < runs; run++) {
    mounts.small.push(await mountMs(SMALL, small, codeIn));
    if (large) mounts.large.push(await mountMs(LARGE, large, codeIn));
  }
  const of = (figures: Figures[], name: string) => median(figures.map((one) => one[name]));
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
    oneWritePointsMax: pool.grows ? null : await oneWritePointsMax(),
    codeIn,
    bundleBytes: bytes,
    bootMs: median(boots),
  };
}
