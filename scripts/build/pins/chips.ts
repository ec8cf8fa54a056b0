/** The chips that Espruino runs on, pin by pin: what each pin may be used for. */

/** As `board` in a device file names them. */
export type ChipName = "ESP32" | "ESP32C3" | "ESP32S3";

export interface Chip {
  name: ChipName;
  /** Numbers of the pins that the chip has. */
  pins: number[];
  /** Wired to the module's own flash. The chip restarts or hangs when they are used. */
  flash: number[];
  /** What Espruino's `analogRead` reads. */
  analog: number[];
  /** ADC2, which the radio uses. */
  adc2: number[];
  /** They have neither an output nor a pull-up. */
  inputOnly: number[];
  /** The console's, with what they are. */
  console: { [pin: number]: string };
  /** Looked at by the ROM at power-on: what must not be wired to them. */
  strapping: { [pin: number]: string };
  /** Boards have their BOOT button on it: low at power-on, it starts the ROM loader. */
  boot: number;
  /** Names that Espruino's board file gives. */
  aliases: { [name: string]: number };
  /** Offered in place of a pin that does not do, the best first: outputs and pull-ups. */
  freeDigital: number[];
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * Sources: Espruino c5ff787b1, boards/ESP32.py, ESP32C3_IDF4.py, ESP32S3_IDF4.py (pins, analog, console, aliases), read;
 * Espressif's datasheets of the three chips, chapters “Pins” and “Strapping pins” (flash, ADC2, input only, strapping),
 * UNVERIFIED on boards.
 * Espruino names more pins than a chip has (D20 on an ESP32, D22 to D25 on an ESP32-S3): those are left out.
 */
export const CHIPS: { [name in ChipName]: Chip } = {
  ESP32: {
    name: "ESP32",
    pins: [...range(0, 19), ...range(21, 23), ...range(25, 27), ...range(32, 39)],
    flash: range(6, 11),
    analog: range(32, 39),
    adc2: [0, 2, 4, 12, 13, 14, 15, 25, 26, 27],
    inputOnly: range(34, 39),
    console: { 1: "the console sends on it", 3: "the console receives on it" },
    strapping: {
      0: "low at power-on starts the ROM loader instead of the firmware",
      2: "high at power-on keeps esptool from flashing",
      5: "low at power-on changes the timing of SDIO",
      12: "high at power-on sets the flash to 1.8 V, and the chip does not start",
      15: "low at power-on silences the ROM's messages",
    },
    boot: 0,
    aliases: { LED1: 2, BTN1: 0 },
    freeDigital: [27, 26, 25, 33, 32, 13, 14, 4, 16, 17, 18, 19, 21, 22, 23],
  },
  ESP32C3: {
    name: "ESP32C3",
    pins: range(0, 21),
    flash: range(12, 17),
    analog: range(0, 4),
    adc2: [5],
    inputOnly: [],
    console: {
      18: "the USB console's D-",
      19: "the USB console's D+",
      20: "the console receives on it",
      21: "the console sends on it",
    },
    strapping: {
      2: "which has to be high at power-on",
      8: "low at power-on keeps esptool from flashing",
      9: "low at power-on starts the ROM loader instead of the firmware",
    },
    boot: 9,
    aliases: { LED1: 2, BTN1: 0 },
    freeDigital: [10, 7, 6, 5, 4, 3, 1, 0],
  },
  ESP32S3: {
    name: "ESP32S3",
    pins: [...range(0, 21), ...range(26, 48)],
    flash: range(26, 32),
    // The board file gives no pin an ADC channel.
    analog: [],
    adc2: range(11, 20),
    inputOnly: [],
    console: {
      19: "the USB console's D-",
      20: "the USB console's D+",
      43: "the console sends on it",
      44: "the console receives on it",
    },
    strapping: {
      0: "low at power-on starts the ROM loader instead of the firmware",
      3: "it chooses the source of JTAG",
      45: "high at power-on sets the flash to 1.8 V, and the chip does not start",
      46: "high at power-on together with a low D0 keeps esptool from flashing",
    },
    boot: 0,
    aliases: { LED1: 2, BTN1: 0 },
    freeDigital: [4, 5, 6, 7, 15, 16, 17, 18, 8, 9, 10, 11, 12, 13, 14, 21],
  },
};

/** The chip of a board as Espruino names it: "ESP32_IDF4" and "ESP32" are one chip, "ESP32C3_IDF5" is another. */
export function chipOfBoard(board: string): ChipName | undefined {
  return /^ESP32C3/.test(board)
    ? "ESP32C3"
    : /^ESP32S3/.test(board)
      ? "ESP32S3"
      : /^ESP32(_|$)/.test(board)
        ? "ESP32"
        : undefined;
}

/** The number of a pin as a device file names it ("D34", "LED1"); undefined if the chip has none by that name. */
export function pinNumber(chip: Chip, name: string): number | undefined {
  const number = chip.aliases[name] ?? (/^D\d{1,2}$/.test(name) ? Number(name.slice(1)) : Number.NaN);
  return chip.pins.includes(number) ? number : undefined;
}
