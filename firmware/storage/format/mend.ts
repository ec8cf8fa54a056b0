import { CRC_RESIDUE } from "./crc.ts";

/**
 * Turns back the one bit of `bytes`, which end with their CRC, that makes the CRC wrong. False when no single bit does: `bytes`
 * are as they were then. A CRC-32 over so few bytes tells one flipped bit from any two. Bytes that are torn have more wrong bits,
 * and pass for mended once in a million.
 */
export function mendBit(crc32: (bytes: Uint8Array) => number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    for (let bit = 1; bit < 256; bit *= 2) {
      bytes[i] ^= bit;
      if (crc32(bytes) === CRC_RESIDUE) return true;
      bytes[i] ^= bit;
    }
  }
  return false;
}
