import { crc32 as zlibCrc32 } from "node:zlib";
import type { Flash } from "../../../firmware/platform/ports.ts";

/** This computer's `E.CRC32`. */
export const crc32 = (bytes: Uint8Array): number => zlibCrc32(bytes);

/**
 * A copy of a stretch of flash, for the firmware's own storage code. Writes change the copy only, and as they change
 * flash: a program clears bits, an erase sets a page to 0xFF.
 */
export interface FlashImage extends Flash {
  readonly pageBytes: number;
  /** Called after each program and erase. */
  onWrite?: (change: FlashChange) => void;
}

/** One program or erase. `data` is absent for an erase. */
export interface FlashChange {
  address: number;
  bytes: number;
  data?: Uint8Array;
}

/** The image in `bytes`, which begin at `address` of the chip. Writes go into `bytes`. */
export function imageOf(bytes: Uint8Array, address: number, pageBytes: number): FlashImage {
  const has = (from: number, length: number) => from >= address && from + length <= address + bytes.length;
  const image: FlashImage = {
    pageBytes,
    read: (length, from) => {
      if (!has(from, length)) throw new RangeError(`0x${from.toString(16)} is outside the dump`);
      return bytes.slice(from - address, from - address + length);
    },
    write: (data, at) => {
      if (!has(at, data.length)) throw new RangeError(`0x${at.toString(16)} is outside the dump`);
      for (let i = 0; i < data.length; i++) bytes[at - address + i] &= data[i];
      image.onWrite?.({ address: at, bytes: data.length, data: Uint8Array.from(data) });
    },
    erasePage: (at) => {
      const start = at - (at % pageBytes);
      bytes.fill(0xff, start - address, start - address + pageBytes);
      image.onWrite?.({ address: start, bytes: pageBytes });
    },
  };
  return image;
}
