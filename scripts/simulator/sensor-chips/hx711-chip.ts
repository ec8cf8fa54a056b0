/**
 * A HX711 (Avia Semiconductor, "serial interface"): the data line falls when a value is there; each rising clock puts out
 * the next of 24 bits, highest first; the 25th takes the line high. `createSoftSpi` is what Espruino's `SPI` does without
 * `sck` (2v29.277, src/jsspi.c, jsspiSoftwareFunc): for each bit, highest first, it sets `mosi` and then reads `miso`.
 */

export interface Hx711Chip {
  /** 24 bits, unsigned. */
  raw: number;
  plugged: boolean;
  /** Clocks that the chip misses in the next transfer. */
  lostClocks: number;
  /** Level of the data line. Without a chip the pull-up holds it high. */
  level(): number;
  clockRises(): void;
}

export function createHx711Chip(nowMs: () => number): Hx711Chip {
  let clocks = 0;
  let readyMs = nowMs() + 400;
  const chip: Hx711Chip = {
    raw: 0x012345,
    plugged: true,
    lostClocks: 0,
    level() {
      if (!chip.plugged) return 1;
      if (clocks > 0) return clocks > 24 ? 1 : (chip.raw >> (24 - clocks)) & 1;
      return nowMs() >= readyMs ? 0 : 1;
    },
    clockRises() {
      if (chip.lostClocks > 0) chip.lostClocks--;
      else clocks++;
      if (clocks < 25) return;
      clocks = 0;
      readyMs = nowMs() + 100;
    },
  };
  return chip;
}

export interface SoftSpi {
  setup(options: object): void;
  send(bytes: ArrayLike<number>): Uint8Array;
}

export function createSoftSpi(chip: Hx711Chip): SoftSpi {
  let clock = 0;
  return {
    setup() {},
    send(bytes) {
      const read = new Uint8Array(bytes.length);
      for (let i = 0; i < bytes.length; i++) {
        let byte = 0;
        for (let bit = 7; bit >= 0; bit--) {
          const level = (bytes[i] >> bit) & 1;
          if (level && !clock) chip.clockRises();
          clock = level;
          byte |= chip.level() << bit;
        }
        read[i] = byte;
      }
      return read;
    },
  };
}
