/** One of scripts/bench/programs on the real interpreter, and the figures that it prints. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleFirmware, ROOT } from "../build/bundle.ts";
import { startInterpreter } from "../interpreter/interpreter.ts";
import type { Pool } from "../interpreter/pool.ts";
import { type FlashContents, provision } from "../interpreter/provision-flash.ts";

/**
 * Where a program's code lies while it runs. ESP32 runs it from flash that is mapped into memory. A Linux build reads it from
 * a file, which it opens for every 16 characters: there the programs are timed from RAM, if the pool can hold them.
 */
export type CodeIn = "mapped flash" | "RAM" | "flash read by file";

/** Figures by name. */
export type Figures = { [name: string]: number };

export interface ProgramRun {
  /** A file of scripts/bench/programs. */
  name: string;
  codeIn: CodeIn;
  /** What the program reads as setup.json. */
  setup?: object;
  /** Changes the folder with the flash file before the program starts. */
  prepare?: (folder: string) => void;
}

/** The one module that the Linux build lacks. The programs do not use it. */
const NO_WIFI = 'Modules.addCached("Wifi",function(){exports.on=exports.stopAP=function(){}});';
/** JsVars that the largest program takes in RAM, about. */
const RAM_JSVARS_MIN = 12_000;

/** The best place for code that is to be timed on this build. */
export function codePlace({ mapped, grows, jsVars }: Pool): CodeIn {
  if (mapped) return "mapped flash";
  return grows || jsVars >= RAM_JSVARS_MIN ? "RAM" : "flash read by file";
}

/** Runs a program on a fresh flash. Throws when the interpreter runs out of memory. */
export async function runProgram(run: ProgramRun): Promise<Figures> {
  const figures = await tryProgram(run);
  if (figures === undefined)
    throw new Error(`${run.name} ran out of memory: the interpreter's pool is too small for it`);
  return figures;
}

/** `runProgram`, with undefined when the interpreter runs out of memory. */
export async function tryProgram({ name, codeIn, setup = {}, prepare }: ProgramRun): Promise<Figures | undefined> {
  const { code } = await bundleFirmware({ entry: join(ROOT, "scripts/bench/programs", `${name}.ts`) });
  const program = codeIn === "RAM" ? 'eval(require("fs").readFileSync("program.js"))' : code;
  const contents: FlashContents = { program, bare: true, afterPrelude: NO_WIFI, files: { "setup.json": setup } };
  const folder = await provision(contents);
  writeFileSync(join(folder.path, "program.js"), code, "latin1");
  prepare?.(folder.path);
  const interpreter = startInterpreter(folder.path);
  try {
    await interpreter.line(/^BENCH done|OUT OF MEMORY/, 300_000);
    if (interpreter.output().includes("OUT OF MEMORY")) return undefined;
    const figures: Figures = {};
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
