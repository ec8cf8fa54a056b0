import type { Flash } from "../../../firmware/platform/ports.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/** Read at a time: 1 kB takes some 90 JsVars for a moment, and fits into one answer as base64. */
const BLOCK_BYTES = 1024;

/** Flash of a device, copied through its console. Reading what was not fetched throws; it can't be written. */
export interface DeviceFlash extends Flash {
  /** Copies a stretch from the device. */
  fetch(address: number, bytes: number): Promise<void>;
}

/** Reads a stretch of a device's flash. `bytes` is a multiple of 1,024. */
export async function readFlash(device: DeviceConsole, address: number, bytes: number): Promise<Uint8Array> {
  const all = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += BLOCK_BYTES) all.set(await readBlock(device, address + at), at);
  return all;
}

async function readBlock(device: DeviceConsole, address: number): Promise<Uint8Array> {
  const block = await device.evaluateBytes(`E.toString(require("Flash").read(${BLOCK_BYTES},${address}))`);
  if (block.length !== BLOCK_BYTES) throw new Error(`the device gave ${block.length} bytes of ${BLOCK_BYTES}`);
  return block;
}

/** An empty copy of the device's flash, to be filled by `fetch` block by block. */
export function createDeviceFlash(device: DeviceConsole): DeviceFlash {
  const blocks = new Map<number, Uint8Array>();
  const start = (address: number) => address - (address % BLOCK_BYTES);
  const refuseToWrite = (): never => {
    throw new Error("a copy of a device's flash can't be written");
  };
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
    fetch: async (address, bytes) => {
      for (let at = start(address); at < address + bytes; at += BLOCK_BYTES) {
        if (!blocks.has(at)) blocks.set(at, await readBlock(device, at));
      }
    },
  };
}
