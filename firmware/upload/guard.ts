import type { Timers } from "../platform/ports.ts";

/**
 * Timers whose callbacks may throw: a worn flash makes the ledger throw in the middle of a delivery. `onError` gets the error;
 * Espruino alone would print it, and what waits for the callback would wait for ever. `onStep` is called before each callback:
 * when it stays silent, a timer was lost because memory ran out.
 */
export function guardTimers(timers: Timers, onStep: () => void, onError: (error: unknown) => void): Timers {
  return {
    nowMs: timers.nowMs,
    clearTimeout: timers.clearTimeout,
    setTimeout(callback, delayMs) {
      return timers.setTimeout(() => {
        onStep();
        try {
          callback();
        } catch (error) {
          onError(error);
        }
      }, delayMs);
    },
  };
}
