/** Espruino's buses, as the adapters use them (src/jswrap_onewire.c, src/jswrap_spi_i2c.c of 2v29.277; read). */

declare var OneWire: { new (pin: Pin): EspruinoOneWire };
interface EspruinoOneWire {
  /** False when no chip pulled the line low. */
  reset(): boolean;
  skip(): void;
  /** Resets first. Throws a TypeError if `rom` has not 16 characters. */
  select(rom: string): void;
  write(bytes: number | number[], power?: boolean): void;
  read(bytes: number): Uint8Array;
  /** The ROM codes of all chips on the wire, 16 lower-case hexadecimal digits each. */
  search(): string[];
}

declare var I2C1: EspruinoI2c;
/** The ESP32-C3 has none. */
declare var I2C2: EspruinoI2c;
interface EspruinoI2c {
  setup(options: { sda: Pin; scl: Pin; bitrate: number }): void;
  /** On ESP32 both throw when the chip doesn't acknowledge (targets/esp32/jshardwareI2c.c). */
  writeTo(address: number, bytes: number[]): void;
  readFrom(address: number, bytes: number): Uint8Array;
}

/** Without `sck`, `send` puts each bit out on `mosi` and takes one in from `miso`, by software (src/jsspi.c). */
declare var SPI: { new (): EspruinoSpi };
interface EspruinoSpi {
  setup(options: { miso: Pin; mosi: Pin }): void;
  send(bytes: Uint8Array): Uint8Array;
}
