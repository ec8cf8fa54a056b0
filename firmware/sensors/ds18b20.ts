import type { Sensor } from "../device-types.ts";
import { after, type Ds18b20, openDs18b20 } from "../platform/modules.ts";

/** At 12 bits. Datasheet, "AC electrical characteristics": 750 ms at most. */
const CONVERSION_MS = 800;
/** What the chip holds after power-on until its first conversion. Datasheet, "Operation—measuring temperature". */
const POWER_ON_CELSIUS = 85;

/**
 * Temperature in °C from a DS18B20, -55 to 125, ±0.5.
 *
 * Wiring: red to 3.3 V, black to ground, yellow to any free pin, 4.7 kΩ from yellow to 3.3 V. Three wires: two-wire
 * (parasitic) power isn't supported, as the bus is used again while the chip converts.
 * Several on one wire: give each its `rom`, as `(new OneWire(D4)).search()` lists them.
 * The sample's time is that of the beginning of the conversion. The chip's 85 °C after a power-on counts as a failed
 * reading, and so does exactly 85.0 °C.
 * Datasheet: Maxim DS18B20, 19-7487 rev. 6. Module: https://www.espruino.com/DS18B20
 */
export function ds18b20(pin: string, rom?: string): Sensor {
  let chip: Ds18b20 | undefined;
  return (done) => {
    // A chip that was not found is looked for again.
    if (chip === undefined) chip = openDs18b20(pin, rom);
    const found = chip;
    if (found.getTemp(true) === null) {
      chip = undefined;
      done(Number.NaN);
      return;
    }
    after(CONVERSION_MS, () => {
      const celsius = found.getTemp(true);
      if (celsius === null) chip = undefined;
      done(celsius === null || celsius === POWER_ON_CELSIUS ? Number.NaN : celsius);
    });
  };
}
