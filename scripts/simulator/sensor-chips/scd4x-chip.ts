/**
 * A SCD4x (Sensirion, version 1.6, chapter 3): periodic measurement, a new one every 5 s. While it measures, it takes no other
 * commands than those that read, and stop; stopping takes 500 ms, in which it refuses everything (NACK). After power-on it
 * is idle.
 */
import type { I2cChip } from "./i2c-port.ts";
import { sensirionBytes } from "./sht-chip.ts";

const PERIOD_MS = 5000;

export interface Scd4xChip extends I2cChip {
  ppm: number;
  rawCelsius: number;
  rawPercent: number;
  plugged: boolean;
  isMeasuring(): boolean;
  /** Flipped in the first byte that is sent. */
  noise: number;
  losePower(): void;
}

export function createScd4xChip(nowMs: () => number): Scd4xChip {
  let measuring = false;
  let busyUntilMs = 0;
  /** When the next measurement is there. */
  let nextMs = 0;
  let isReady = false;
  let sending: number[] = [];

  function settle() {
    while (measuring && nowMs() >= nextMs) {
      isReady = true;
      nextMs += PERIOD_MS;
    }
  }

  function start() {
    measuring = true;
    isReady = false;
    nextMs = nowMs() + PERIOD_MS;
  }

  function stop() {
    measuring = false;
    busyUntilMs = nowMs() + 500;
  }

  const chip: Scd4xChip = {
    address: 0x62,
    ppm: 612,
    rawCelsius: 0x6667,
    rawPercent: 0x5eb9,
    plugged: true,
    noise: 0,
    isMeasuring: () => measuring,
    present: () => chip.plugged && nowMs() >= busyUntilMs,
    losePower() {
      measuring = false;
      isReady = false;
    },
    take(bytes) {
      settle();
      const command = bytes[0] * 256 + bytes[1];
      if (bytes.length !== 2) return false;
      sending = [];
      if (command === 0x3f86) stop();
      else if (command === 0xe4b8) sending = sensirionBytes(isReady ? 0x8006 : 0x8000);
      else if (command === 0xec05 && measuring) {
        if (!isReady) return false;
        sending = sensirionBytes(chip.ppm)
          .concat(sensirionBytes(chip.rawCelsius))
          .concat(sensirionBytes(chip.rawPercent));
        isReady = false;
      } else if (measuring) return false;
      else if (command === 0x3682)
        sending = sensirionBytes(0xf896).concat(sensirionBytes(0x9f07)).concat(sensirionBytes(0x3bbe));
      else if (command === 0x21b1) start();
      else return false;
      return true;
    },
    give() {
      if (sending.length === 0) return undefined;
      const bytes = sending;
      sending = [];
      bytes[0] ^= chip.noise;
      return bytes;
    },
  };
  return chip;
}
