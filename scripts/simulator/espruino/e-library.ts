/** The `E` object: Espruino's own functions. */

import type { Boot } from "../boot.ts";
import { createPrng } from "../prng.ts";
import { binaryString, bytesOf, crc32 } from "./bytes.ts";
import type { Machine } from "./chip-machine.ts";
import type { Realm } from "./realm.ts";
import { createWatchdog } from "./watchdog.ts";

/** Math.random and E.hwRand: the same sequence at every boot until E.srand, as seen in the Linux build. */
export interface Chance {
  next(): number;
  seed(seed: number): void;
}

const UNSEEDED = 0x5eed;

export function createChance(): Chance {
  let prng = createPrng(UNSEEDED);
  return {
    next: () => prng.next(),
    seed(seed) {
      prng = createPrng(Math.abs(Math.floor(seed)));
    },
  };
}

export function createE(boot: Boot, machine: Machine, realm: Realm, chance: Chance): Record<string, unknown> {
  const watchdog = createWatchdog(boot, () => machine.restart("watchdog"));
  return {
    CRC32: (data: unknown) => crc32(bytesOf(data)),
    toString: (...parts: unknown[]) => parts.map((part) => binaryString(part)).join(""),
    toUint8Array: (...parts: unknown[]) =>
      new realm.Uint8Array(parts.length === 1 ? bytesOf(parts[0]) : parts.flatMap((part) => [...bytesOf(part)])),
    toArrayBuffer: (text: string) => new realm.Uint8Array([...bytesOf(text)]).buffer,
    sum: (values: ArrayLike<number>) => {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[i];
      return sum;
    },
    srand: (seed: number) => {
      if (!machine.sameChance) chance.seed(seed);
    },
    hwRand: () => Math.floor(chance.next() * 2147483648),
    enableWatchdog: (seconds: number, isAuto: unknown) => watchdog.start(seconds * 1000, isAuto !== false),
    kickWatchdog: () => watchdog.kick(),
    reboot: () => {
      machine.restart("E.reboot");
      boot.check();
    },
    setPassword: () => undefined,
    lockConsole: () => undefined,
    setConsole: () => undefined,
    getConsole: () => "Serial1",
    setTimeZone: () => undefined,
    getErrorFlags: () => [],
    getTemperature: () => Number.NaN,
    getAnalogVRef: () => 3.3,
    getSizeOf: () => 1,
    getFlags: () => ({}),
    setFlags: () => undefined,
    setBootCode: (code: string) => machine.files.set(".bootcde", code),
    clip: (v: number, low: number, high: number) => Math.min(Math.max(v, low), high),
    defrag: () => undefined,
  };
}
