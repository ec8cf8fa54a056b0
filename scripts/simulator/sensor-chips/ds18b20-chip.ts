/**
 * A DS18B20 (Maxim 19-7487 rev. 6): scratchpad, Convert T, Read Scratchpad, CRC. Byte 6 of the scratchpad, reserved, is
 * 0x0C after power-on and 16 − (byte 0 & 15) after a conversion (observed on chips: github cpetrich/counterfeit_DS18B20).
 */
import type { OneWireChip } from "./one-wire-line.ts";

const CONVERT_T = 0x44;
const READ_SCRATCHPAD = 0xbe;
/** For 9, 10, 11 and 12 bits. */
const CONVERSION_MS = [93.75, 187.5, 375, 750];

export interface Ds18b20Chip extends OneWireChip {
  /** What it will measure, in 1/16 °C: the register's own number, negative below zero. */
  raw: number;
  /** 9 to 12. */
  bits: number;
  plugged: boolean;
  /** Flipped in the first byte of the next scratchpad that is read: a disturbance on the cable. */
  noise: number;
  /** Off and on again: the scratchpad is as at power-on. */
  losePower(): void;
}

/** CRC of 1-Wire by the shift register of the datasheet (figure 11): bit by bit, lowest first. */
function crcOf(bytes: ArrayLike<number>, count: number): number {
  const register = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < count * 8; i++) {
    const bit = (bytes[i >> 3] >> (i & 7)) & 1;
    const feedback = bit ^ register[7];
    for (let stage = 7; stage > 0; stage--) register[stage] = register[stage - 1];
    register[0] = feedback;
    register[4] ^= feedback;
    register[5] ^= feedback;
  }
  let crc = 0;
  for (let stage = 0; stage < 8; stage++) if (register[stage]) crc |= 1 << (7 - stage);
  return crc;
}

export function createDs18b20Chip(rom: string, nowMs: () => number): Ds18b20Chip {
  const scratchpad = [0, 0, 0x4b, 0x46, 0x7f, 0xff, 0, 0x10];
  let readyMs = Number.POSITIVE_INFINITY;
  let sending: number[] = [];

  function setRaw(raw: number, byte6: number) {
    scratchpad[0] = raw & 0xff;
    scratchpad[1] = (raw >> 8) & 0xff;
    scratchpad[6] = byte6;
    scratchpad[4] = ((chip.bits - 9) << 5) | 0x1f;
  }

  const chip: Ds18b20Chip = {
    rom,
    raw: 0x0150,
    bits: 12,
    plugged: true,
    noise: 0,
    present: () => chip.plugged,
    losePower() {
      setRaw(0x0550, 0x0c);
      readyMs = Number.POSITIVE_INFINITY;
    },
    take(byte) {
      if (byte === CONVERT_T) readyMs = nowMs() + CONVERSION_MS[chip.bits - 9];
      if (byte !== READ_SCRATCHPAD) return;
      if (nowMs() >= readyMs) {
        setRaw(chip.raw, 16 - (chip.raw & 15));
        readyMs = Number.POSITIVE_INFINITY;
      }
      sending = scratchpad.concat([crcOf(scratchpad, 8)]);
      sending[0] ^= chip.noise;
      chip.noise = 0;
    },
    give() {
      const byte = sending.shift();
      return byte === undefined ? 0xff : byte;
    },
  };
  chip.losePower();
  return chip;
}
