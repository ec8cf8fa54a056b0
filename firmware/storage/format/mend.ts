import { CRC_RESIDUE } from "./crc.ts";

/** The generator of CRC-32, bits reversed. */
const CRC_POLYNOMIAL = 0xedb88320;

/**
 * Turns the one bit back that makes bytes with their CRC-32 behind them whole again, and returns the offset of its byte; -1
 * when no single bit does. CRC-32 is linear: what a flipped bit changes in the residue depends on its place from the end alone.
 * So all places are tried with one CRC. Up to 80 bytes: no two bits change the residue as a third does, which a test holds.
 */
export function mendOneBit(crc32: (bytes: Uint8Array) => number, bytes: Uint8Array): number {
  const polynomial = CRC_POLYNOMIAL;
  const wanted = (crc32(bytes) ^ CRC_RESIDUE) | 0;
  let change = polynomial | 0;
  for (let at = bytes.length - 1; at >= 0; at--) {
    for (let bit = 128; bit >= 1; bit >>= 1) {
      if (change === wanted) {
        bytes[at] ^= bit;
        return at;
      }
      change = ((change >>> 1) ^ (change & 1 ? polynomial : 0)) | 0;
    }
  }
  return -1;
}
