import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { provenRegion, readPartitions } from "../../../firmware/platform/partitions.ts";
import type { Flash } from "../../../firmware/platform/ports.ts";

type Entry = [label: string, type: number, subtype: number, address: number, bytes: number];

/** targets/esp32/Changes_V3.1/partitions_espruino.csv: the build that is distributed. */
const IDF3: Entry[] = [
  ["nvs", 1, 0x02, 0x9000, 0x3000],
  ["otadata", 1, 0x00, 0xc000, 0x2000],
  ["free", 1, 0x40, 0xe000, 0x2000],
  ["factory", 0, 0x00, 0x10000, 0x180000],
  ["ota_0", 0, 0x10, 0x190000, 0x180000],
  ["flash", 1, 0x40, 0x310000, 0x10000],
  ["storage", 1, 0x41, 0x320000, 0xe0000],
];

/** targets/esp32/IDF4/partitions.csv, with the addresses that gen_esp32part.py gives the blanks. */
const IDF4: Entry[] = [
  ["nvs", 1, 0x02, 0x9000, 0x6000],
  ["phy_init", 1, 0x01, 0xf000, 0x1000],
  ["factory", 0, 0x00, 0x10000, 0x1f4000],
  ["flash", 1, 0x40, 0x310000, 0x10000],
  ["storage", 1, 0x06, 0x320000, 0xe0000],
];

const FLASH_BYTES = 4 * 1024 * 1024;

function tableOf(entries: Entry[], end: number[] = [0xeb, 0xeb]): Uint8Array {
  const bytes = new Uint8Array(0x1000).fill(0xff);
  entries.forEach(([label, type, subtype, address, size], i) => {
    const view = new DataView(bytes.buffer, i * 32, 32);
    for (let at = 0; at < 32; at++) view.setUint8(at, 0);
    view.setUint16(0, 0xaa50);
    view.setUint8(2, type);
    view.setUint8(3, subtype);
    view.setUint32(4, address, true);
    view.setUint32(8, size, true);
    for (let c = 0; c < label.length; c++) view.setUint8(12 + c, label.charCodeAt(c));
  });
  bytes.set(end, entries.length * 32);
  return bytes;
}

/** A chip that may be read and nothing else. */
function chip(table: Uint8Array, otaSequences: [number, number] = [0xffffffff, 0xffffffff]) {
  const memory = new Uint8Array(FLASH_BYTES).fill(0xff);
  memory.set(table, 0x8000);
  const view = new DataView(memory.buffer);
  view.setUint32(0xc000, otaSequences[0], true);
  view.setUint32(0xd000, otaSequences[1], true);
  const never = () => {
    throw new Error("wrote before the region was proven");
  };
  const flash: Flash = { read: (bytes, at) => memory.slice(at, at + bytes), write: never, erasePage: never };
  return { memory, flash };
}

const pageBytesAt = (address: number) => (address >= 0 && address < FLASH_BYTES ? 4096 : 0);
const choose = (flash: Flash, wanted: string | { address: number; bytes: number }) =>
  provenRegion(flash, crc32, pageBytesAt, wanted);

describe("the partition table", () => {
  it("of the distributed build is read as its source has it", () => {
    const found = readPartitions(chip(tableOf(IDF3)).flash);
    expect(found).toEqual(
      IDF3.map(([label, type, subtype, address, bytes]) => ({ label, type, subtype, address, bytes })),
    );
  });

  it("ends at blank flash as well as at a checksum", () => {
    expect(readPartitions(chip(tableOf(IDF4, [0xff, 0xff])).flash)).toHaveLength(IDF4.length);
  });

  it("is none where there is no magic, and damaged where the magic stops in mid-table", () => {
    expect(readPartitions(chip(new Uint8Array(64).fill(0xff)).flash)).toEqual([]);
    const torn = tableOf(IDF3);
    torn[3 * 32] = 0;
    expect(readPartitions(chip(torn).flash)).toContain("damaged at entry 3");
  });

  it("is damaged when partitions overlap", () => {
    const shifted = IDF3.map((entry): Entry => (entry[0] === "flash" ? ["flash", 1, 0x40, 0x30f000, 0x10000] : entry));
    expect(readPartitions(chip(tableOf(shifted)).flash)).toContain("overlaps ota_0");
  });
});

describe("the region", () => {
  it("is the partition that the device file names", () => {
    for (const table of [IDF3, IDF4]) {
      expect(choose(chip(tableOf(table)).flash, "flash")).toMatchObject({
        address: 0x310000,
        pageBytes: 4096,
        pages: 16,
      });
    }
  });

  it("may be the application slot that Espruino never uses, while factory runs", () => {
    expect(choose(chip(tableOf(IDF3)).flash, "ota_0")).toMatchObject({ address: 0x190000, pages: 384 });
  });

  it("is never an application slot that runs or may run next", () => {
    expect(choose(chip(tableOf(IDF3), [1, 0xffffffff]).flash, "ota_0")).toContain("the running application");
    expect(choose(chip(tableOf(IDF3), [0xffffffff, 1]).flash, "ota_0")).toContain("the running application");
    const twoSlots: Entry[] = [...IDF3.slice(0, 5), ["ota_1", 0, 0x11, 0x310000, 0x10000], IDF3[6]];
    expect(choose(chip(tableOf(twoSlots), [2, 0xffffffff]).flash, "ota_0")).toMatchObject({ pages: 384 });
    expect(choose(chip(tableOf(twoSlots), [2, 3]).flash, "ota_0")).toContain("the running application");
    expect(choose(chip(tableOf(twoSlots), [2, 0xffffffff]).flash, "ota_1")).toContain("an application");
    const noFactory = IDF3.filter(([label]) => label !== "factory");
    expect(choose(chip(tableOf(noFactory)).flash, "ota_0")).toContain("the running application");
  });

  it("is never what belongs to the system", () => {
    const { flash } = chip(tableOf(IDF3));
    expect(choose(flash, "nvs")).toContain("overlaps nvs, the system's own data");
    expect(choose(flash, "otadata")).toContain("overlaps otadata, the system's own data");
    expect(choose(flash, "factory")).toContain("overlaps factory, an application");
    expect(choose(flash, "storage")).toContain("Espruino's Storage, which holds the program");
    expect(choose(chip(tableOf(IDF4)).flash, "phy_init")).toContain("the system's own data");
    expect(choose(chip(tableOf(IDF4)).flash, "storage")).toContain("Espruino's Storage");
  });

  it("says which partitions there are when the name is wrong", () => {
    expect(choose(chip(tableOf(IDF3)).flash, "falsh")).toBe(
      "region falsh: no such partition; there are nvs, otadata, free, factory, ota_0, flash, storage",
    );
  });

  it("is nothing at all while the table is damaged, by name or by address", () => {
    const torn = tableOf(IDF3);
    torn[2 * 32 + 1] = 0x51;
    for (const wanted of ["flash", { address: 0x310000, bytes: 0x10000 }]) {
      expect(choose(chip(torn).flash, wanted)).toContain("damaged");
    }
  });

  it("by address is any stretch that is nobody's", () => {
    const gap = { address: 0x204000, bytes: 0x10c000 };
    expect(choose(chip(tableOf(IDF4)).flash, gap)).toMatchObject({ address: 0x204000, pages: 0x10c });
    expect(choose(chip(tableOf(IDF3)).flash, gap)).toContain("overlaps ota_0; name it");
    expect(choose(chip(tableOf(IDF3)).flash, { address: 0x318000, bytes: 0x8000 })).toMatchObject({ pages: 8 });
  });

  it("is none of the three that Flash.getFree names on ESP32, except the one that is free", () => {
    const free = [
      { address: 0xe000, bytes: 0x2000 },
      { address: 0x310000, bytes: 0x10000 },
      { address: 0x360000, bytes: 0xa0000 },
    ];
    const judged = free.map((wanted) => typeof choose(chip(tableOf(IDF4)).flash, wanted));
    expect(judged).toEqual(["string", "object", "string"]);
  });

  it("keeps off bootloader and table, half pages and the end of the flash", () => {
    const { flash } = chip(tableOf(IDF3));
    expect(choose(flash, { address: 0x1000, bytes: 0x2000 })).toContain("bootloader");
    expect(choose(flash, { address: 0x310800, bytes: 0x8000 })).toContain("not whole pages");
    expect(choose(flash, { address: 0x310000, bytes: 0x8800 })).toContain("not whole pages");
    expect(choose(flash, { address: FLASH_BYTES - 0x1000, bytes: 0x2000 })).toContain("not within the flash");
    expect(choose(flash, { address: 0x310000, bytes: 0 })).toContain("not within the flash");
  });

  it("on a board without a table is what the device file says by address, and can't be a name", () => {
    const never: Flash = chip(new Uint8Array(0)).flash;
    const linux = (address: number) => (address >= 0x10000000 && address < 0x10040000 ? 1024 : 0);
    const wanted = { address: 0x10010000, bytes: 0x8000 };
    expect(provenRegion(never, crc32, linux, wanted)).toMatchObject({
      address: 0x10010000,
      pageBytes: 1024,
      pages: 32,
    });
    expect(provenRegion(never, crc32, linux, "flash")).toContain("no partition table");
  });

  it("overlaps no other partition, whatever is asked of whatever table", () => {
    const chips = [IDF3, IDF4].map((table) => ({ table, flash: chip(tableOf(table)).flash }));
    fc.assert(
      fc.property(
        fc.constantFrom(...chips),
        fc.integer({ min: 0, max: 1023 }),
        fc.integer({ min: 1, max: 1023 }),
        ({ table, flash }, page, pages) => {
          const region = choose(flash, { address: page * 4096, bytes: pages * 4096 });
          if (typeof region === "string") return;
          const end = region.address + region.pages * 4096;
          expect(region.address).toBeGreaterThanOrEqual(0x9000);
          for (const [label, , , address, bytes] of table) {
            if (label !== "flash" && label !== "free")
              expect(end <= address || region.address >= address + bytes).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
