import { closeSync, existsSync, fsyncSync, writeSync } from "node:fs";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { FieldError } from "../terminal/field-error.ts";
import { openUserFile, readUserFile, writeUserFile } from "../terminal/user-file.ts";
import type { DataRegion, RegionCopy } from "./data-region.ts";
import { openDump } from "./flash-dump.ts";
import { cursorsOf, type Delivered } from "./mark-delivered.ts";
import { mountCopy } from "./stored-samples.ts";

export interface ProgressFile {
  copy: RegionCopy;
  /** As in the dump. */
  original: RegionCopy;
  /** False when the file continues an earlier delivery. */
  isNew: boolean;
  close(): void;
}

/**
 * The region of a dump as a file of its own. Its ledger says what was delivered since the dump was made. Each change goes
 * to disk at once, so that an interrupted delivery continues where it stopped. The file holds samples and nothing else of
 * the chip: no token and no password. The dump itself is never changed. Throws a `FieldError`, and writes no file, when the
 * dump holds no data of this firmware.
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
  // Throws before the file is written when another version's format is in the dump.
  mountCopy(source);
  const isNew = !existsSync(path);
  if (isNew) writeUserFile(path, original);
  const stored = readUserFile(path);
  // A delivery never writes samples: everything behind the ledger's banks has to be as in the dump.
  const banks = 2 * bankPagesOf(pageBytes) * pageBytes;
  if (stored.length !== bytes || !stored.subarray(banks).equals(Buffer.from(original).subarray(banks))) {
    throw new FieldError(
      `${path} is the progress of another dump.`,
      "Name another file with --progress, or move this file away if all its samples were sent.",
    );
  }
  const copy = { ...openDump(stored, undefined, pageBytes), doubts: source.doubts };
  const file = openUserFile(path, "r+");
  copy.image.onWrite = (change) => {
    const data = copy.image.read(change.bytes, change.address);
    writeSync(file, data, 0, data.length, change.address);
    fsyncSync(file);
  };
  return { copy, original: source, isNew, close: () => closeSync(file) };
}

/** What a progress file says was delivered. Throws a `FieldError` when it is not of a copy of `region`. */
export function readProgress(path: string, region: DataRegion): Delivered {
  const copy = openDump(readUserFile(path), undefined, region.pageBytes);
  if (copy.region.bytes !== region.bytes) {
    throw new FieldError(
      `${path} is of a region of another size.`,
      "Name the progress file that `npm run backfill` made from this device's dump.",
    );
  }
  return cursorsOf(mountCopy(copy));
}
