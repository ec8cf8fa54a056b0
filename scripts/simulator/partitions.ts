/** The parts of an ESP32's flash that the firmware looks at, with the IDF3 build's partition table. */
import { bankPagesOf } from "../../firmware/storage/geometry.ts";
import { SimulatedFlash } from "./flash.ts";

export const PARTITION_TABLE = 0x8000;
export const PAGE_BYTES = 4096;
/** The first pages of a region; samples stand in those behind them. */
export const LEDGER_PAGES = 2 * bankPagesOf(PAGE_BYTES);

/** label, type, subtype, offset, size: targets/esp32 partition table of the distributed IDF3 build. */
const PARTITIONS: [string, number, number, number, number][] = [
  ["nvs", 1, 0x02, 0x9000, 0x3000],
  ["otadata", 1, 0x00, 0xc000, 0x2000],
  ["free", 1, 0x40, 0xe000, 0x2000],
  ["factory", 0, 0x00, 0x10000, 0x180000],
  ["ota_0", 0, 0x10, 0x190000, 0x180000],
  ["flash", 1, 0x40, 0x310000, 0x10000],
  ["storage", 1, 0x41, 0x320000, 0xe0000],
];

export interface Region {
  label: string;
  address: number;
  bytes: number;
}

export const REGIONS: Region[] = PARTITIONS.filter(([label]) => label === "ota_0" || label === "flash").map(
  ([label, , , address, bytes]) => ({ label, address, bytes }),
);

/** The page at 0x8000 of a chip with that build. */
export function partitionTable(): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES).fill(0xff);
  const view = new DataView(page.buffer);
  PARTITIONS.forEach(([label, type, subtype, offset, size], i) => {
    const at = i * 32;
    page.fill(0, at, at + 32);
    page[at] = 0xaa;
    page[at + 1] = 0x50;
    page[at + 2] = type;
    page[at + 3] = subtype;
    view.setUint32(at + 4, offset, true);
    view.setUint32(at + 8, size, true);
    for (let c = 0; c < label.length; c++) page[at + 12 + c] = label.charCodeAt(c);
  });
  return page;
}

/** Blank except for the partition table. The named region comes first: `flash.bytes` is its content. */
export function createDeviceFlash(region: Region, random: () => number, unstableReads: number): SimulatedFlash {
  return new SimulatedFlash({
    random,
    unstableReads,
    ranges: [
      { address: region.address, pageBytes: PAGE_BYTES, pages: region.bytes / PAGE_BYTES },
      { address: PARTITION_TABLE, pageBytes: PAGE_BYTES, pages: 1, content: partitionTable() },
      // otadata, blank: the bootloader starts the factory slot.
      { address: 0xc000, pageBytes: PAGE_BYTES, pages: 2 },
    ],
  });
}
