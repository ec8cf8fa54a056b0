import type { Sensor } from "../device-types.ts";
import { after } from "../platform/after.ts";
import { openI2c } from "../platform/i2c.ts";
import type { I2c } from "../platform/ports.ts";
import { airPressure, celsius, fineTemperature, relativeHumidity } from "./bosch-formulas.ts";
import { inRange } from "./in-range.ts";
import { shareReading } from "./shared-reading.ts";

/** Registers, by the names of the datasheets' memory maps (BME280 5.3, BMP280 4.2). */
const REG = {
  calibration: 0x88,
  id: 0xd0,
  calibrationHumidity: 0xe1,
  ctrlHum: 0xf2,
  status: 0xf3,
  ctrlMeas: 0xf4,
  data: 0xf7,
};
const BME280_ID = 0x60;
const BMP280_ID = 0x58;
/** All three oversampled once, then one measurement (forced mode). */
const HUMIDITY_ONCE = 0x01;
const MEASURE_ONCE = 0x25;
const STATUS_MEASURING = 0x08;
/** BME280 9.1: 9.3 ms at most; BMP280 3.8.1: 6.4 ms. */
const MEASURING_MS = 12;
/** What a channel holds that was not measured: skipped, or the chip lost its power. BME280 5.4.7, 5.4.8. */
const SKIPPED = 0x80000;
const SKIPPED_HUMIDITY = 0x8000;

/** One measurement as the chip gives it, with what belongs to it. */
interface Measured {
  isBme280: boolean;
  adcTemperature: number;
  adcPressure: number;
  adcHumidity: number;
  /** Registers 0x88 to 0xA1. */
  calibration: Uint8Array;
  /** Registers 0xE1 to 0xE7. */
  calibrationHumidity: Uint8Array;
}

function readRegisters(bus: I2c, address: number, from: number, bytes: number): Uint8Array {
  bus.write(address, [from]);
  return bus.read(address, bytes);
}

/** 20 bits, highest first. */
function adc20(data: Uint8Array, at: number): number {
  return data[at] * 4096 + data[at + 1] * 16 + (data[at + 2] >> 4);
}

/**
 * One measurement for all datastreams that are due. Nothing is kept from one to the next, not even the calibration: so a chip
 * that lost its power, or was exchanged, is right again at the next reading. All of it is 64 bytes on the bus, 6 ms.
 */
function boschChip(sda: string, scl: string, address: number) {
  const bus = openI2c(sda, scl);
  return shareReading<Measured>((done) => {
    const id = readRegisters(bus, address, REG.id, 1)[0];
    const isBme280 = id === BME280_ID;
    if (!isBme280 && id !== BMP280_ID) throw new Error(`the chip's id is ${id}: no BME280 or BMP280`);
    // Takes effect with the write to ctrl_meas (BME280 5.4.3).
    if (isBme280) bus.write(address, [REG.ctrlHum, HUMIDITY_ONCE]);
    bus.write(address, [REG.ctrlMeas, MEASURE_ONCE]);

    after(
      MEASURING_MS,
      () => {
        if (readRegisters(bus, address, REG.status, 1)[0] & STATUS_MEASURING)
          throw new Error("the chip does not finish its measurement");
        const data = readRegisters(bus, address, REG.data, isBme280 ? 8 : 6);
        return {
          isBme280,
          adcPressure: adc20(data, 0),
          adcTemperature: adc20(data, 3),
          adcHumidity: isBme280 ? data[6] * 256 + data[7] : SKIPPED_HUMIDITY,
          calibration: readRegisters(bus, address, REG.calibration, 26),
          calibrationHumidity: isBme280 ? readRegisters(bus, address, REG.calibrationHumidity, 7) : data,
        };
      },
      done,
    );
  });
}

/** The temperature in the unit of the other two formulas. */
function fineOf(air: Measured): number {
  if (air.adcTemperature === SKIPPED) throw new Error("the chip measured no temperature");
  // A line that is shorted during the reading gives zeros or ones. The formula would make 0 °C of them.
  const digT1High = air.calibration[1];
  if (digT1High === 0 || digT1High === 255) throw new Error("the bus broke off");
  const fine = fineTemperature(air.calibration, air.adcTemperature);
  inRange(celsius(fine), -40, 85);
  return fine;
}

function temperatureOf(air: Measured): number {
  return celsius(fineOf(air));
}

function pressureOf(air: Measured): number {
  if (air.adcPressure === SKIPPED) throw new Error("the chip measured no pressure");
  return inRange(airPressure(air.calibration, air.adcPressure, fineOf(air)) / 100, 300, 1100);
}

function humidityOf(air: Measured): number {
  if (!air.isBme280) throw new Error("the chip is a BMP280, whatever its label says: it measures no humidity");
  if (air.adcHumidity === SKIPPED_HUMIDITY) throw new Error("the chip measured no humidity");
  return inRange(relativeHumidity(air.calibration[25], air.calibrationHumidity, air.adcHumidity, fineOf(air)), 0, 100);
}

/**
 * Temperature (°C, -40 to 85, ±1), pressure (hPa, 300 to 1100, ±1) and relative humidity (%, 0 to 100, ±3) from a BME280.
 *
 * Wiring: VIN to 3.3 V, GND to ground, SDA and SCL to any two free pins (D21 and D22 by custom), CSB to 3.3 V on bare
 * breakouts. SDO to ground is address 0x76; SDO to 3.3 V is 0x77 (some breakouts have it so). Two chips, one at each
 * address, share the pins. Each reading is one measurement, begun at that time: in between the chip sleeps, and stays cool.
 * Many breakouts sold as BME280 carry a BMP280. Then temperature and pressure work, humidity fails, and the log says why.
 * Datasheet: Bosch BST-BME280-DS002 rev. 1.6.
 */
export function bme280(
  sda: string,
  scl: string,
  address?: 0x76 | 0x77,
): { temperature: Sensor; pressure: Sensor; humidity: Sensor } {
  const make = boschChip(sda, scl, address ?? 0x76);
  return { temperature: make(temperatureOf), pressure: make(pressureOf), humidity: make(humidityOf) };
}

/**
 * Temperature (°C, -40 to 85, ±1) and pressure (hPa, 300 to 1100, ±1) from a BMP280: a BME280 without humidity, wired alike.
 *
 * Datasheet: Bosch BST-BMP280-DS001 rev. 1.26.
 */
export function bmp280(sda: string, scl: string, address?: 0x76 | 0x77): { temperature: Sensor; pressure: Sensor } {
  const make = boschChip(sda, scl, address ?? 0x76);
  return { temperature: make(temperatureOf), pressure: make(pressureOf) };
}
