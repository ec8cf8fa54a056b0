import { crc32 as zlibCrc32 } from "node:zlib";
import type { Flash } from "../../../firmware/platform/ports.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/** `E.CRC32` of the host. */
export const crc32 = (bytes: Uint8Array): number => zlibCrc32(bytes);

/** Read at a time: 1 kB is some 90 JsVars for a moment, and fits an answer as base64. */
const BLOCK_BYTES = 1024;

/**
 * A copy of stretches of a chip's flash for the firmware's own storage code. What that writes goes into the copy only, as
 * flash takes it: bits are cleared, an erase sets a page. `onWrite` hears of it.
 */
export interface FlashImage extends Flash {
  /** Whether every byte of the stretch is in the copy. */
  has(address: number, bytes: number): boolean;
  onWrite?: (change: FlashChange) => void;
}

/** One program or erase: `data` is absent for an erase. */
export interface FlashChange {
  address: number;
  bytes: number;
  data?: Uint8Array;
}

/** An image of what `fetch` brought so far; reading anything else throws. */
export interface DeviceImage extends Flash {
  /** Copies a stretch from the device. `onProgress` gets the bytes so far. */
  fetch(address: number, bytes: number, onProgress?: (bytes: number) => void): Promise<void>;
}

function refuseToWrite(): never {
  throw new Error("a copy of a device's flash is not written to");
}

/** The image in `bytes`, which start at `address` of the chip and take what is written. */
export function imageOf(bytes: Uint8Array, address: number, pageBytes: number): FlashImage {
  const has = (from: number, length: number) => from >= address && from + length <= address + bytes.length;
  const image: FlashImage = {
    has,
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

/** Copies flash from a device block by block, through its console. */
export function deviceImage(device: DeviceConsole): DeviceImage {
  const blocks = new Map<number, Uint8Array>();
  const start = (address: number) => address - (address % BLOCK_BYTES);
  return {
    read: (bytes, address) => {
      const copy = new Uint8Array(bytes);
      for (let at = start(address); at < address + bytes; at += BLOCK_BYTES) {
        const block = blocks.get(at);
        if (block === undefined) throw new RangeError(`0x${at.toString(16)} was not read from the device`);
        const from = Math.max(address, at);
        const until = Math.min(address + bytes, at + BLOCK_BYTES);
        copy.set(block.subarray(from - at, until - at), from - address);
      }
      return copy;
    },
    write: refuseToWrite,
    erasePage: refuseToWrite,
    fetch: async (address, bytes, onProgress) => {
      for (let at = start(address); at < address + bytes; at += BLOCK_BYTES) {
        if (!blocks.has(at)) {
          const block = await device.evaluateBytes(`E.toString(require("Flash").read(${BLOCK_BYTES},${at}))`);
          if (block.length !== BLOCK_BYTES) throw new Error(`the device gave ${block.length} bytes of ${BLOCK_BYTES}`);
          blocks.set(at, block);
        }
        onProgress?.(Math.min(at + BLOCK_BYTES - address, bytes));
      }
    },
  };
}
