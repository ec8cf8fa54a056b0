import type { Timers } from "../platform/ports.ts";

/**
 * Timers whose callbacks may throw: a worn flash makes the ledger throw in the middle of a sync. `onError` hears of it, where
 * Espruino would print it and leave whoever waits for the callback waiting for ever.
 */
export function guardTimers(timers: Timers, onError: (error: unknown) => void): Timers {
  return {
    nowMs: timers.nowMs,
    clearTimeout: timers.clearTimeout,
    setTimeout: (callback, delayMs) =>
      timers.setTimeout(() => {
        try {
          callback();
        } catch (error) {
          onError(error);
        }
      }, delayMs),
  };
}
