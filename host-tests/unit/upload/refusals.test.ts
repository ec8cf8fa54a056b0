import { describe, expect, it } from "vitest";
import { VERDICT } from "../../../firmware/verdict.ts";
import { OK, refusal } from "../../support/fake-server.ts";
import {
  bodies,
  createUploadRig,
  DAY_MS,
  MINUTE_MS,
  pinOf,
  pointsOf,
  rigWith,
  type UploadRig,
} from "../../support/upload-rig.ts";

describe("a refusal", () => {
  it("with `Wrong pin format.` stops that datastream alone, and costs one point a delivery from then on", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.fill(2, 200);
    rig.server.behave = (_n, r) => (pinOf(r) === "v1" ? refusal("Wrong pin format.") : OK);
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.counters(1).delivered).toBe(0);
    expect(rig.counters(2).delivered).toBe(200);
    rig.drain();
    expect(pointsOf(bodies(rig)[2])).toHaveLength(1);
    rig.server.behave = () => OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1)).toMatchObject({ delivered: 300, refused: 0 });
  });

  it("with `Too much data` lowers the size until it passes, at once", () => {
    const rig = createUploadRig();
    rig.fill(1, 3000);
    rig.server.behave = (_n, r) =>
      r.body.length > 2 && pointsOf(r.body).length > 400
        ? refusal("Too much data in batch. Maximum batch size is 10000 points.")
        : OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered).toBe(3000);
    expect(
      bodies(rig)
        .map((b) => pointsOf(b).length)
        .slice(0, 3),
    ).toEqual([1000, 500, 250]);
  });

  it("with 413 lowers the size like `Too much data`", () => {
    const rig = rigWith([{ answer: 413 }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig).map((b) => pointsOf(b).length)).toEqual([300, 150, 150]);
  });

  it("with an unfamiliar 4xx narrows down to the bad points, and only these count as refused", () => {
    const rig = rigWith([]);
    const bad = new Set([0, 77, 78, 210].map((i) => pointTime(rig, i)));
    rig.server.behave = (_n, r) =>
      r.ended && pointsOf(r.body).some(([ts]) => bad.has(ts)) ? refusal("value out of range", 422) : OK;
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.counters(1)).toMatchObject({ delivered: 296, refused: 4 });
    expect(rig.server.requests.length).toBeLessThan(60);
    expect(totalPoints(rig)).toBeLessThan(2000);
  });

  it("with an unfamiliar 4xx to everything loses nothing, and costs few requests and points", () => {
    const rig = createUploadRig();
    rig.fill(1, 5000);
    rig.fill(2, 5000);
    rig.server.behave = () => refusal("", 418);
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.server.requests.length).toBeLessThanOrEqual(60);
    expect(totalPoints(rig)).toBeLessThanOrEqual(2 * 1200);
    const before = totalPoints(rig);
    for (let i = 0; i < 5; i++) rig.drain();
    expect(totalPoints(rig) - before).toBeLessThanOrEqual(5 * 2 * 20);
    expect(rig.counters(1)).toMatchObject({ delivered: 0, refused: 0 });
    rig.timers.advance(2 * DAY_MS);
    rig.server.behave = () => OK;
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 5000, refused: 0 });
    expect(rig.counters(2)).toMatchObject({ delivered: 5000, refused: 0 });
  });

  it("with an unfamiliar 4xx to one datastream does not block the others", () => {
    const rig = createUploadRig();
    rig.fill(1, 3000);
    rig.fill(2, 500);
    rig.server.behave = (_n, r) => (pinOf(r) === "v1" ? refusal("", 422) : OK);
    rig.drain();
    expect(rig.counters(2).delivered).toBe(500);
    expect(rig.counters(1).refused).toBe(0);
  });

  it("of a single point at the very end counts once a later point is accepted", () => {
    const rig = rigWith([]);
    const bad = pointTime(rig, 299);
    rig.server.behave = (_n, r) => (r.ended && pointsOf(r.body).some(([ts]) => ts === bad) ? refusal("", 422) : OK);
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 299, refused: 0 });
    rig.timers.advance(5 * MINUTE_MS);
    rig.ring.add(1, 1, rig.timers.nowMs() - 10_000, 5);
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 300, refused: 1 });
  });
});

function pointTime(rig: UploadRig, index: number): number {
  return 1_790_000_000_000 + rig.ring.samples[1][index].rawMs;
}

function totalPoints(rig: UploadRig): number {
  return rig.server.requests.reduce((sum, request) => sum + (request.ended ? pointsOf(request.body).length : 0), 0);
}
