import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { differs, firstProblem, type Promised } from "./contract.ts";

function bytesOf(array: Uint8Array): number[] {
  return [].slice.call(array);
}

function erased(region: FlashRegion, page: number): number {
  const address = region.address + page * region.pageBytes;
  region.flash.erasePage(address);
  return address;
}

/** What storage relies on. The region has at least three pages of at least 256 bytes. */
export const FLASH_CONTRACT: Promised<FlashRegion>[] = [
  {
    title: "reads a page as blank after its erase",
    run(region, done) {
      const address = erased(region, 0);
      let blank = true;
      for (let at = 0; at < region.pageBytes; at += 64) {
        const bytes = region.flash.read(64, address + at);
        for (let i = 0; i < 64; i++) if (bytes[i] !== 255) blank = false;
      }
      done(blank ? "" : "not blank");
    },
  },
  {
    title: "takes an address that comes from a division",
    run(region, done) {
      const address = erased(region, 0);
      region.flash.write(new Uint8Array([1]), Math.floor(address * 1.0));
      region.flash.erasePage(Math.ceil((address * 3) / 3));
      done(differs("the byte", region.flash.read(1, address / 1)[0], 255));
    },
  },
  {
    title: "reads back what was programmed, at every alignment and length",
    run(region, done) {
      const problems: string[] = [];
      for (let offset = 0; offset < 5; offset++) {
        for (let length = 1; length < 10; length++) {
          const address = erased(region, 0) + offset;
          const data = new Uint8Array(length);
          for (let i = 0; i < length; i++) data[i] = 17 * (i + 1) + offset;
          region.flash.write(data, address);
          problems.push(
            differs(`${length} bytes at ${offset}`, bytesOf(region.flash.read(length, address)), bytesOf(data)),
          );
          problems.push(differs("the byte behind", region.flash.read(1, address + length)[0], 255));
          if (offset > 0) problems.push(differs("the byte before", region.flash.read(1, address - 1)[0], 255));
        }
      }
      done(firstProblem(problems));
    },
  },
  {
    title: "clears more bits of a byte in a second program",
    run(region, done) {
      const address = erased(region, 0);
      region.flash.write(new Uint8Array([0x3f]), address + 1);
      region.flash.write(new Uint8Array([0x35]), address + 1);
      done(differs("the byte", region.flash.read(1, address + 1)[0], 0x35));
    },
  },
  {
    title: "erases one page and leaves its neighbours",
    run(region, done) {
      for (let page = 0; page < 3; page++) {
        const address = erased(region, page);
        region.flash.write(new Uint8Array([page + 1]), address);
        region.flash.write(new Uint8Array([page + 11]), address + region.pageBytes - 1);
      }
      region.flash.erasePage(region.address + region.pageBytes);
      const ends: number[] = [];
      for (let page = 0; page < 3; page++) {
        const address = region.address + page * region.pageBytes;
        ends.push(region.flash.read(1, address)[0], region.flash.read(1, address + region.pageBytes - 1)[0]);
      }
      done(differs("first and last bytes", ends, [1, 11, 255, 255, 3, 13]));
    },
  },
  {
    title: "reads across the end of a page",
    run(region, done) {
      const address = erased(region, 0) + region.pageBytes - 2;
      erased(region, 1);
      region.flash.write(new Uint8Array([1, 2]), address);
      region.flash.write(new Uint8Array([3, 4]), address + 2);
      done(differs("four bytes", bytesOf(region.flash.read(4, address)), [1, 2, 3, 4]));
    },
  },
  {
    title: "reads into a copy that later programs do not change",
    run(region, done) {
      const address = erased(region, 0);
      const before = region.flash.read(2, address);
      region.flash.write(new Uint8Array([1, 2]), address);
      done(differs("the copy", bytesOf(before), [255, 255]));
    },
  },
  {
    title: "computes CRC-32 as IEEE 802.3 does, as a positive number",
    run(region, done) {
      const text = "123456789";
      const bytes = new Uint8Array(9);
      for (let i = 0; i < 9; i++) bytes[i] = text.charCodeAt(i);
      done(
        firstProblem([
          differs("the check value", region.crc32(bytes), 0xcbf43926),
          differs("of a part", region.crc32(bytes.subarray(0, 4)), 0x9be3e0a3),
          differs("of nothing", region.crc32(new Uint8Array(0)), 0),
        ]),
      );
    },
  },
];
