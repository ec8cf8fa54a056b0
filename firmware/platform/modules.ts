/**
 * Espruino's published sensor modules (https://www.espruino.com/modules/, read 2026-07) and the buses they sit on.
 * Each is required by name in a function of its own: EspruinoTools looks for such calls when it flashes, and puts the modules
 * beside the program. A function that no sensor of the device file uses is not in the bundle.
 */

/** A DS18B20. `getTemp(true)` starts a conversion and returns the result of the one before in °C; null when the chip is not on the bus. */
export interface Ds18b20 {
  getTemp(verify: boolean): number | null;
}

/** A DHT22. Answers within 20 tries of 50 ms; both members are -1 when all of them failed. */
export interface Dht22 {
  read(callback: (answer: { temp: number; rh: number }) => void): void;
}

/** A BME280 or BMP280: raw registers, and Bosch's compensation. Temperature must be calibrated before the others. */
export interface Bme280 {
  readRawData(): void;
  temp_raw: number;
  pres_raw: number;
  hum_raw: number;
  /** In 0.01 °C. */
  calibration_T(raw: number): number;
  /** In Pa. */
  calibration_P(raw: number): number;
  /** In 1/1024 % relative humidity. BME280 only. */
  calibration_H(raw: number): number;
}

/** Throws when the module is missing. `rom` is the chip's own code on a shared bus; without it the first chip found is taken. */
export function openDs18b20(pin: string, rom: string | undefined): Ds18b20 {
  return require("DS18B20").connect(new OneWire(new Pin(pin)), rom);
}

export function openDht22(pin: string): Dht22 {
  return require("DHT22").connect(new Pin(pin));
}

/** Both chips are looked for at address 0x76 (SDO to ground): the modules know no other. */
export function openBme280(sda: string, scl: string): Bme280 {
  I2C1.setup({ sda: new Pin(sda), scl: new Pin(scl) });
  return require("BME280").connect(I2C1);
}

export function openBmp280(sda: string, scl: string): Bme280 {
  I2C1.setup({ sda: new Pin(sda), scl: new Pin(scl) });
  return require("BMP280").connect(I2C1);
}

/** A timer for a sensor that needs time to convert. */
export function after(delayMs: number, callback: () => void): void {
  setTimeout(callback, delayMs);
}
