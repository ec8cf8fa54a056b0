import type { FlashRegion } from "../platform/ports.ts";

/**
 * Flash is read in pieces: an array is a run of JsVars, which Espruino has to find in its pool. Whole pages are read in large
 * pieces: that takes a third of the time of small ones, over 4,096 bytes.
 */
export const PIECE_BYTES = 32;
export const LARGE_PIECE_BYTES = 128;

/** CRC-32 of a blank piece: a native test of all its bytes at once. */
const BLANK_PIECE_CRC = 0xff6cab0b;
const BLANK_LARGE_PIECE_CRC = 0x652d544c;
/** And for whole pages: one transaction on the SPI bus takes longer than the bytes do. */
const PAGE_PIECE_BYTES = 256;
const BLANK_PAGE_PIECE_CRC = 0xfea8a821;

/**
 * A half programmed cell answers at random for a while. A stretch is believed once it gives the same answer this many
 * times in a row.
 */
const STEADY_READS = 8;
const STEADY_READS_MAX = 64;

/** True when `bytes` (a multiple of 32) from `address` on are all 0xFF. */
export function isBlank(region: FlashRegion, address: number, bytes: number): boolean {
  let pieceBytes = PIECE_BYTES;
  let blankCrc = BLANK_PIECE_CRC;
  if (bytes % PAGE_PIECE_BYTES === 0) {
    pieceBytes = PAGE_PIECE_BYTES;
    blankCrc = BLANK_PAGE_PIECE_CRC;
  } else if (bytes % LARGE_PIECE_BYTES === 0) {
    pieceBytes = LARGE_PIECE_BYTES;
    blankCrc = BLANK_LARGE_PIECE_CRC;
  }
  for (const end = address + bytes; address < end; address += pieceBytes) {
    if (region.crc32(region.flash.read(pieceBytes, address)) !== blankCrc) return false;
  }
  return true;
}

/** Reads up to 80 bytes until they answer alike eight times in a row. After 64 reads the last answer is taken. */
export function readSteady(region: FlashRegion, bytes: number, address: number): Uint8Array {
  let answer = region.flash.read(bytes, address);
  let crc = region.crc32(answer);
  for (let alike = 1, reads = 1; alike < STEADY_READS && reads < STEADY_READS_MAX; reads++) {
    answer = region.flash.read(bytes, address);
    const again = region.crc32(answer);
    alike = again === crc ? alike + 1 : 1;
    crc = again;
  }
  return answer;
}

/** True when `bytes` (up to 80) from `address` on answer 0xFF, again and again. */
export function isSteadilyBlank(region: FlashRegion, bytes: number, address: number): boolean {
  const answer = readSteady(region, bytes, address);
  for (let i = 0; i < bytes; i++) if (answer[i] !== 255) return false;
  return true;
}

/** Programs `data` and reads it back, twice if need be. False when the flash holds anything else. */
export function program(region: FlashRegion, data: Uint8Array, address: number): boolean {
  const crc = region.crc32(data);
  region.flash.write(data, address);
  for (let reads = 0; reads < 2; reads++) {
    if (region.crc32(region.flash.read(data.length, address)) === crc) return true;
  }
  return false;
}

/** Erases the page at `address` and checks every byte: a power cut or a worn page can leave anything. Tries twice. */
export function eraseVerified(region: FlashRegion, address: number): boolean {
  for (let tries = 0; tries < 2; tries++) {
    region.flash.erasePage(address);
    if (isBlank(region, address, region.pageBytes)) return true;
  }
  return false;
}
