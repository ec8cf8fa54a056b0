/** Answers begin at once and take some 5 ms; the rest is room for an interpreter that is busy. */
const LISTEN_MS = 40;
/** More falls than any chip's answer has: the line picks up noise, and the rest would only take memory. */
const FALLS_MAX = 100;

/**
 * Asks a chip that answers in pulses: pulls `pin` low for at least `lowMs`, lets go, and hands over how long the line was high
 * before each fall of the answer, in µs and in order. Edges carry the time of their interrupt, so a busy interpreter does no
 * harm (src/jsinteractive.c: `lastTime` is the time of the edge before, in either direction). UNVERIFIED on our boards.
 */
export function askForPulses(pin: string, lowMs: number, done: (highUs: number[]) => void): void {
  const line = new Pin(pin);
  const highUs: number[] = [];
  pinMode(line, "output");
  digitalWrite(line, 0);
  setTimeout(() => {
    // On ESP32 `setWatch` itself lets go of the line: it makes the pin an input with pull-up (targets/esp32/jshardware.c,
    // jshPinWatch).
    // So it is called at the end of the low time, and not before it.
    const watch = setWatch(
      (event) => {
        if (highUs.length < FALLS_MAX) highUs.push((event.time - event.lastTime) * 1e6);
      },
      line,
      { repeat: true, edge: "falling", debounce: 0 },
    );
    pinMode(line, "input_pullup");
    setTimeout(() => {
      clearWatch(watch);
      done(highUs);
    }, LISTEN_MS);
  }, lowMs);
}
