/** A flash file like a provisioned board's: prelude, program and settings in Storage, and a blank region above them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InterpreterError, LINUX_FLASH, makeFolder, runScript } from "./interpreter.ts";

/** The region of the tests. Storage fills the flash from its bottom, and a test's files must end below the region. */
export const REGION = {
  address: LINUX_FLASH.address + 160 * 1024,
  bytes: 96 * 1024,
};

/** What a file takes beside its text, at most: a header, and what is left of a page of 4,096 bytes. */
const FILE_BYTES = 4096;
const PIECE_CHARS = 4096;
const PRELUDE = new URL("./prelude.js", import.meta.url);

/** Ports of the test's time servers, by the names that the program uses. */
export type TimePorts = { [name: string]: number };

export interface FlashContents {
  /** The program, as `.bootcde`. */
  program: string;
  timePorts?: TimePorts;
  /** More Storage files by name; an object becomes JSON. */
  files?: { [name: string]: string | object };
  /** Espruino code that runs after the prelude and before the program. */
  afterPrelude?: string;
  /** Leaves out the prelude, which takes some 700 JsVars: for measurements. */
  bare?: boolean;
  /** What the files must end below. Default `REGION`. */
  region?: typeof REGION;
}

/**
 * Makes `espruino.flash` in `folder`. The interpreter itself does it, in a run of its own: a boot without any file in Storage
 * takes the flash for corrupt and erases all of it, the region included.
 */
export async function writeFlash(folder: string, contents: FlashContents): Promise<void> {
  const prelude = `var TIME_PORTS=${JSON.stringify(contents.timePorts ?? {})};\n${readFileSync(PRELUDE, "utf8")}`;
  const files: { [name: string]: string } = {
    ".boot0": (contents.bare ? "echo(false);" : prelude) + (contents.afterPrelude ?? ""),
    ".bootcde": contents.program,
  };
  for (const [name, value] of Object.entries(contents.files ?? {})) {
    files[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  const names = Object.keys(files);
  const script = ['var storage=require("Storage"),fs=require("fs");'];
  for (const [index, name] of names.entries()) {
    const { length } = files[name];
    // In pieces: a whole program takes too much of an ESP32's memory.
    for (let at = 0; at < length; at += PIECE_CHARS) {
      const piece = `piece${index}-${at}`;
      writeFileSync(join(folder, piece), files[name].slice(at, at + PIECE_CHARS), "latin1");
      script.push(`storage.write(${JSON.stringify(name)},fs.readFileSync("${piece}"),${at},${length});`);
    }
  }
  script.push(
    ...names.map((name) => `print(${JSON.stringify(name)},storage.read(${JSON.stringify(name)}).length);`),
    'print("done");quit();',
  );
  writeFileSync(join(folder, "provision.js"), script.join("\n"));
  const output = await runScript(folder, "provision.js");
  for (const name of names) {
    if (!output.includes(`${name} ${files[name].length}\n`))
      throw new InterpreterError(`${name} was not written`, output);
  }
  const taken = names.reduce((sum, name) => sum + files[name].length + FILE_BYTES, 0);
  if (taken > (contents.region ?? REGION).address - LINUX_FLASH.address)
    throw new InterpreterError("the files reach into the region", output);
}

const images = new Map<string, Buffer>();

/** A folder with such a flash. Each image is made once and then copied. */
export async function provision(contents: FlashContents): Promise<{ path: string; remove(): void }> {
  const key = JSON.stringify(contents);
  const folder = makeFolder();
  const file = join(folder.path, "espruino.flash");
  const image = images.get(key);
  if (image) writeFileSync(file, image);
  else {
    await writeFlash(folder.path, contents);
    images.set(key, readFileSync(file));
  }
  return folder;
}

/** The bytes of the region in the flash file. */
export function readRegion(folder: string): Buffer {
  const from = REGION.address - LINUX_FLASH.address;
  return readFileSync(join(folder, "espruino.flash")).subarray(from, from + REGION.bytes);
}

/** Writes bytes to the start of a region. */
export function writeRegion(folder: string, bytes: Uint8Array, region = REGION): void {
  const file = join(folder, "espruino.flash");
  const flash = readFileSync(file);
  flash.set(bytes, region.address - LINUX_FLASH.address);
  writeFileSync(file, flash);
}
