import type { Timers } from "../platform/ports.ts";

/**
 * Timers whose callbacks may throw: a worn flash makes the ledger throw in the middle of a sync. `onError` hears of it, where
 * Espruino would print it and leave whoever waits for the callback waiting for ever. `onStep` hears of each callback: one that
 * never comes, lost when memory ran out, shows by its silence.
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
