import { describe, expect, test } from "vitest";
import { openI2c } from "../../../firmware/platform/i2c.ts";
import { airPressure, celsius, fineTemperature, relativeHumidity } from "../../../firmware/sensors/bosch-formulas.ts";
import { sensirionCelsius, sensirionCrc, sensirionWords } from "../../../firmware/sensors/sensirion-words.ts";
import { BOSCH_EXAMPLE, setHumidityCalibration, setWords } from "../../../scripts/simulator/sensor-chips/bosch-chip.ts";
import { sensirionBytes } from "../../../scripts/simulator/sensor-chips/sht-chip.ts";
import { BOSCH_SENSORS, SENSIRION_SENSORS } from "../../interpreter/contracts/i2c-sensors.ts";
import { expectKept } from "../../support/sensor-lab.ts";

test.each([...BOSCH_SENSORS, ...SENSIRION_SENSORS])("$title", expectKept);

describe("Bosch's formulas", () => {
  const registers = new Uint8Array(256);
  setWords(registers, BOSCH_EXAMPLE);
  const calibration = registers.subarray(0x88, 0xa2);

  test("give the worked example of the BMP280's datasheet, 3.12", () => {
    const fine = fineTemperature(calibration, 519888);
    expect(Math.floor(fine)).toBe(128422);
    expect(celsius(fine)).toBeCloseTo(25.08, 2);
    expect(airPressure(calibration, 415148, fine)).toBeCloseTo(100653.27, 2);
  });

  test("take a dig_T1 above 32,767 for positive", () => {
    const others = new Uint8Array(256);
    // dig_T1 + 8,192 and adc_T + 131,072 leave the formula as it is.
    setWords(others, [27504 + 8192, 26435, -1000]);
    expect(celsius(fineTemperature(others.subarray(0x88, 0xa2), 519888 + 131072))).toBeCloseTo(25.08, 2);
  });

  /** 4.2.3 of the BME280's datasheet, in integers: the other way to the same number. */
  function humidityByIntegers(
    adc: number,
    fine: number,
    h: { h1: number; h2: number; h3: number; h4: number; h5: number; h6: number },
  ) {
    const big = (value: number) => BigInt(value);
    const a = big(Math.floor(fine)) - 76800n;
    const left = ((big(adc) << 14n) - (big(h.h4) << 20n) - big(h.h5) * a + 16384n) >> 15n;
    const inner = (((((a * big(h.h6)) >> 10n) * (((a * big(h.h3)) >> 11n) + 32768n)) >> 10n) + 2097152n) * big(h.h2);
    let value = left * ((inner + 8192n) >> 14n);
    value -= ((((value >> 15n) * (value >> 15n)) >> 7n) * big(h.h1)) >> 4n;
    if (value < 0n) value = 0n;
    if (value > 419430400n) value = 419430400n;
    return Number(value >> 12n) / 1024;
  }

  test.each([
    { h1: 75, h2: 362, h3: 0, h4: 313, h5: 50, h6: 30 },
    { h1: 75, h2: 362, h3: 0, h4: 313, h5: -50, h6: 30 },
    { h1: 75, h2: 370, h3: 0, h4: -2048, h5: 2047, h6: -128 },
    { h1: 0, h2: -300, h3: 255, h4: 2047, h5: -2048, h6: 127 },
  ])("give the humidity that the form for integers gives, with %o", (digits) => {
    setHumidityCalibration(registers, digits);
    const low = registers.subarray(0xe1, 0xe8);
    for (let adc = 0; adc < 65536; adc += 4099) {
      for (const fine of [-204800, 0, 76800, 128422, 435200]) {
        const percent = relativeHumidity(registers[0xa1], low, adc, fine);
        expect(Math.abs(percent - humidityByIntegers(adc, fine, digits))).toBeLessThan(0.05);
      }
    }
  });
});

describe("Sensirion's words", () => {
  test("have the CRC of the datasheets' example, 0xBEEF", () => {
    expect(sensirionCrc(0xbe, 0xef)).toBe(0x92);
    expect(sensirionBytes(0xbeef)).toEqual([0xbe, 0xef, 0x92]);
  });

  test("are those of the SCD4x datasheet's example: 500 ppm, 25 °C, 37 %", () => {
    const words = sensirionWords([0x01, 0xf4, 0x33, 0x66, 0x67, 0xa2, 0x5e, 0xb9, 0x3c]);
    expect(words[0]).toBe(500);
    expect(sensirionCelsius(words[1])).toBeCloseTo(25, 2);
    expect((100 * words[2]) / 65535).toBeCloseTo(37, 1);
  });
});

test("the device file may name two pairs of I²C pins, and a third is refused", () => {
  // The contract above has taken the first.
  expect(() => openI2c("D21", "D22")).not.toThrow();
  expect(() => openI2c("D18", "D19")).not.toThrow();
  expect(() => openI2c("D21", "D22")).not.toThrow();
  expect(() => openI2c("D25", "D26")).toThrow("two I2C buses");
});
