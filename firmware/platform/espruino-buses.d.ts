/** Espruino's buses, as the sensor modules take them (libs/js, src/jswrap_onewire.c, src/jswrap_spi_i2c.c of 2v29.277; read). */

declare var OneWire: { new (pin: Pin): EspruinoOneWire };
interface EspruinoOneWire {
  search(): string[];
}

declare var I2C1: EspruinoI2c;
interface EspruinoI2c {
  setup(options: { sda: Pin; scl: Pin }): void;
}
