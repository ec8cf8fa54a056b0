import { describe, expect, it } from "vitest";
import type { Dating } from "../../../firmware/clock/time-map.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { addFix } from "../../support/fixes.ts";
import { bodies, createUploadRig, EPOCH_MS, MINUTE_MS, pointsOf } from "../../support/upload-rig.ts";

const HOUR_MS = 60 * MINUTE_MS;

const dated = (offMs: number, boundMs: number): Dating => ({
  state: "dated",
  segment: {
    fromRawMs: 0,
    toRawMs: Number.POSITIVE_INFINITY,
    trueMs: EPOCH_MS + offMs,
    rate: 1,
    boundMs: boundMs,
    boundRate: 0,
    bend: 0,
    reachMs: 0,
  },
});

/** Ten points sent while the clock was wrong by `offMs`; then a second fix says what is true. `boundMs`: what the map states. */
function createMisdated(offMs: number, boundMs = 550) {
  const rig = createUploadRig();
  let newest = 1;
  rig.datings[1] = (_rawMs, version) => dated(Math.min(version, newest) < 2 ? offMs : 0, boundMs);
  rig.now.offMs = offMs;
  rig.fill(1, 10);
  expect(rig.drain().verdict).toBe(VERDICT.allSent);
  expect(rig.counters(1).delivered).toBe(10);
  rig.now.offMs = 0;
  newest = 2;
  addFix(rig.unit.ledger, 1, rig.timers.nowMs(), EPOCH_MS + rig.timers.nowMs(), 50);
  return rig;
}

/** Samples once a minute, delivered every hour. */
function goOn(rig: ReturnType<typeof createMisdated>, hours: number): void {
  let dueMs = rig.ring.samples[1][rig.ring.samples[1].length - 1].rawMs;
  for (let hour = 0; hour < hours; hour++) {
    rig.timers.advance(HOUR_MS);
    for (; dueMs + MINUTE_MS < rig.timers.nowMs() - 5000; dueMs += MINUTE_MS) {
      rig.ring.add(1, 1, dueMs + MINUTE_MS, 500 + (Math.floor(dueMs / MINUTE_MS) % 97));
    }
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
  }
}

describe("a time that was wrong", () => {
  it.each([365 * 24 * HOUR_MS, HOUR_MS, 90_000, -HOUR_MS])(
    "does not keep later points from being sent, when it was %d ms off",
    (offMs) => {
      const rig = createMisdated(offMs);
      goOn(rig, 3);
      const { delivered, undatable } = rig.counters(1);
      expect(undatable).toBe(0);
      expect(delivered).toBe(rig.ring.samples[1].length);
      expect(rig.unit.ledger.mistakes(1)).toMatchObject({ misdated: 10, duplicated: 0 });
      expect(rig.lines.filter((line) => line.includes("disproved")).length).toBe(1);
      const points = bodies(rig).slice(1).flatMap(pointsOf);
      const taken = rig.ring.samples[1].slice(10);
      expect(points.length).toBe(taken.length);
      for (let i = 0; i < taken.length; i++) {
        expect(Math.abs(points[i][0] - EPOCH_MS - taken[i].rawMs)).toBeLessThanOrEqual(550);
      }
    },
  );

  it("leaves no timestamp with two values, when true points come to where the misdated ones stand", () => {
    // The samples' own phase within their interval, and every phase near it.
    for (let shiftMs = -8; shiftMs <= 8; shiftMs++) {
      const rig = createMisdated(HOUR_MS + shiftMs);
      goOn(rig, 3);
      const values = new Map<number, number>();
      for (const [ts, value] of bodies(rig).flatMap(pointsOf)) {
        expect(values.get(ts) ?? value).toBe(value);
        values.set(ts, value);
      }
      expect(rig.counters(1).undatable).toBe(0);
    }
  });

  it("stays as it is while the newest map agrees within both bounds", () => {
    const rig = createMisdated(1000, 550);
    goOn(rig, 2);
    expect(rig.unit.ledger.mistakes(1)).toMatchObject({ misdated: 0, duplicated: 0, toTrueMs: 0 });
  });

  it("does not bind the next boot, even if nothing tells the time of its sample any more", () => {
    const rig = createUploadRig();
    let told = true;
    rig.datings[1] = () => (told ? dated(HOUR_MS, 550) : { state: "never" });
    rig.now.offMs = HOUR_MS;
    rig.fill(1, 10);
    rig.drain();
    told = false;
    rig.now.offMs = 0;
    rig.reboot(MINUTE_MS);
    addFix(rig.unit.ledger, 2, rig.timers.nowMs(), EPOCH_MS + rig.timers.nowMs(), 50);
    rig.timers.advance(10 * MINUTE_MS);
    for (let i = 5; i > 0; i--) rig.ring.add(1, 2, rig.timers.nowMs() - i * MINUTE_MS, 7);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1)).toMatchObject({ delivered: 15, undatable: 0 });
    // How many were sent with it, the boot that sent them knew.
    expect(rig.unit.ledger.mistakes(1).misdated).toBe(1);
  });
});
