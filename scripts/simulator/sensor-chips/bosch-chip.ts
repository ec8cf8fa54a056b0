/**
 * A BME280 or BMP280 (BST-BME280-DS002 rev. 1.6 chapters 3 to 5, BST-BMP280-DS001 rev. 1.26): registers, sleep and forced mode.
 * ctrl_hum takes effect with the next write to ctrl_meas; a channel with oversampling 0 is skipped and reads 0x80000, or
 * 0x8000; after power-on all of them do. It converts nothing: the registers hold what the test puts there.
 */
import type { I2cChip } from "./i2c-port.ts";

const REG_ID = 0xd0;
const REG_CTRL_HUM = 0xf2;
const REG_STATUS = 0xf3;
const REG_CTRL_MEAS = 0xf4;
const REG_DATA = 0xf7;
const DATA_AT_RESET = [0x80, 0, 0, 0x80, 0, 0, 0x80, 0];

export interface BoschChip extends I2cChip {
  /** What the next measurement gives. */
  adcTemperature: number;
  adcPressure: number;
  adcHumidity: number;
  plugged: boolean;
  /** Multiplies the time that a measurement takes: a chip that never ends. */
  slowness: number;
  /** All registers, by address. */
  registers: Uint8Array;
  losePower(): void;
}

/** dig_T1 to dig_P9 (datasheet of the BMP280, 3.12), as they lie from 0x88 on. Two's complement, lowest byte first. */
export const BOSCH_EXAMPLE = [27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000];

export interface HumidityCalibration {
  h1: number;
  h2: number;
  h3: number;
  h4: number;
  h5: number;
  h6: number;
}

/** Values of the size that real chips have. */
export const USUAL_HUMIDITY: HumidityCalibration = { h1: 75, h2: 362, h3: 0, h4: 313, h5: 50, h6: 30 };

export function createBoschChip(id: 0x58 | 0x60, address: number, nowMs: () => number): BoschChip {
  const registers = new Uint8Array(256);
  let pointer = 0;
  let readyMs = 0;
  /** Oversampling settings of the measurement under way: ctrl_meas, and ctrl_hum as it was then. */
  let measuring = 0;
  let humidityOversampling = 0;

  function setData(bytes: number[]) {
    for (let i = 0; i < bytes.length; i++) registers[REG_DATA + i] = bytes[i];
  }

  function of20(value: number): number[] {
    return [(value >> 12) & 255, (value >> 4) & 255, (value & 15) << 4];
  }

  /** Ends the measurement if its time is over. */
  function settle() {
    registers[REG_STATUS] = measuring !== 0 && nowMs() < readyMs ? 0x08 : 0;
    if (measuring === 0 || nowMs() < readyMs) return;
    const pressure = of20((measuring >> 2) & 7 ? chip.adcPressure : 0x80000);
    const temperature = of20(measuring >> 5 ? chip.adcTemperature : 0x80000);
    const humidity = humidityOversampling ? chip.adcHumidity : 0x8000;
    setData(pressure.concat(temperature).concat(id === 0x60 ? [humidity >> 8, humidity & 255] : [0, 0]));
    measuring = 0;
    registers[REG_CTRL_MEAS] &= 0xfc;
  }

  function write(register: number, byte: number) {
    if (register === REG_ID || register < 0xe0) return;
    if (register === REG_CTRL_HUM && id !== 0x60) return;
    registers[register] = byte;
    if (register !== REG_CTRL_MEAS) return;
    humidityOversampling = registers[REG_CTRL_HUM] & 7;
    if ((byte & 3) === 0) return;
    measuring = byte;
    // Datasheet 9.1, maximum: all channels once.
    readyMs = nowMs() + 9.3 * chip.slowness;
  }

  const chip: BoschChip = {
    address,
    adcTemperature: 519888,
    adcPressure: 415148,
    adcHumidity: 30000,
    plugged: true,
    slowness: 1,
    registers,
    present: () => chip.plugged,
    losePower() {
      measuring = 0;
      registers[REG_CTRL_HUM] = 0;
      registers[REG_CTRL_MEAS] = 0;
      setData(DATA_AT_RESET);
    },
    take(bytes) {
      settle();
      pointer = bytes[0];
      // Writing goes in pairs of address and byte (6.2.1); reading takes up the last address.
      for (let i = 0; i + 1 < bytes.length; i += 2) write(bytes[i], bytes[i + 1]);
      return true;
    },
    give(count) {
      settle();
      const bytes: number[] = [];
      for (let i = 0; i < count; i++) bytes.push(registers[pointer++ & 255]);
      return bytes;
    },
  };
  registers[REG_ID] = id;
  setWords(registers, BOSCH_EXAMPLE);
  if (id === 0x60) setHumidityCalibration(registers, USUAL_HUMIDITY);
  chip.losePower();
  return chip;
}

/** Writes dig_T1 to dig_P9 into the registers. */
export function setWords(registers: Uint8Array, words: number[]): void {
  for (let i = 0; i < words.length; i++) {
    registers[0x88 + 2 * i] = words[i] & 255;
    registers[0x89 + 2 * i] = (words[i] >> 8) & 255;
  }
}

/** Table 16 of the BME280's datasheet: dig_H4 is E4 and the low half of E5, dig_H5 is E6 and the high half of E5. */
export function setHumidityCalibration(registers: Uint8Array, digits: HumidityCalibration): void {
  registers[0xa1] = digits.h1;
  registers[0xe1] = digits.h2 & 255;
  registers[0xe2] = (digits.h2 >> 8) & 255;
  registers[0xe3] = digits.h3;
  registers[0xe4] = (digits.h4 >> 4) & 255;
  registers[0xe5] = (digits.h4 & 15) | ((digits.h5 & 15) << 4);
  registers[0xe6] = (digits.h5 >> 4) & 255;
  registers[0xe7] = digits.h6 & 255;
}
