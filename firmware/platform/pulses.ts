/** A contact bounces as it opens too. An edge that comes this part of `debounceMs` after the opposite one is such a bounce. */
const OPENING_PART = 0.25;

/**
 * Calls back at edges of `pin`, for ever. An edge counts at once; those within `debounceMs` after it don't, and neither do those
 * that follow the opposite edge within a quarter of that time. 0 takes every edge.
 * Espruino's own `debounce` waits until the level has settled for the whole time: a contact that closes for less, or opens for
 * less, is not seen at all (src/jsinteractive.c).
 * Edges wait in Espruino's event queue while the interpreter is busy; what overflows it is lost (the console prints FIFO_FULL).
 */
export function watchPulses(pin: string, edge: "rising" | "falling", debounceMs: number, onPulse: () => void): void {
  let countedAtS = -1e9;
  setWatch(
    (event) => {
      const sinceMs = (event.time - countedAtS) * 1000;
      // At the first edge `lastTime` is undefined, and this is NaN.
      const oppositeMs = (event.time - event.lastTime) * 1000;
      // Negative: the clock was set back. Such an edge counts.
      if (sinceMs >= 0 && sinceMs < debounceMs) return;
      if (oppositeMs >= 0 && oppositeMs < debounceMs * OPENING_PART) return;
      countedAtS = event.time;
      onPulse();
    },
    new Pin(pin),
    { repeat: true, edge, debounce: 0 },
  );
}
