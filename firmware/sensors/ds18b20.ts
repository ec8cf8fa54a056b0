import type { Sensor } from "../device-types.ts";
import { after } from "../platform/after.ts";
import { openOneWire } from "../platform/one-wire.ts";
import { inRange } from "./in-range.ts";

/** At 12 bits. Datasheet, "AC electrical characteristics": 750 ms at most. */
const CONVERSION_MS = 750;
const CONVERT_T = 0x44;
const READ_SCRATCHPAD = 0xbe;
const SCRATCHPAD_BYTES = 9;
/** What the chip holds from power-on until its first conversion: 85 °C. Datasheet, "Operation—measuring temperature". */
const POWER_ON_RAW = 0x0550;
/**
 * Byte 6 of the scratchpad is reserved. It is 0x0C after power-on; a conversion sets it to 16 − (byte 0 & 15), so to 0x10 at
 * 85 °C. Older editions of the datasheet draw 0x0C there; the rest was observed on chips (github cpetrich/counterfeit_DS18B20).
 * UNVERIFIED on ours. Clones whose byte 6 never changes lose readings of exactly 85.0 °C.
 */
const POWER_ON_BYTE_6 = 0x0c;

/** The 1-Wire CRC: x^8 + x^5 + x^4 + 1, lowest bit first. 0 over data and their CRC together. Maxim application note 27. */
export function oneWireCrc(bytes: ArrayLike<number>): number {
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i];
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8c : crc >> 1;
  }
  return crc;
}

function checkRom(rom: string) {
  const bytes: number[] = [];
  for (let i = 0; i < rom.length; i += 2) bytes.push(parseInt(rom.substr(i, 2), 16));
  if (rom.length !== 16 || oneWireCrc(bytes) !== 0)
    throw new Error(`${rom} is no 1-Wire address: its check digits are wrong`);
}

/** The scratchpad as °C. Throws what is wrong with it. */
export function celsiusOf(scratchpad: Uint8Array): number {
  if (oneWireCrc(scratchpad) !== 0) {
    throw new Error("wrong checksum: a bad cable, or several chips on the wire without an address");
  }
  const config = scratchpad[4];
  // A shorted line reads as zeros, whose CRC is right. A DS18S20 has ones here, and another format.
  if ((config & 0x9f) !== 0x1f) throw new Error("no DS18B20 on the wire");
  const unsigned = scratchpad[1] * 256 + scratchpad[0];
  if (unsigned === POWER_ON_RAW && scratchpad[6] === POWER_ON_BYTE_6) {
    throw new Error("the chip lost its power during the conversion");
  }
  // With fewer than 12 bits, the lowest ones mean nothing: 3, 2, 1 or none of them.
  const step = 8 >> (config >> 5);
  const raw = unsigned < 0x8000 ? unsigned : unsigned - 0x10000;
  return inRange((Math.floor(raw / step) * step) / 16, -55, 125);
}

/**
 * Temperature in °C from a DS18B20, -55 to 125; ±0.5 from -10 to 85.
 *
 * Wiring: red to 3.3 V, black to ground, yellow to any free pin, 4.7 kΩ from yellow to 3.3 V. Three wires: two-wire
 * (parasitic) power isn't supported, as the bus is used again while the chip converts.
 * Several on one wire: give each its `rom`, 16 hexadecimal digits, as `npm run doctor` lists them.
 * The sample's time is that of the beginning of the conversion. A reading takes 0.75 s, of which 12 ms block.
 * Datasheet: Maxim DS18B20, 19-7487 rev. 6.
 */
export function ds18b20(pin: string, rom?: string): Sensor {
  // While the device file loads, so that the build refuses a typing error.
  if (rom !== undefined) checkRom(rom);
  const wire = openOneWire(pin);

  function address() {
    if (!wire.reset()) throw new Error("no chip on the wire");
    wire.select(rom);
  }

  return (done) => {
    address();
    wire.write([CONVERT_T]);
    after(
      CONVERSION_MS,
      () => {
        address();
        wire.write([READ_SCRATCHPAD]);
        return celsiusOf(wire.read(SCRATCHPAD_BYTES));
      },
      (celsius, why) => done(celsius ?? Number.NaN, why),
    );
  };
}
