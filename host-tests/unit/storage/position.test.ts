import { expect, test } from "vitest";
import {
  isAhead,
  type Position,
  positionOf,
  sampleIndexOf,
  sequenceOf,
} from "../../../firmware/storage/format/position.ts";
import type { RawMs } from "../../../firmware/storage/format/times.ts";

const LAST_SEQUENCE = 0xfffffffd;

test("compares positions as serial numbers", () => {
  const last = LAST_SEQUENCE * 4096;
  expect(isAhead(4096, last + 4000)).toBe(true);
  expect(isAhead(last, 4096)).toBe(false);
  expect(isAhead(5, 5)).toBe(false);
  expect(isAhead(last, 0)).toBe(true);
  expect(isAhead(Number.POSITIVE_INFINITY, last)).toBe(true);
});

test("gives back sequence and index, up to the last sequence", () => {
  for (const sequence of [1, 2, 0x80000000, LAST_SEQUENCE]) {
    for (const index of [0, 1, 4023, 4095]) {
      const position = positionOf(sequence, index);
      expect([sequenceOf(position), sampleIndexOf(position)]).toEqual([sequence, index]);
      expect(Number.isSafeInteger(position)).toBe(true);
    }
  }
});

test("takes no raw time for a position", () => {
  const rawMs: RawMs = 5;
  // @ts-expect-error A time is not a position, though both are numbers.
  const position: Position = rawMs;
  expect(position).toBe(5);
});
