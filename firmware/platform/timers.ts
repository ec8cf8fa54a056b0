import type { Timers } from "./ports.ts";

/** Espruino's own timers, as they are. `setTime` and the IDE may set the clock; clock/clock.ts finds such jumps. */
export function createTimers(): Timers {
  return {
    nowMs() {
      return getTime() * 1000;
    },
    setTimeout: setTimeout as unknown as Timers["setTimeout"],
    clearTimeout: clearTimeout as unknown as Timers["clearTimeout"],
  };
}
