/**
 * What Espruino's `I2C1` does with the chips on the bus (2v29.277, src/jswrap_spi_i2c.c): `writeTo` and `readFrom` are one
 * transfer each. On ESP32 both throw when the port was not set up, or when no chip acknowledges (targets/esp32/jshardwareI2c.c).
 */

/** A chip on the bus. Both return false or undefined to refuse (NACK). */
export interface I2cChip {
  address: number;
  /** False while it has no power or is unplugged. */
  present(): boolean;
  take(bytes: number[]): boolean;
  give(count: number): number[] | undefined;
}

export interface I2cPort {
  setup(options: object): void;
  writeTo(address: number, bytes: ArrayLike<number>): void;
  readFrom(address: number, count: number): Uint8Array;
  /** How often the port was set up. */
  setups: number;
  /** The bus hangs until the port is set up anew. */
  isHanging: boolean;
}

export function createI2cPort(chips: I2cChip[]): I2cPort {
  function at(address: number): I2cChip | undefined {
    if (port.setups === 0) throw new Error("I2C driver is not installed");
    if (port.isHanging) throw new Error("jshI2CWrite:, Operation timeout because the bus is busy");
    return chips.find((chip) => chip.address === address && chip.present());
  }

  const port: I2cPort = {
    setups: 0,
    isHanging: false,
    setup() {
      port.setups++;
      port.isHanging = false;
    },
    writeTo(address, bytes) {
      const chip = at(address);
      const list: number[] = [];
      for (let i = 0; i < bytes.length; i++) list.push(bytes[i]);
      if (chip === undefined || !chip.take(list)) throw new Error("jshI2CWrite: slave doesn't ACK the transfer");
    },
    readFrom(address, count) {
      const chip = at(address);
      const bytes = chip === undefined ? undefined : chip.give(count);
      if (bytes === undefined) throw new Error("jshI2CRead: slave doesn't ACK the transfer");
      const read = new Uint8Array(count);
      // A chip that has no more to say lets go of the line: ones.
      for (let i = 0; i < count; i++) read[i] = i < bytes.length ? bytes[i] : 0xff;
      return read;
    },
  };
  return port;
}
