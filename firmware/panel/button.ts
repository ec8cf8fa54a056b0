import type { Pins, Timers } from "../platform/ports.ts";

/** Longest press that counts. A longer one, such as something leaning on the button, does nothing. */
export const SHORT_PRESS_MS = 2000;

/** Calls `onPress` on the release of a short press. The port debounces. The delivery decides what a press during a sync means. */
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
    // A release without a press: the button was held since before the start.
    if (pressedAtMs < 0) return;
    const heldMs = timers.nowMs() - pressedAtMs;
    pressedAtMs = -1;
    // Below 0 the clock jumped in between, and the length of the press is unknown.
    if (heldMs >= 0 && heldMs <= SHORT_PRESS_MS) onPress();
  });
}
