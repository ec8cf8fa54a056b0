import { crc32 } from "node:zlib";
import type { Geometry } from "./world.ts";

/** What may stand in a region that is proven to be free: the protocol's point 1. */
export function initialContents(geometry: Geometry, random: () => number): { [name: string]: Uint8Array } {
  const bytes = (2 * geometry.bankPages + geometry.ringPages) * geometry.pageBytes;
  const noise = () => new Uint8Array(bytes).map(() => Math.floor(random() * 256));
  return {
    blank: new Uint8Array(bytes).fill(255),
    random: noise(),
    "all zero": new Uint8Array(bytes),
    "another file system": fileSystem(bytes, noise()),
    "another format version, in one page": foreignVersion(geometry, bytes),
  };
}

/** As littlefs leaves it: superblocks with a name in them, files behind. */
function fileSystem(bytes: number, noise: Uint8Array): Uint8Array {
  const image = new Uint8Array(bytes).fill(255);
  image.set(noise.subarray(0, bytes / 2), bytes / 4);
  const superblock = new TextEncoder().encode("\x01\x00\x00\x00\xf0\x0f\xff\xf7littlefs\x2f\xe0\x00\x10");
  image.set(superblock, 0);
  image.set(superblock, bytes / 2);
  return image;
}

/** A ring page of a later version: its magic and header CRC are where every version has them. */
export function foreignVersion(geometry: Geometry, bytes: number): Uint8Array {
  const image = new Uint8Array(bytes).fill(255);
  const start = (2 * geometry.bankPages + geometry.ringPages - 1) * geometry.pageBytes;
  const header = new Uint8Array(48).fill(0x5a);
  header.set([0x45, 0x42, 0x52, 3]);
  new DataView(header.buffer).setUint32(44, crc32(header.subarray(0, 44)), true);
  image.set(header, start);
  image.fill(0x33, start + 48, start + geometry.pageBytes);
  return image;
}
