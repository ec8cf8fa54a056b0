import type { CpuOptions } from "./script.ts";

/** How long operations take on the device, in ms. UNVERIFIED on a board: only the order of magnitude matters. */
export const TIMING = {
  /** ROM loader, second stage and Espruino's own start, before the program runs. */
  bootMs: 600,
  /** One callback of a few dozen statements. */
  callbackMs: 1,
  /** One pass of the idle loop with an open socket, which sends 536 bytes: about 100 kB/s. */
  socketPassMs: 5,
  /** W25Q32 datasheet: page program 0.4 ms typical; here a write of a few bytes. */
  flashWriteMs: 0.1,
  /** W25Q32 datasheet 9.6: 45 ms typical. */
  flashEraseMs: 45,
  flashReadMs: 0.02,
};

export type Timing = Readonly<typeof TIMING>;

/** The same for a chip as the script describes it. */
export function timingOf(cpu: CpuOptions = {}): Timing {
  const slowdown = cpu.slowdown ?? 1;
  return {
    bootMs: TIMING.bootMs * slowdown,
    callbackMs: TIMING.callbackMs * slowdown,
    socketPassMs: TIMING.socketPassMs * slowdown,
    flashWriteMs: cpu.flashProgramMs ?? TIMING.flashWriteMs,
    flashEraseMs: cpu.eraseMs ?? TIMING.flashEraseMs,
    flashReadMs: cpu.flashReadMs ?? TIMING.flashReadMs,
  };
}
