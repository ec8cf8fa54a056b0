/** Bytes as native functions take them. */
import { crc32 as crc32Native } from "node:zlib";

/** Whatever holds bytes: text, a view, an array or a buffer. */
export function bytesOf(data: unknown): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "latin1");
  if (ArrayBuffer.isView(data)) {
    // Not `instanceof`: the program's arrays come from another realm.
    if ((data as Uint8Array)[Symbol.toStringTag] === "Uint8Array") return data as Uint8Array;
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (Array.isArray(data)) return Uint8Array.from(data as number[]);
  if (data !== null && typeof data === "object" && "byteLength" in data) return new Uint8Array(data as ArrayBuffer);
  throw new Error("Expecting something iterable");
}

export function binaryString(data: unknown): string {
  return typeof data === "string" ? data : Buffer.from(bytesOf(data)).toString("latin1");
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
/** Below this a call of native code costs more than the table. */
const CRC_NATIVE_BYTES = 96;

/** CRC-32 of IEEE 802.3. */
export function crc32(data: Uint8Array): number {
  const { length } = data;
  if (length >= CRC_NATIVE_BYTES) return crc32Native(data);
  let crc = -1;
  for (let i = 0; i < length; i++) crc = CRC_TABLE[(crc ^ data[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
