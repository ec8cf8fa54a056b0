import type { Timers } from "./ports.ts";

/** Espruino's own timers, bare. The clock is what `setTime` and the IDE make of it; clock/clock.ts takes jumps out. */
export function createTimers(): Timers {
  return {
    nowMs: () => getTime() * 1000,
    setTimeout: setTimeout as unknown as Timers["setTimeout"],
    clearTimeout: clearTimeout as unknown as Timers["clearTimeout"],
  };
}
