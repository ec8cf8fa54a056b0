import { describe, expect, it } from "vitest";
import { VERDICT } from "../../../firmware/verdict.ts";
import { OK, refusal } from "../../support/fake-server.ts";
import { addFix } from "../../support/fixes.ts";
import { bodies, createUploadRig, DAY_MS, MINUTE_MS, pinOf, pointsOf, rigWith } from "../../support/upload-rig.ts";

describe("a replay", () => {
  it("is byte for byte the same after a power cut between sending and answer", () => {
    const rig = rigWith([{ fail: "silence" }, { fail: "silence" }]);
    for (let cut = 0; cut < 2; cut++) {
      rig.unit.drain.run(() => {});
      rig.timers.advance(500);
      rig.reboot();
    }
    rig.timers.advance(10 * MINUTE_MS);
    rig.ring.add(1, 1, rig.timers.nowMs() - 20_000, 5);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    expect(bodies(rig)[2]).toBe(bodies(rig)[0]);
    expect(rig.counters(1).delivered).toBe(301);
  });

  /** A batch whose answer was lost, and a newer map that tells other times, by some 540 ms. `boundMs`: what both maps state. */
  function withNewerMap(boundMs: number) {
    const rig = createUploadRig({ overload: "thin", pointsPerDayMax: 500, intervalsMs: [MINUTE_MS] });
    rig.fill(1, 3000);
    rig.datings[1] = (_raw, newest) => {
      const version = Math.min(newest, 100);
      return {
        state: "dated",
        segment: {
          fromRawMs: 0,
          toRawMs: Infinity,
          trueMs: 1.79e12 + version * 3,
          rate: 1 + version * 1e-9,
          boundMs: boundMs,
          boundRate: 0,
          bend: 0,
          reachMs: 0,
        },
      };
    };
    rig.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    expect(pointsOf(bodies(rig)[0]).length).toBeGreaterThan(100);
    rig.reboot();
    addFix(rig.unit.ledger, rig.unit.ledger.session(), rig.timers.nowMs(), 1.79e12 + rig.timers.nowMs(), 5);
    rig.timers.advance(DAY_MS + 700_000);
    rig.drain();
    return rig;
  }

  it("is the same although the map has improved since and the samples were thinned", () => {
    const rig = withNewerMap(280);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    const { delivered, thinned } = rig.counters(1);
    expect(delivered).toBe(pointsOf(bodies(rig)[1]).length);
    expect(thinned).toBeGreaterThan(delivered);
  });

  it("is given up when the newest map disproves its times, and its points count as duplicated", () => {
    const rig = withNewerMap(260);
    expect(bodies(rig)[1]).not.toBe(bodies(rig)[0]);
    expect(rig.unit.ledger.mistakes(1)).toMatchObject({ misdated: 0, duplicated: pointsOf(bodies(rig)[0]).length });
    expect(rig.lines.join()).toContain("points with a wrong time had no answer");
  });

  it("ends when its first point has expired, and the rest is planned anew", () => {
    const rig = createUploadRig({ nowRawMs: 60 * DAY_MS });
    rig.fill(1, 400, 2 * 3_600_000, 10_000);
    rig.timers.advance(0);
    rig.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    rig.reboot();
    rig.timers.advance(3 * DAY_MS);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    const [first, second] = bodies(rig);
    expect(pointsOf(second)[0][0]).toBeGreaterThan(pointsOf(first)[0][0]);
    expect(rig.counters(1).delivered + rig.counters(1).expired).toBe(400);
    expect(rig.counters(1).expired).toBeGreaterThan(60);
  });

  it("that flash no longer holds as it was gives way to a new batch", () => {
    const rig = rigWith([{ fail: "close" }]);
    rig.unit.drain.run(() => {});
    rig.timers.advance(300);
    rig.ring.samples[1][40].corrupt = true;
    rig.timers.advance(60_000);
    expect(rig.counters(1)).toMatchObject({ delivered: 299, corrupt: 1 });
    expect(rig.lines.join("\n")).toContain("can't be repeated");
  });

  it("that is refused rests for longer and longer, and gives way to other bytes after more than a day", () => {
    const rig = rigWith([{ fail: "close" }]);
    rig.fill(2, 10);
    const startMs = rig.timers.nowMs();
    let refusing = true;
    rig.server.behave = (n, r) => (n === 0 ? { fail: "close" } : refusing && pinOf(r) === "v1" ? refusal("", 422) : OK);
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.counters(2).delivered).toBe(10);
    const ofPin = () => rig.server.requests.filter((r) => pinOf(r) === "v1").map((r) => r.body);
    while (new Set(ofPin()).size === 1) {
      rig.timers.advance(1_800_000);
      const { verdict } = rig.drain();
      expect(verdict).toBe(VERDICT.pinOrPointsRefused);
    }
    expect(ofPin().findIndex((body) => body !== ofPin()[0])).toBe(7);
    expect(rig.timers.nowMs() - startMs).toBeGreaterThan(DAY_MS);
    refusing = false;
    rig.drain();
    expect(rig.counters(1).delivered).toBe(300);
  });

  it("that rests is tried at once when the button is pressed", () => {
    const rig = rigWith([{ fail: "close" }, refusal("", 422)]);
    rig.drain();
    rig.drain();
    expect(rig.server.requests).toHaveLength(2);
    rig.unit.forgive();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(new Set(bodies(rig)).size).toBe(1);
  });
});
