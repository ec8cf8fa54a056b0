import type { Sensor } from "../device-types.ts";
import { type Bme280, openBme280, openBmp280 } from "../platform/modules.ts";

/** What the registers hold before the first measurement. Datasheet 5.4.7, 5.4.8. */
const NOTHING_MEASURED = 0x80000;

/** Shared by both chips: reads when first asked, and once for all datastreams that are due together. */
function readings(open: () => Bme280) {
  let chip: Bme280 | undefined;
  return (done: (value: number) => void, convert: (chip: Bme280) => number) => {
    // A chip that lost power sleeps, and answers as if nothing had been measured: the next reading sets it up anew.
    if (chip === undefined) chip = open();
    const found = chip;
    chip = undefined;
    found.readRawData();
    // A bus without a chip reads as 0 or as all ones.
    const raw = found.temp_raw;
    const silent = !(raw > 0) || raw === NOTHING_MEASURED || raw === 0xfffff;
    if (silent) {
      done(Number.NaN);
      return;
    }
    chip = found;
    // Sets what the other two conversions need.
    const celsius = found.calibration_T(raw) / 100;
    done(celsius >= -40 && celsius <= 85 ? convert(found) : Number.NaN);
  };
}

/**
 * Temperature (°C, -40 to 85, ±1), pressure (hPa, 300 to 1100, ±1) and relative humidity (%, ±3) from a BME280.
 *
 * Wiring: VIN to 3.3 V, GND to ground, SDA and SCL to any two free pins (D21 and D22 by custom), SDO to ground
 * (address 0x76, the only one that the module knows), CSB to 3.3 V on bare breakouts.
 * The chip measures once a second by itself; a reading is at most that old. It warms itself by up to 1 °C.
 * Datasheet: Bosch BST-BME280-DS002 rev. 1.6. Module: https://www.espruino.com/BME280
 */
export function bme280(sda: string, scl: string): { temperature: Sensor; pressure: Sensor; humidity: Sensor } {
  const read = readings(() => openBme280(sda, scl));
  return {
    temperature(done) {
      read(done, (chip) => chip.calibration_T(chip.temp_raw) / 100);
    },
    pressure(done) {
      read(done, (chip) => chip.calibration_P(chip.pres_raw) / 100);
    },
    humidity(done) {
      read(done, (chip) => chip.calibration_H(chip.hum_raw) / 1024);
    },
  };
}

/**
 * Temperature (°C, -40 to 85, ±1) and pressure (hPa, 300 to 1100, ±1) from a BMP280: a BME280 without humidity, wired alike.
 *
 * Datasheet: Bosch BST-BMP280-DS001 rev. 1.26. Module: https://www.espruino.com/BMP280
 */
export function bmp280(sda: string, scl: string): { temperature: Sensor; pressure: Sensor } {
  const read = readings(() => openBmp280(sda, scl));
  return {
    temperature(done) {
      read(done, (chip) => chip.calibration_T(chip.temp_raw) / 100);
    },
    pressure(done) {
      read(done, (chip) => chip.calibration_P(chip.pres_raw) / 100);
    },
  };
}
