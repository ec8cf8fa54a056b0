/**
 * A SHT3x (Sensirion SHT3x-DIS version 7: command 0x2400, 15 ms) or SHT4x (SHT4x version 6: command 0xFD, 8.3 ms). It refuses to
 * be read (NACK) before its measurement is done, and after that once only.
 */
import type { I2cChip } from "./i2c-port.ts";

export interface ShtChip extends I2cChip {
  rawCelsius: number;
  rawPercent: number;
  plugged: boolean;
  /** Flipped in the first byte that is sent. */
  noise: number;
}

/** High byte, low byte, CRC: polynomial 0x31, first value 0xFF, nothing reflected, by long division of the bits. */
export function sensirionBytes(word: number): number[] {
  // The two bytes and eight zeros as bits; the first value flips the first eight.
  let rest = (word * 256) ^ 0xff0000;
  for (let bit = 23; bit >= 8; bit--) if (rest & (1 << bit)) rest ^= 0x131 << (bit - 8);
  return [word >> 8, word & 255, rest & 255];
}

export function createShtChip(kind: "SHT3x" | "SHT4x", address: number, nowMs: () => number): ShtChip {
  const isThree = kind === "SHT3x";
  let readyMs = Number.POSITIVE_INFINITY;
  const chip: ShtChip = {
    address,
    rawCelsius: 0x6666,
    rawPercent: 0x8000,
    plugged: true,
    noise: 0,
    present: () => chip.plugged,
    take(bytes) {
      const isMeasure = isThree
        ? bytes.length === 2 && bytes[0] === 0x24 && bytes[1] === 0x00
        : bytes.length === 1 && bytes[0] === 0xfd;
      if (isMeasure) readyMs = nowMs() + (isThree ? 15 : 8.3);
      return isMeasure;
    },
    give() {
      if (nowMs() < readyMs) return undefined;
      readyMs = Number.POSITIVE_INFINITY;
      const bytes = sensirionBytes(chip.rawCelsius).concat(sensirionBytes(chip.rawPercent));
      bytes[0] ^= chip.noise;
      return bytes;
    },
  };
  return chip;
}
