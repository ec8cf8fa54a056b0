/** Runs the sensors' contract under Node, in virtual time. */
import { expect, vi } from "vitest";
import type { Promised } from "../interpreter/contracts/contract.ts";
import { createLab, type Lab } from "../interpreter/contracts/lab.ts";

const NAMES = ["Pin", "OneWire", "SPI", "I2C1", "digitalRead", "digitalWrite", "pinMode", "setWatch", "clearWatch"];

/** Longer than all readings of any promise. */
const ALL_MS = 60_000;

/** Runs one promise on pins and buses of its own. */
export function expectKept({ run }: Promised<Lab>): void {
  vi.useFakeTimers();
  for (const name of NAMES) vi.stubGlobal(name, undefined);
  vi.stubGlobal(
    "Pin",
    class {
      name: string;
      constructor(name: string) {
        this.name = name;
      }
    },
  );
  try {
    const problems: string[] = [];
    run(
      createLab(() => Date.now()),
      (problem) => problems.push(problem),
    );
    vi.advanceTimersByTime(ALL_MS);
    expect(problems).toEqual([""]);
  } finally {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }
}
