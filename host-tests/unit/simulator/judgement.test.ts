import { expect, test } from "vitest";
import { brokenBy, isSound } from "../../../scripts/simulator/judgement.ts";
import type { Simulation } from "../../../scripts/simulator/simulate.ts";

const ended = (balanced: boolean, violations: string[], stalled?: string) =>
  ({ report: { scenario: "custom", balanced, server: { violations } }, stalled }) as unknown as Simulation;

test("a run is sound when every sample is accounted for and no limit was broken", () => {
  expect(isSound(ended(true, []))).toBe(true);
  expect(isSound(ended(false, []))).toBe(false);
  expect(isSound(ended(true, ["batch-points: 20,000"]))).toBe(false);
});

test("a broken promise and a server that took nothing are named", () => {
  expect(brokenBy(ended(true, []))).toEqual([]);
  expect(brokenBy(ended(true, []), () => [])).toEqual([]);
  expect(brokenBy(ended(true, [], "no point"), () => ["v1: 3 pending"])).toEqual([
    "the promise of custom is broken: v1: 3 pending",
    "no point",
  ]);
});
