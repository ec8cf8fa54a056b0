import { crc32 } from "node:zlib";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/**
 * Storage has two slots for programs. They take turns, so that an upload never touches the program that runs:
 *
 *   backfill.0, backfill.1        the programs
 *   backfill.0.ok, backfill.1.ok  their seals: {"n":7,"bytes":51234,"crc":123456789}, written after the program was
 *                                 read back; n grows by one with each upload
 *   .bootcde                      the loader, always the same text: it runs the program with the highest n whose length
 *                                 and CRC match its seal
 *
 * Why: Storage.write marks the old file as erased, then writes the new header, then the data (jsfWriteFile in
 * src/jsflash.c of 2v29). A power cut in between leaves a file that is overwritten in place missing or incomplete. With
 * two slots, a power cut at any moment leaves the last sealed program whole; during the very first upload it leaves none.
 * A torn seal is not JSON, or has another CRC: the loader skips its program.
 */
const PROGRAM_SLOTS = ["backfill.0", "backfill.1"];
const LOADER_FILE = ".bootcde";

/** It calls `eval` at the top level: variables of the loader would slow down every look-up in the program. */
export const LOADER = `eval((function(s){
var best,m,c,i;
for(i=0;i<2;i++){
m=s.readJSON("backfill."+i+".ok",1);
if(m&&m.n>0&&(!best||m.n>best.n)){
c=s.read("backfill."+i);
if(c&&c.length==m.bytes&&E.CRC32(c)==m.crc){best=m;best.i=i}
}}
return best?s.read("backfill."+best.i):'print("backfill: no whole program is stored. Flash again.")';
})(require("Storage")))`;

/** A whole program in Storage. */
export interface StoredProgram {
  /** Index in `PROGRAM_SLOTS`. */
  slot: number;
  /** Number of the upload, from 1. */
  n: number;
  bytes: number;
  crc: number;
}

/** The whole programs in Storage, newest first. A program that does not match its seal is left out. */
export async function readPrograms(device: DeviceConsole): Promise<StoredProgram[]> {
  const programs: StoredProgram[] = [];
  for (let slot = 0; slot < PROGRAM_SLOTS.length; slot++) {
    const name = PROGRAM_SLOTS[slot];
    const seal = (await device.evaluate(`require("Storage").readJSON("${name}.ok",1)||null`)) as {
      n: number;
      bytes: number;
      crc: number;
    } | null;
    if (seal === null || typeof seal.n !== "number") continue;
    const stored = await measure(device, name);
    if (stored?.bytes === seal.bytes && stored.crc === seal.crc) programs.push({ slot, ...seal });
  }
  return programs.sort((a, b) => b.n - a.n);
}

async function measure(device: DeviceConsole, name: string): Promise<{ bytes: number; crc: number } | null> {
  const expression = `(function(c){return c?{bytes:c.length,crc:E.CRC32(c)}:null})(require("Storage").read("${name}"))`;
  return (await device.evaluate(expression)) as { bytes: number; crc: number } | null;
}

/** Of Espruino's Storage. `trashBytes` become free when it is compacted. */
export interface StorageStats {
  totalBytes: number;
  freeBytes: number;
  fileBytes: number;
  trashBytes: number;
}

/** File headers (32 bytes each), alignment, seal and loader. */
const OVERHEAD_BYTES = 1024 + LOADER.length;

/** Whether Storage must be compacted before an upload. Throws a `FieldError` when the program can't fit at all. */
export function planRoom(stats: StorageStats, programBytes: number): { compact: boolean } {
  const needBytes = programBytes + OVERHEAD_BYTES;
  if (stats.freeBytes >= needBytes) return { compact: false };
  if (stats.freeBytes + stats.trashBytes >= needBytes) return { compact: true };
  throw new FieldError(
    `There is not enough room for the program: it needs ${needBytes} bytes of Storage, and ${stats.freeBytes + stats.trashBytes} of ${stats.totalBytes} are free.`,
    "Other files fill the board's Storage. List them in the Espruino Web IDE and erase the ones that are not needed. Or erase the chip with esptool and put the runtime on it again: that erases the samples too, so export them first.",
  );
}

export interface InstallSteps {
  /** Called with the number of bytes that were sent. */
  onProgress?: (bytes: number) => void;
  /** Called with each step in words. */
  onStep?: (text: string) => void;
}

/**
 * Stores `code` beside the program that runs. As the last step, it makes `code` the program that starts at power-on.
 * Throws a `FieldError`; the old program is untouched in every such case.
 */
export async function installProgram(
  device: DeviceConsole,
  code: Buffer,
  steps: InstallSteps = {},
): Promise<StoredProgram> {
  const stored = await readPrograms(device);
  const current = stored[0];
  const slot = current?.slot === 0 ? 1 : 0;
  const name = PROGRAM_SLOTS[slot];
  const seal: StoredProgram = {
    slot,
    n: (current?.n ?? 0) + 1,
    bytes: code.length,
    crc: crc32(code),
  };
  // The seal is erased first: from here on the loader skips this slot.
  await device.evaluate(`[require("Storage").erase("${name}.ok"),require("Storage").erase("${name}")]&&0`);
  const { compact } = planRoom(await readStats(device), code.length);
  if (compact) {
    // Espruino copies Storage through memory, page by page: a power cut during that can destroy its files. The samples are
    // not in Storage.
    steps.onStep?.(
      "Compacting Storage; leave the cable in (a power cut now would destroy the program and the settings, but no samples) …",
    );
    await device.evaluate(`require("Storage").compact()&&0`, 120000);
  }
  await device.sendFile(name, code, steps.onProgress);
  const arrived = await measure(device, name);
  if (arrived === null || arrived.bytes !== code.length || arrived.crc !== seal.crc) {
    throw new FieldError(
      "The program did not arrive whole: its checksum on the device is wrong.",
      "Repeat the command. The old program, if there was one, is still there and will start. If it happens again, try another cable or USB port.",
    );
  }
  steps.onStep?.("Verified by CRC. Switching to the new program …");
  const text = JSON.stringify({ n: seal.n, bytes: seal.bytes, crc: seal.crc });
  await device.evaluate(`require("Storage").write("${name}.ok",${JSON.stringify(text)})&&0`);
  const kept = await device.evaluate(`require("Storage").read("${name}.ok")`);
  if (kept !== text) {
    throw new FieldError("The seal of the program was not stored.", "Repeat the command. The old program will start.");
  }
  await installLoader(device);
  return seal;
}

/** Whether the loader starts at power-on. What else may be there can be longer than one answer of the console. */
export async function hasLoader(device: DeviceConsole): Promise<boolean> {
  const found = await measure(device, LOADER_FILE);
  return found?.bytes === LOADER.length && found.crc === crc32(Buffer.from(LOADER));
}

/** Writes the loader only when it is missing or .bootcde holds something else, so that later uploads never touch it. */
async function installLoader(device: DeviceConsole): Promise<void> {
  if (await hasLoader(device)) return;
  await device.sendFile(LOADER_FILE, Buffer.from(LOADER));
  if (await hasLoader(device)) return;
  throw new FieldError("The boot loader was not stored.", "Repeat the command.");
}

/** How full Storage is, in bytes. */
export async function readStats(device: DeviceConsole): Promise<StorageStats> {
  return (await device.evaluate(`require("Storage").getStats()`)) as StorageStats;
}
