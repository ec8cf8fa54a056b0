import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCrystal } from "../../../scripts/simulator/crystal.ts";
import { durationMs, within } from "../../../scripts/simulator/duration.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createWorld } from "../../../scripts/simulator/world.ts";

describe("the queue of virtual time", () => {
  test("runs events by their time, and those of one time by their making", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
        const world = createWorld(0);
        const seen: [number, number][] = [];
        times.forEach((atMs, i) => {
          world.at(atMs, () => seen.push([atMs, i]));
        });
        while (world.step());
        const expected = times.map((atMs, i): [number, number] => [atMs, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(seen).toEqual(expected);
      }),
    );
  });

  test("forgets what was cancelled and runs what is past now", () => {
    const world = createWorld(1000);
    const seen: string[] = [];
    world.cancel(world.at(5, () => seen.push("cancelled")));
    world.at(10, () => world.at(3, () => seen.push(`late at ${world.trueMs()}`)));
    while (world.step());
    expect(seen).toEqual(["late at 1010"]);
  });

  test("lets the world go on while something blocks", () => {
    const world = createWorld(0);
    const seen: number[] = [];
    world.at(10, () => {
      world.at(14, () => seen.push(world.nowMs()));
      world.pass(20);
      seen.push(world.nowMs());
    });
    world.step();
    expect(seen).toEqual([14, 30]);
  });
});

test("the crystal's ticks lead back to the true time, with drift and swing", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 4e10, noNaN: true }),
      fc.double({ min: -100, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 50, noNaN: true }),
      (trueMs, driftPpm, swingPpm) => {
        const crystal = createCrystal({ driftPpm, swingPpm });
        expect(Math.abs(crystal.trueAt(crystal.ticksAt(trueMs)) - trueMs)).toBeLessThan(1e-3);
      },
    ),
  );
  expect(createCrystal({ driftPpm: 40 }).ticksAt(86_400_000)).toBeCloseTo(86_400_000 + 3456, 3);
});

test("a seed gives the same numbers, another seed or name gives others", () => {
  const draw = (seed: number, name?: string) => Array.from({ length: 5 }, createPrng(seed, name).next);
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(7)).not.toEqual(draw(7, "network"));
  const many = Array.from({ length: 10_000 }, createPrng(3).next);
  expect(many.reduce((sum, one) => sum + one, 0) / many.length).toBeCloseTo(0.5, 1);
});

test("durations are numbers with a unit, and windows are half-open", () => {
  expect(["250ms", "90s", "5m", "1.5h", "7d", "2w"].map(durationMs)).toEqual([
    250, 90e3, 300e3, 5.4e6, 6048e5, 12096e5,
  ]);
  for (const wrong of ["", "7", "d", "7 days", "1e3s"]) expect(() => durationMs(wrong)).toThrow("is not a duration");
  expect([999, 1000, 1999, 2000].map((at) => within({ from: "1s", to: "2s" }, at))).toEqual([false, true, true, false]);
});
