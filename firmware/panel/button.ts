import type { Pins, Timers } from "../platform/ports.ts";

/** A press is short up to here; a longer one is a hold (the case leaning on it) and does nothing. */
export const SHORT_PRESS_MS = 2000;

/** Calls `onPress` on the release of a short press. Debouncing is the port's; what a press means while syncing is the delivery's. */
export function startButton(
  pins: Pins,
  timers: Pick<Timers, "nowMs">,
  button: { pin: string; activeLow: boolean },
  onPress: () => void,
): void {
  let pressedAtMs = -1;
  pins.watchButton(button.pin, button.activeLow, (pressed) => {
    if (pressed) {
      pressedAtMs = timers.nowMs();
      return;
    }
    // A release without a press is a button that was held since before the start.
    if (pressedAtMs < 0) return;
    const heldMs = timers.nowMs() - pressedAtMs;
    pressedAtMs = -1;
    // Below 0 the clock jumped in between: nobody knows how long it was.
    if (heldMs >= 0 && heldMs <= SHORT_PRESS_MS) onPress();
  });
}
