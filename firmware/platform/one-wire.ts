import type { OneWire as OneWirePort } from "./ports.ts";

/** A 1-Wire bus on `pin`, with Espruino's timing (src/jswrap_onewire.c). Each call blocks for 65 µs a bit, a reset for 1 ms. */
export function openOneWire(pin: string): OneWirePort {
  let wire: EspruinoOneWire | undefined;

  function open(): EspruinoOneWire {
    if (wire === undefined) wire = new OneWire(new Pin(pin));
    return wire;
  }

  return {
    reset() {
      return open().reset();
    },
    select(rom) {
      if (rom === undefined) open().skip();
      else open().select(rom);
    },
    write(bytes) {
      open().write(bytes);
    },
    read(bytes) {
      return open().read(bytes);
    },
  };
}
