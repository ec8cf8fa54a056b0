/** What the sensors on I²C promise. The numbers of the first one are Bosch's worked example (BMP280, 3.12). */
import type { Sensor } from "../../../firmware/device-types.ts";
import { bme280, bmp280 } from "../../../firmware/sensors/bme280.ts";
import { scd4x } from "../../../firmware/sensors/scd4x.ts";
import { sht3x } from "../../../firmware/sensors/sht3x.ts";
import { sht4x } from "../../../firmware/sensors/sht4x.ts";
import {
  type BoschChip,
  createBoschChip,
  setHumidityCalibration,
  setWords,
} from "../../../scripts/simulator/sensor-chips/bosch-chip.ts";
import { createScd4xChip } from "../../../scripts/simulator/sensor-chips/scd4x-chip.ts";
import { createShtChip } from "../../../scripts/simulator/sensor-chips/sht-chip.ts";
import type { Promised } from "./contract.ts";
import { type Lab, runSteps } from "./lab.ts";

const SDA = "D21";
const SCL = "D22";

function plugInBosch(lab: Lab, id: 0x58 | 0x60, address: number): BoschChip {
  const chip = createBoschChip(id, address, lab.nowMs);
  lab.i2c.push(chip);
  return chip;
}

export const BOSCH_SENSORS: Promised<Lab>[] = [
  {
    title: "a BMP280 gives Bosch's worked example, and takes dig_T1 and dig_P1 for unsigned",
    run(lab, answer) {
      plugInBosch(lab, 0x58, 0x76);
      const air = bmp280(SDA, SCL);
      runSteps(
        [
          { read: air.temperature, gives: 25.08, within: 0.005 },
          { read: air.pressure, gives: 1006.5327, within: 0.0001 },
        ],
        answer,
      );
    },
  },
  {
    title: "a BME280 gives humidity too, and takes a negative dig_H5 for negative",
    run(lab, answer) {
      const chip = plugInBosch(lab, 0x60, 0x77);
      setHumidityCalibration(chip.registers, { h1: 75, h2: 362, h3: 0, h4: 313, h5: -50, h6: 30 });
      const air = bme280(SDA, SCL, 0x77);
      runSteps(
        [
          { read: air.temperature, gives: 25.08, within: 0.005 },
          // What the datasheet's other formula, for integers of 32 bits (4.2.3), gives for these numbers.
          { read: air.humidity, gives: 58116 / 1024, within: 0.01 },
        ],
        answer,
      );
    },
  },
  {
    title: "a BMP280 sold as a BME280 gives temperature and pressure, and says why there is no humidity",
    run(lab, answer) {
      plugInBosch(lab, 0x58, 0x76);
      const air = bme280(SDA, SCL);
      runSteps(
        [
          { read: air.humidity, fails: "BMP280" },
          { read: air.temperature, gives: 25.08, within: 0.005 },
          { read: air.pressure, gives: 1006.5327, within: 0.0001 },
        ],
        answer,
      );
    },
  },
  {
    title: "a chip that lost its power after the command fails, and is right at the next reading",
    run(lab, answer) {
      const chip = plugInBosch(lab, 0x60, 0x76);
      const air = bme280(SDA, SCL);
      function losePowerSoon() {
        setTimeout(() => chip.losePower(), 3);
      }
      runSteps(
        [
          { act: losePowerSoon, read: air.temperature, fails: "no temperature" },
          { act: losePowerSoon, read: air.pressure, fails: "no pressure" },
          { act: losePowerSoon, read: air.humidity, fails: "no humidity" },
          { read: air.temperature, gives: 25.08, within: 0.005 },
        ],
        answer,
      );
    },
  },
  {
    title: "skipped channels fail, each for itself",
    run(lab, answer) {
      const chip = plugInBosch(lab, 0x60, 0x76);
      const air = bme280(SDA, SCL);
      chip.adcPressure = 0x80000;
      chip.adcHumidity = 0x8000;
      runSteps(
        [
          { read: air.pressure, fails: "no pressure" },
          { read: air.humidity, fails: "no humidity" },
          { read: air.temperature, gives: 25.08, within: 0.005 },
        ],
        answer,
      );
    },
  },
  {
    title: "values beyond the datasheet's range fail, and so do calibrations of zeros",
    run(lab, answer) {
      const chip = plugInBosch(lab, 0x58, 0x76);
      const air = bmp280(SDA, SCL);
      runSteps(
        [
          {
            act() {
              chip.adcTemperature = 800000;
            },
            read: air.temperature,
            fails: "outside -40 to 85",
          },
          {
            act() {
              chip.adcTemperature = 519888;
              chip.adcPressure = 900000;
            },
            read: air.pressure,
            fails: "outside 300 to 1100",
          },
          {
            act() {
              chip.adcPressure = 415148;
              setWords(chip.registers, [27504, 26435, -1000, 0]);
            },
            read: air.pressure,
            fails: "outside 300 to 1100",
          },
          {
            act() {
              setWords(chip.registers, [0, 0, 0]);
            },
            read: air.temperature,
            fails: "the bus broke off",
          },
        ],
        answer,
      );
    },
  },
  {
    title: "a bus without the chip fails, a bus that hangs is set up anew, and another chip is refused",
    run(lab, answer) {
      const chip = plugInBosch(lab, 0x60, 0x76);
      chip.plugged = false;
      const air = bme280(SDA, SCL);
      runSteps(
        [
          { read: air.temperature, fails: "ACK" },
          {
            act() {
              chip.plugged = true;
            },
            read: air.temperature,
            gives: 25.08,
            within: 0.005,
          },
          {
            act() {
              lab.port.isHanging = true;
            },
            read: air.temperature,
            fails: "busy",
          },
          { read: air.temperature, gives: 25.08, within: 0.005 },
          {
            act() {
              chip.registers[0xd0] = 0x55;
            },
            read: air.temperature,
            fails: "id is 85",
          },
        ],
        answer,
      );
    },
  },
];

/** 100 × raw / 65535 of 0x8000. */
const HALF = 3276800 / 65535;

export const SENSIRION_SENSORS: Promised<Lab>[] = [
  {
    title: "a SHT3x and a SHT4x give temperature and humidity, and share the bus",
    run(lab, answer) {
      const three = createShtChip("SHT3x", 0x45, lab.nowMs);
      const four = createShtChip("SHT4x", 0x44, lab.nowMs);
      lab.i2c.push(three);
      lab.i2c.push(four);
      const shed = sht3x(SDA, SCL, 0x45);
      const yard = sht4x(SDA, SCL);
      // 0x6666 is two fifths of 0xFFFF: -45 + 175 × 0.4.
      runSteps(
        [
          { read: shed.temperature, gives: 25, within: 1e-6 },
          { read: shed.humidity, gives: HALF, within: 1e-6 },
          { read: yard.temperature, gives: 25, within: 1e-6 },
          { read: yard.humidity, gives: 1.25 * HALF - 6, within: 1e-6 },
        ],
        answer,
      );
    },
  },
  {
    title:
      "a SHT4x's humidity beyond 0 and 100 % is cut off, as the datasheet says, and a temperature out of range fails",
    run(lab, answer) {
      const chip = createShtChip("SHT4x", 0x44, lab.nowMs);
      lab.i2c.push(chip);
      const air = sht4x(SDA, SCL);
      chip.rawPercent = 0;
      runSteps(
        [
          { read: air.humidity, gives: 0 },
          {
            act() {
              chip.rawPercent = 0xffff;
              chip.rawCelsius = 0xffff;
            },
            read: air.humidity,
            gives: 100,
          },
          { read: air.temperature, fails: "outside -40 to 125" },
        ],
        answer,
      );
    },
  },
  {
    title: "a SHT3x with a wrong checksum, or unplugged, fails",
    run(lab, answer) {
      const chip = createShtChip("SHT3x", 0x44, lab.nowMs);
      lab.i2c.push(chip);
      const read = sht3x(SDA, SCL).humidity;
      chip.noise = 1;
      runSteps(
        [
          { read, fails: "wrong checksum" },
          {
            act() {
              chip.noise = 0;
              chip.plugged = false;
            },
            read,
            fails: "ACK",
          },
        ],
        answer,
      );
    },
  },
  {
    title: "a SCD4x is started, also when it measures since before a restart, and gives CO2, temperature and humidity",
    run(lab, answer) {
      const chip = createScd4xChip(lab.nowMs);
      lab.i2c.push(chip);
      // Measuring: it takes no other command than stop.
      chip.take([0x21, 0xb1]);
      const air = scd4x(SDA, SCL);
      let rest = "no temperature";
      const read: Sensor = (done) => {
        air.temperature((value) => {
          // The datasheet's example: 0x6667 is 25 °C.
          rest = Math.abs(value - 25) < 0.01 ? "" : `temperature ${value}`;
        });
        air.co2(done);
      };
      runSteps([{ read, gives: 612 }], (problem) => answer(problem === "" ? rest : problem));
    },
  },
  {
    title: "a SCD4x that came back after a power loss fails once and is started again",
    run(lab, answer) {
      const chip = createScd4xChip(lab.nowMs);
      lab.i2c.push(chip);
      const read = scd4x(SDA, SCL).co2;
      runSteps(
        [
          { read, gives: 612 },
          { act: chip.losePower, read, fails: "does not measure" },
          { read, gives: 612 },
        ],
        answer,
      );
    },
  },
  {
    title: "a SCD4x that is missing, sends a wrong checksum or measured nothing fails",
    run(lab, answer) {
      const chip = createScd4xChip(lab.nowMs);
      lab.i2c.push(chip);
      const read = scd4x(SDA, SCL).co2;
      chip.plugged = false;
      runSteps(
        [
          { read, fails: "ACK" },
          {
            act() {
              chip.plugged = true;
              chip.noise = 1;
            },
            read,
            fails: "wrong checksum",
          },
          {
            act() {
              chip.noise = 0;
              chip.ppm = 0;
            },
            read,
            fails: "no CO2",
          },
          {
            act() {
              chip.ppm = 40001;
            },
            read,
            fails: "outside 1 to 40000",
          },
        ],
        answer,
      );
    },
  },
];
