import { HEADER_BYTES, headerKind } from "../../../firmware/storage/format/page.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import type { Progress } from "../terminal/terminal.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { type BoardInfo, partitionsOf } from "../unit/board-info.ts";
import { readFlash } from "../unit/device-flash.ts";
import type { WantedRegion } from "../unit/firmware-needs.ts";
import {
  candidateRegions,
  checkRegionSize,
  type DataRegion,
  ESP32_PAGE_BYTES,
  isOurPage,
  onlyRegion,
  type RegionCopy,
  regionByLabel,
} from "./data-region.ts";
import { crc32, imageOf } from "./flash-image.ts";

/** First bytes of each page, read before the pages themselves: enough for the page's header. */
const HEAD_BYTES = 64;
/** Heads that fit into one answer of the console. */
const HEADS_PER_ANSWER = 48;

/** Finds the region on a running device. Undefined when there is no data on it yet. Throws a `FieldError`. */
export async function findOnDevice(
  device: DeviceConsole,
  board: BoardInfo,
  wanted: WantedRegion | undefined,
): Promise<DataRegion | undefined> {
  const partitions = partitionsOf(board);
  let searched = candidateRegions(partitions);
  if (typeof wanted === "string") searched = [regionByLabel(wanted, partitions, "board", ESP32_PAGE_BYTES)];
  else if (wanted !== undefined) {
    const pageBytes = Number(await device.evaluate(`require("Flash").getPage(${wanted.address}).length`));
    searched = [{ label: `0x${wanted.address.toString(16)}`, ...wanted, pageBytes }];
    checkRegionSize(searched[0]);
  }
  const found: DataRegion[] = [];
  for (const region of searched) {
    // The ledger's banks come first. When the firmware has run, at least one of them is not blank.
    for (const at of [0, bankPagesOf(region.pageBytes) * region.pageBytes]) {
      const magic = await device.evaluateBytes(`E.toString(require("Flash").read(4,${region.address + at}))`);
      if (isOurPage(magic) && !found.includes(region)) found.push(region);
    }
  }
  if (found.length === 0) return undefined;
  return onlyRegion(found, searched, "the board's flash");
}

/** The first 64 bytes of each page of a region. */
export async function readHeads(device: DeviceConsole, region: DataRegion): Promise<Uint8Array[]> {
  const heads: Uint8Array[] = [];
  const pages = region.bytes / region.pageBytes;
  for (let first = 0; first < pages; first += HEADS_PER_ANSWER) {
    const count = Math.min(HEADS_PER_ANSWER, pages - first);
    const start = region.address + first * region.pageBytes;
    const bytes = await device.evaluateBytes(
      `(function(s,f,i){for(i=0;i<${count};i++)s+=E.toString(f.read(${HEAD_BYTES},${start}+i*${region.pageBytes}));return s})("",require("Flash"),0)`,
    );
    for (let i = 0; i < count; i++) heads.push(bytes.subarray(i * HEAD_BYTES, (i + 1) * HEAD_BYTES));
  }
  return heads;
}

/** Copies the ledger and the pages with samples; of all other pages only the head. `progress` counts copied pages. */
export async function copyFromDevice(
  device: DeviceConsole,
  region: DataRegion,
  progress: Progress,
): Promise<RegionCopy> {
  const { address, pageBytes } = region;
  const bytes = new Uint8Array(region.bytes).fill(0xff);
  try {
    const heads = await readHeads(device, region);
    const ledgerPages = 2 * bankPagesOf(pageBytes);
    let copied = 0;
    for (const [page, head] of heads.entries()) {
      bytes.set(head, page * pageBytes);
      if (page >= ledgerPages && headerKind(crc32, head.slice(0, HEADER_BYTES)) === "none") continue;
      bytes.set(await readFlash(device, address + page * pageBytes, pageBytes), page * pageBytes);
      progress.update(++copied);
    }
  } finally {
    progress.done();
  }
  return { region, image: imageOf(bytes, address, pageBytes) };
}
