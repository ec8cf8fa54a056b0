import { FieldError } from "../terminal/field-error.ts";
import type { Progress } from "../terminal/terminal.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { type BoardInfo, partitionsOf } from "./board-info.ts";
import { UNIT_FILES } from "./stored-settings.ts";
import type { UnitSettings } from "./unit-settings.ts";

/** Espruino's Storage in the partition table of its ESP32 builds. */
const STORAGE_LABEL = "storage";
/** Flash that one question searches: an answer comes within a second. */
const SEARCH_BYTES = 16384;
const COMPACT_TIMEOUT_MS = 120_000;

/**
 * Ends the program, erases the files that belong to the unit, and compacts Storage: an erased file, and every older version of
 * it, stays readable in flash until then. The program has to end because compacting moves its text (jswrap_storage.c of 2v29).
 * Throws a `FieldError` when a file is still there.
 */
export async function eraseUnitFiles(device: DeviceConsole): Promise<void> {
  await device.evaluate("(reset(),0)");
  const files = JSON.stringify(UNIT_FILES);
  await device.evaluate(`${files}.forEach(function(n){require("Storage").erase(n)})`);
  await device.evaluate(`require("Storage").compact()&&0`, COMPACT_TIMEOUT_MS);
  const left = (await device.evaluate(
    `${files}.filter(function(n){return require("Storage").read(n)!==undefined})`,
  )) as string[];
  if (left.length > 0) {
    throw new FieldError(`${left.join(", ")} is still on the device.`, "Repeat the command.");
  }
}

/** Texts that must not be found any more. */
export function secretsOf(settings: UnitSettings): string[] {
  const networks = settings.networks ?? [];
  const texts = [settings.token, settings.consolePassword, ...networks.map(({ password }) => password)];
  return texts.filter((text) => text !== undefined && text.length >= 8) as string[];
}

/**
 * Searches all of the flash that Storage has for the secrets, byte by byte on the device. False when the board has no partition
 * for Storage, so that nothing can be searched. Throws a `FieldError` when a secret is found.
 */
export async function searchForSecrets(
  device: DeviceConsole,
  board: BoardInfo,
  secrets: string[],
  startProgress: (bytes: number) => Progress,
): Promise<boolean> {
  const part = partitionsOf(board).find(({ label }) => label === STORAGE_LABEL);
  if (part === undefined) return false;
  const longest = Math.max(0, ...secrets.map((secret) => Buffer.byteLength(secret)));
  const sought = `[${secrets.map(asBytes).join(",")}]`;
  const progress = startProgress(part.bytes);
  try {
    for (let from = 0; from < part.bytes; from += SEARCH_BYTES) {
      // A text may lie across the border of two stretches.
      const bytes = Math.min(SEARCH_BYTES + longest, part.bytes - from);
      const found = await device.evaluate(
        `(function(f,w,a,n,i,s){for(;n>0;a+=2048,n-=2048){s=E.toString(f.read(Math.min(n,2048+${longest}),a));for(i=0;i<w.length;i++)if(s.indexOf(w[i])>=0)return 1}return 0})(require("Flash"),${sought},${part.address + from},${bytes})`,
      );
      if (found !== 0) {
        throw new FieldError(
          `A secret is still in the board's flash, near 0x${(part.address + from).toString(16)}: Storage was not compacted.`,
          "Too little memory was free for that. Press reset (EN) and repeat the command. If it stays, erase the chip with esptool (`esptool.py erase_flash`): that erases the samples too.",
        );
      }
      progress.update(from + bytes);
    }
  } finally {
    progress.done();
  }
  return true;
}

/** A secret as it stands in the settings file, JSON in UTF-8, as a string literal of bytes for Espruino. */
function asBytes(secret: string): string {
  const bytes = Buffer.from(JSON.stringify(secret).slice(1, -1), "utf8").toString("latin1");
  return JSON.stringify(bytes).replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}
