import type { Pins, Timers } from "../platform/ports.ts";

/** Times in ms, on and off in turn. */
const FLICKER = [80, 80];
const HEARTBEAT = [50, 4950];
const ALL_SENT = [2000, 1000];
const BLINK_ON_MS = 300;
const BLINK_OFF_MS = 400;
const BLINKS_APART_MS = 2000;
const VERDICT_REPEATS = 3;

export interface Led {
  /** Flickers until a verdict is shown. */
  syncing(): void;
  /** After a pause, 0: two seconds on. Else so many blinks, three times over. Then the heartbeat goes on. */
  verdict(blinks: number): void;
}

/** Shows what the unit is doing. `logging` is asked before every heartbeat: a unit that doesn't log has none. */
export function startLed(
  pins: Pins,
  timers: Timers,
  led: { pin: string; activeLow: boolean } | undefined,
  logging: () => boolean,
): Led {
  let timer: number | undefined;
  let pattern = HEARTBEAT;
  let step = 0;
  let repeats = Number.POSITIVE_INFINITY;

  function next() {
    const target = led as { pin: string; activeLow: boolean };
    if (step === pattern.length) {
      step = 0;
      repeats--;
      if (repeats === 0) {
        // After a pause, so that the first heartbeat isn't counted as one blink more.
        pattern = HEARTBEAT;
        step = 1;
        repeats = Number.POSITIVE_INFINITY;
      }
    }
    const on = step % 2 === 0 && (pattern !== HEARTBEAT || logging());
    pins.write(target.pin, on !== target.activeLow);
    timer = timers.setTimeout(next, pattern[step++]);
  }

  /** So many times over, beginning with the pattern's last pause or at once. */
  function play(newPattern: number[], times: number, afterPause: boolean) {
    if (led === undefined) return;
    if (timer !== undefined) timers.clearTimeout(timer);
    pattern = newPattern;
    step = afterPause ? newPattern.length - 1 : 0;
    repeats = afterPause ? times + 1 : times;
    next();
  }

  play(HEARTBEAT, Number.POSITIVE_INFINITY, false);
  return {
    syncing: () => {
      if (pattern !== FLICKER) play(FLICKER, Number.POSITIVE_INFINITY, false);
    },
    verdict: (blinks) => {
      if (blinks === 0) {
        play(ALL_SENT, 1, true);
        return;
      }
      const blinking: number[] = [];
      for (let i = 0; i < blinks; i++) blinking.push(BLINK_ON_MS, BLINK_OFF_MS);
      blinking[blinking.length - 1] = BLINKS_APART_MS;
      play(blinking, VERDICT_REPEATS, true);
    },
  };
}
