import { crc32 } from "node:zlib";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/**
 * Two places for programs in Storage take turns, so that an upload never touches the program that runs:
 *
 *   backfill.0, backfill.1        the programs
 *   backfill.0.ok, backfill.1.ok  their seals: {"n":7,"bytes":51234,"crc":123456789}, written after the program was
 *                                 read back; n grows by one an upload
 *   .bootcde                      the loader, always the same text: runs the program with the highest n whose bytes and
 *                                 CRC are those of its seal
 *
 * Why: Storage.write marks the old file as erased, then writes the new header, then the data (jsfWriteFile in
 * src/jsflash.c of 2v29), so that a file written over itself is gone or half there when power fails between. Here a cut
 * anywhere leaves the last sealed program, whole, or on the very first upload none.
 * A torn seal is no JSON, or names another CRC: its program is passed over.
 */
export const PROGRAM_SLOTS = ["backfill.0", "backfill.1"];
const LOADER_FILE = ".bootcde";

/** `eval` at the top level: names that the loader used would slow down every look-up in the program. */
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

/** `n` and `crc` of a whole program, `undefined` where there is none. */
export interface StoredProgram {
  slot: number;
  n: number;
  bytes: number;
  crc: number;
}

/** What is stored where; a program whose bytes are not those of its seal does not count. */
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

export interface StorageStats {
  totalBytes: number;
  freeBytes: number;
  fileBytes: number;
  trashBytes: number;
}

/** Headers (32 bytes a file), alignment, seal and loader. */
const OVERHEAD_BYTES = 1024 + LOADER.length;

/** What the upload needs at least; `compact` says whether Storage must be tidied first. Throws a `FieldError` when it can't fit. */
export function planRoom(stats: StorageStats, programBytes: number): { compact: boolean } {
  const needBytes = programBytes + OVERHEAD_BYTES;
  if (stats.freeBytes >= needBytes) return { compact: false };
  if (stats.freeBytes + stats.trashBytes >= needBytes) return { compact: true };
  throw new FieldError(
    `There is not enough room for the program: it needs ${needBytes} bytes of Storage, and ${stats.freeBytes + stats.trashBytes} of ${stats.totalBytes} are free.`,
    "Other files fill the board's Storage. List them in the Espruino Web IDE and erase what is not needed, or erase the chip with esptool and put the runtime on it again (that also erases the samples: export them first).",
  );
}

export interface InstallSteps {
  /** Called with the bytes sent so far. */
  onProgress?: (bytes: number) => void;
  onStep?: (text: string) => void;
}

/**
 * Stores `code` beside the program that runs and makes it the one that starts at power-on, as the last thing done.
 * Returns the seal. Throws a `FieldError`; whatever it was doing then, the old program is untouched.
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
  // The seal goes first: from here on the loader passes this place over.
  await device.evaluate(`[require("Storage").erase("${name}.ok"),require("Storage").erase("${name}")]&&0`);
  const { compact } = planRoom(await readStats(device), code.length);
  if (compact) {
    // Espruino does this through memory, page by page: a cut in it can cost what Storage holds. Samples are elsewhere.
    steps.onStep?.(
      "Tidying Storage; leave the cable in (a cut now would cost the program and the settings, no samples) …",
    );
    await device.evaluate(`require("Storage").compact()&&0`, 120000);
  }
  await device.sendFile(name, code, steps.onProgress);
  const arrived = await measure(device, name);
  if (arrived === null || arrived.bytes !== code.length || arrived.crc !== seal.crc) {
    throw new FieldError(
      "The program did not arrive whole: its checksum on the device is another.",
      "Repeat the command. The old program, if there was one, is still there and will start. If it happens again, try another cable or USB port.",
    );
  }
  steps.onStep?.("Verified by CRC. Switching over …");
  const text = JSON.stringify({ n: seal.n, bytes: seal.bytes, crc: seal.crc });
  await device.evaluate(`require("Storage").write("${name}.ok",${JSON.stringify(text)})&&0`);
  const kept = await device.evaluate(`require("Storage").read("${name}.ok")`);
  if (kept !== text) {
    throw new FieldError("The seal of the program was not stored.", "Repeat the command. The old program will start.");
  }
  await installLoader(device);
  return seal;
}

/** Writes the loader only where it is missing or another program's, so that later uploads never touch it. */
async function installLoader(device: DeviceConsole): Promise<void> {
  const crc = crc32(Buffer.from(LOADER));
  const isThere = async () => {
    const found = await measure(device, LOADER_FILE);
    return found?.bytes === LOADER.length && found.crc === crc;
  };
  if (await isThere()) return;
  await device.sendFile(LOADER_FILE, Buffer.from(LOADER));
  if (await isThere()) return;
  throw new FieldError("The boot loader was not stored.", "Repeat the command.");
}

/** What Storage holds, in bytes. */
export async function readStats(device: DeviceConsole): Promise<StorageStats> {
  return (await device.evaluate(`require("Storage").getStats()`)) as StorageStats;
}
