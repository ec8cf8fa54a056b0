import { crc32 } from "node:zlib";
import type { FlashRegion } from "../../firmware/platform/ports.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";

/** Seed of this run: `SIM_SEED` replays one. */
export const SEED = Number(process.env.SIM_SEED ?? 1);

export function createRegion(pages: number, pageBytes = 1024, content: number | Uint8Array = 0xff, seed = SEED) {
  const flash = new SimulatedFlash({
    address: 0x1000,
    pageBytes,
    pages,
    content,
    random: createPrng(seed).next,
    unstableReads: 5,
  });
  return { flash, region: regionOf(flash, pages, pageBytes) };
}

export function regionOf(flash: SimulatedFlash, pages: number, pageBytes: number): FlashRegion {
  return { flash, crc32: (bytes) => crc32(bytes), address: 0x1000, pageBytes, pages };
}
