/**
 * Calls back at every edge of `pin`, for ever. Edges closer together than `debounceMs` count once; 0 takes every one.
 * Edges wait in Espruino's event queue while the interpreter is busy; what overflows it is lost (jsinteractive.c prints FIFO_FULL).
 */
export function watchPulses(pin: string, edge: "rising" | "falling", debounceMs: number, onPulse: () => void): void {
  setWatch(onPulse, new Pin(pin), { repeat: true, edge, debounce: debounceMs });
}
