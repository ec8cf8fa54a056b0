import { after } from "./after.ts";

/** A clock high and low, four times; and the 25th clock, which asks for channel A at gain 128 next. */
const FOUR_CLOCKS = 0xaa;
const LAST_CLOCK = 0x80;
/** The chip has a value every 100 ms, or every 12.5 with RATE high; after power-up the first comes after 400. */
const POLL_MS = 60;
const POLLS = 10;

/** The four data bits among eight that were read, one at each clock's high half. */
function nibble(byte: number): number {
  return (byte & 128 ? 8 : 0) + (byte & 32 ? 4 : 0) + (byte & 8 ? 2 : 0) + (byte & 2 ? 1 : 0);
}

/** Reads the next value of a HX711, as an unsigned number of 24 bits. `done` gets undefined and the reason if none comes. */
export type ReadLoadCell = (done: (raw: number | undefined, why?: string) => void) => void;

/**
 * A HX711 on two pins. A clock that stays high for 60 µs turns the chip off, and the interpreter is too slow for a shorter one.
 * So the data output of Espruino's software SPI is the clock: it needs a few µs a bit (src/jsspi.c; Espruino's own module does
 * the same). UNVERIFIED on our boards.
 */
export function openLoadCell(data: string, clock: string): ReadLoadCell {
  let spi: EspruinoSpi | undefined;
  return (done) => {
    const input = new Pin(data);
    if (spi === undefined) {
      const port = new SPI();
      port.setup({ miso: input, mosi: new Pin(clock) });
      digitalWrite(new Pin(clock), 0);
      spi = port;
    }
    const wires = spi;
    let polls = 0;

    function step(): number | undefined {
      // High until there is a value.
      if (digitalRead(input)) {
        if (++polls === POLLS) throw new Error("the HX711 has no value: is it wired, and has it power?");
        return undefined;
      }
      const bits = wires.send(
        new Uint8Array([FOUR_CLOCKS, FOUR_CLOCKS, FOUR_CLOCKS, FOUR_CLOCKS, FOUR_CLOCKS, FOUR_CLOCKS, LAST_CLOCK]),
      );
      // The 25th clock takes the line high again. It doesn't if a clock was lost, or if the line is held low.
      if (!digitalRead(input)) throw new Error("the HX711 lost a clock");
      let raw = 0;
      for (let i = 0; i < 6; i++) raw = raw * 16 + nibble(bits[i]);
      return raw;
    }

    function next(raw: number | undefined, why?: string) {
      if (raw === undefined && why === undefined) after<number | undefined>(POLL_MS, step, next);
      else done(raw, why);
    }

    after<number | undefined>(0, step, next);
  };
}
