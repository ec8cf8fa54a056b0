import type { Pins, Timers } from "../platform/ports.ts";
import { VERDICT, type Verdict } from "../verdict.ts";

/** A pattern is a list of times in ms, on and off in turn. */
const FLICKER = [80, 80];
const HEARTBEAT = [50, 4950];
const ALL_SENT = [2000, 1000];
const BLINK_ON_MS = 300;
/** Well apart from a short blink and from the 2 s of `ALL_SENT`. */
const LONG_ON_MS = 1000;
const BLINK_OFF_MS = 400;
const BLINKS_APART_MS = 2000;
const VERDICT_REPEATS = 3;

export interface Led {
  /** Flickers until a verdict is shown. */
  syncing(): void;
  /**
   * After a pause: `allSent` is two seconds on, any other verdict its number of blinks, three times. Above 5, a long blink
   * counts five: 11 is long, long, short. Then the heartbeat goes on.
   */
  verdict(verdict: Verdict): void;
}

/** Shows what the unit is doing. `logging` is asked before every heartbeat: a unit that does not log shows none. */
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

  /** Plays a pattern `times` times, at once or after the pattern's last pause. */
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
    syncing() {
      if (pattern !== FLICKER) play(FLICKER, Number.POSITIVE_INFINITY, false);
    },
    verdict(verdict) {
      if (verdict === VERDICT.allSent) {
        play(ALL_SENT, 1, true);
        return;
      }
      const blinking: number[] = [];
      // 5 itself is five short blinks: a single long one could be taken for `ALL_SENT`.
      for (let left: number = verdict; left > 0; ) {
        const isLong = verdict > 5 && left >= 5;
        blinking.push(isLong ? LONG_ON_MS : BLINK_ON_MS, BLINK_OFF_MS);
        left -= isLong ? 5 : 1;
      }
      blinking[blinking.length - 1] = BLINKS_APART_MS;
      play(blinking, VERDICT_REPEATS, true);
    },
  };
}
