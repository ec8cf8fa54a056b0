/**
 * What Espruino's `OneWire` does with the chips on a line (2v29.277, src/jswrap_onewire.c): `select` resets, `skip` doesn't;
 * bits that no chip pulls low read as ones; several chips that answer at once read as their AND.
 */

/** A chip on the line, byte by byte. */
export interface OneWireChip {
  /** ROM code, 16 hexadecimal digits. */
  rom: string;
  /** False while it has no power or is unplugged: it neither pulls the line nor takes anything. */
  present(): boolean;
  /** A byte after the chip was addressed. */
  take(byte: number): void;
  /** The next byte that it sends; 0xFF when it has nothing to say. */
  give(): number;
}

export interface OneWireLine {
  reset(): boolean;
  select(rom: string): void;
  skip(): void;
  write(bytes: number | ArrayLike<number>): void;
  read(count: number): Uint8Array;
  search(): string[];
}

/** `isShorted`: the line is held at ground, and everything reads as 0. */
export function createOneWireLine(chips: OneWireChip[], isShorted: () => boolean): OneWireLine {
  let addressed: OneWireChip[] = [];
  const here = () => chips.filter((chip) => chip.present());
  return {
    reset() {
      addressed = [];
      return isShorted() || here().length > 0;
    },
    select(rom) {
      if (rom.length !== 16) throw new TypeError(`Invalid OneWire device address "${rom}"`);
      addressed = here().filter((chip) => chip.rom.toLowerCase() === rom.toLowerCase());
    },
    skip() {
      addressed = here();
    },
    write(bytes) {
      const list = typeof bytes === "number" ? [bytes] : bytes;
      for (let i = 0; i < list.length; i++) {
        const byte = list[i];
        addressed.forEach((chip) => {
          if (chip.present()) chip.take(byte);
        });
      }
    },
    read(count) {
      const bytes = new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        let byte = isShorted() ? 0 : 0xff;
        addressed.forEach((chip) => {
          if (chip.present()) byte &= chip.give();
        });
        bytes[i] = byte;
      }
      return bytes;
    },
    search: () => here().map((chip) => chip.rom),
  };
}
