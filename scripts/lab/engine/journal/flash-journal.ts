/** Every change of the region's cells, so that the flash of any past moment can be had again, byte for byte. */
import type { FlashChange, SimulatedFlash } from "../../../simulator/flash.ts";
import { LEDGER_PAGES, PAGE_BYTES, type Region } from "../../../simulator/partitions.ts";
import { createColumn } from "./column.ts";

/** The region at a moment. */
export interface FlashImage {
  /** Not to be changed, and void after the next `imageAt`. */
  bytes: Uint8Array;
  /** Erases of each page, torn ones too. */
  wear: Uint32Array;
  /** Bytes programmed in each page, torn programs left out. */
  programmed: Uint32Array;
  programs: number;
  erases: number;
}

export interface FlashJournal {
  note(change: FlashChange, nowMs: number): void;
  imageAt(atMs: number): FlashImage;
}

const KINDS = ["program", "erase", "torn erase", "other"] as const;
/** From one whole copy to the next: what a look back replays at most takes some milliseconds. */
const CHANGES_BETWEEN_COPIES = 20_000;
/** A copy costs the region's size: for 1.5 MB, this much in all at most. Beyond that, looks back take longer. */
const COPY_BYTES_MAX = 200_000_000;

interface Copy extends FlashImage {
  /** So many changes are in it. */
  changes: number;
}

export function createFlashJournal(flash: SimulatedFlash, region: Region): FlashJournal {
  const atMs = createColumn();
  const address = createColumn((length) => new Uint32Array(length));
  const bytes = createColumn((length) => new Uint16Array(length));
  const kind = createColumn((length) => new Uint8Array(length));
  const dataFrom = createColumn();
  const data = createColumn((length) => new Uint8Array(length));
  const copies: Copy[] = [blank(region)];
  const cells = flash.bytesAt(region.address);
  let current = copyOf(copies[0]);

  function apply(image: Copy, change: number): void {
    const at = address.at(change);
    const length = bytes.at(change);
    const page = Math.floor(at / PAGE_BYTES);
    const what = KINDS[kind.at(change)];
    if (what === "erase") image.bytes.fill(0xff, at, at + length);
    else image.bytes.set(data.part(dataFrom.at(change), dataFrom.at(change) + length), at);
    if (what === "program") {
      image.programs++;
      image.programmed[page] += length;
    } else if (what !== "other") {
      image.wear[page]++;
      if (what === "erase") image.erases++;
    }
    image.changes = change + 1;
  }

  function goTo(changes: number): void {
    if (current.changes > changes) {
      let base = 0;
      while (base + 1 < copies.length && copies[base + 1].changes <= changes) base++;
      current = copyOf(copies[base]);
    }
    while (current.changes < changes) {
      apply(current, current.changes);
      const last = copies[copies.length - 1];
      const due = current.changes - last.changes >= CHANGES_BETWEEN_COPIES;
      if (due && (copies.length + 1) * region.bytes <= COPY_BYTES_MAX) copies.push(copyOf(current));
    }
  }

  return {
    note(change, nowMs) {
      const at = change.address - region.address;
      if (at < 0 || at >= region.bytes) return;
      atMs.push(nowMs);
      address.push(at);
      bytes.push(change.bytes);
      kind.push(KINDS.indexOf(change.kind));
      dataFrom.push(data.length);
      if (change.kind !== "erase") data.append(cells.subarray(at, at + change.bytes));
    },
    imageAt(moment) {
      goTo(atMs.countUpTo(moment));
      return current;
    },
  };
}

function blank(region: Region): Copy {
  const pages = region.bytes / PAGE_BYTES;
  return {
    bytes: new Uint8Array(region.bytes).fill(0xff),
    wear: new Uint32Array(pages),
    programmed: new Uint32Array(pages),
    programs: 0,
    erases: 0,
    changes: 0,
  };
}

function copyOf(image: Copy): Copy {
  return {
    ...image,
    bytes: image.bytes.slice(),
    wear: image.wear.slice(),
    programmed: image.programmed.slice(),
  };
}

/** Bytes programmed in the pages for samples. */
export function ringBytesOf(image: FlashImage): number {
  return image.programmed.subarray(LEDGER_PAGES).reduce((sum, more) => sum + more, 0);
}
