/** What surrounds the interpreter and outlives a boot: flash, files, clock, pins and network. */
import type { Network } from "../network/network.ts";
import type { AccessPoint, Script } from "../script.ts";

/** The flash as native code reaches it: takes its time, and refuses what hardware or the region does not allow. */
export interface MachineFlash {
  /** Fills `target` from `address` on. */
  read(target: Uint8Array, address: number): void;
  write(data: Uint8Array, address: number): void;
  erasePage(address: number): void;
  pageBytes: number;
}

export interface Machine {
  network: Network;
  script: Script;
  accessPoints: AccessPoint[];
  /** Files in Storage. */
  files: Map<string, string>;
  /** Electrical levels of the pins, 0 or 1. */
  levels: number[];
  /** Level of an analog pin, 0 to 1. */
  analog(pin: number): number;
  /** Called when the program sets the level of a pin. */
  onLevel?(pin: number, level: number): void;
  print(line: string): void;
  /** The system clock in ms. */
  systemMs(): number;
  setSystemMs(ms: number): void;
  restart(why: string): void;
  flash: MachineFlash;
  /** More globals: what an observed device reads its sensors through. */
  extras: Record<string, unknown>;
  /** `process.env.SERIAL`. */
  serial: string;
  /** E.srand has no effect: every unit draws the same numbers, as units do that are not seeded. */
  sameChance: boolean;
}
