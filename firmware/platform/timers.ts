import type { Timers } from "./ports.ts";

/**
 * Espruino's own timers, as they are, and a clock that `setTime` does not move. The IDE, EspruinoTools and people at the
 * console set the system clock by the global `setTime`: a function in its place sees each call and notes its step. It is
 * found by name as before, also from `eval` and from the console; pending timers keep their delay (run on 2v29.277).
 */
export function createTimers(): Timers {
  const set = setTime;
  let stepsS = 0;
  (globalThis as unknown as { setTime: typeof setTime }).setTime = (seconds) => {
    const beforeS = getTime();
    set(seconds);
    // What the call itself took counts as a part of the step, so that this clock claims no time that did not pass.
    stepsS += getTime() - beforeS;
  };
  return {
    nowMs() {
      return (getTime() - stepsS) * 1000;
    },
    setTimeout: setTimeout as unknown as Timers["setTimeout"],
    clearTimeout: clearTimeout as unknown as Timers["clearTimeout"],
  };
}
