import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { FieldError } from "../terminal/field-error.ts";
import { openDump, type RegionCopy } from "./data-region.ts";

export interface ProgressFile {
  copy: RegionCopy;
  /** False when an earlier rescue is gone on with. */
  isNew: boolean;
  close(): void;
}

/**
 * The region of a dump as a file of its own, whose ledger says what was delivered since: written through, so that a
 * rescue that was broken off goes on where it was. It holds samples and nothing else of the chip: no token, no password.
 * The dump itself is never changed.
 */
export function openProgress(
  path: string,
  dump: Uint8Array,
  wanted: string | undefined,
  pageBytes: number,
): ProgressFile {
  const source = openDump(dump, wanted, pageBytes);
  const { address, bytes } = source.region;
  const original = source.image.read(bytes, address);
  const isNew = !existsSync(path);
  if (isNew) writeFileSync(path, original, { flag: "wx" });
  const stored = readFileSync(path);
  // Samples are never written by a rescue: what lies behind the ledger's banks has to be the dump's.
  const banks = 2 * bankPagesOf(pageBytes) * pageBytes;
  if (stored.length !== bytes || !stored.subarray(banks).equals(Buffer.from(original).subarray(banks))) {
    throw new FieldError(
      `${path} is the progress of another dump.`,
      "Name another file with --progress, or move this one away if its samples were all sent.",
    );
  }
  const copy = openDump(stored, undefined, pageBytes);
  const file = openSync(path, "r+");
  copy.image.onWrite = (change) => {
    const data = copy.image.read(change.bytes, change.address);
    writeSync(file, data, 0, data.length, change.address);
    fsyncSync(file);
  };
  return { copy, isNew, close: () => closeSync(file) };
}
