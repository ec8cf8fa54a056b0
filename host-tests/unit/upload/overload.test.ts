import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { OK } from "../../support/fake-server.ts";
import { createUploadRig, DAY_MS, EPOCH_MS, MINUTE_MS, pointsOf, type UploadRig } from "../../support/upload-rig.ts";

/** Drains day after day until nothing but new samples waits. Returns how old any point was when it was sent, at most. */
function drainFor(rig: UploadRig, days: number): number {
  let oldestMs = 0;
  let seen = 0;
  const endMs = rig.timers.nowMs() + days * DAY_MS;
  while (rig.timers.nowMs() < endMs) {
    const { verdict, nextTryMs } = rig.drain();
    for (; seen < rig.server.requests.length; seen++) {
      const [firstMs] = pointsOf(rig.server.requests[seen].body)[0];
      oldestMs = Math.max(oldestMs, EPOCH_MS + rig.timers.nowMs() - firstMs);
    }
    if (verdict === VERDICT.allSent) break;
    rig.timers.advance(Math.min(nextTryMs, 3_600_000));
  }
  return oldestMs;
}

describe("a backlog above the day's allowance", () => {
  it("goes oldest first over all datastreams, not one datastream after the other", () => {
    const rig = createUploadRig({ pointsPerDayMax: 3000, intervalsMs: [] });
    for (const pin of [1, 2, 3]) rig.fill(pin, 5000);
    rig.drain();
    const sent = [1, 2, 3].map((pin) => rig.counters(pin).delivered);
    expect(sent.reduce((a, b) => a + b)).toBe(3000);
    for (const count of sent) expect(Math.abs(count - 1000)).toBeLessThan(60);
  });

  it("weighs datastreams by their rates", () => {
    const rig = createUploadRig({ pointsPerDayMax: 2200, intervalsMs: [] });
    rig.fill(1, 8000, MINUTE_MS);
    rig.fill(2, 800, 10 * MINUTE_MS);
    rig.drain();
    expect(rig.counters(1).delivered).toBeGreaterThan(1900);
    expect(rig.counters(2).delivered).toBeGreaterThan(150);
    expect(rig.counters(2).delivered).toBeLessThan(260);
  });

  it("needs few requests: ten thousand points in at most twelve", () => {
    const rig = createUploadRig({ intervalsMs: [] });
    for (const pin of [1, 2, 3]) rig.fill(pin, 12_000);
    rig.drain();
    expect(rig.server.requests.length).toBeLessThanOrEqual(12);
    expect([1, 2, 3].reduce((sum, pin) => sum + rig.counters(pin).delivered, 0)).toBeGreaterThan(9000);
  });

  it("says when it will be clear", () => {
    const rig = createUploadRig({ intervalsMs: [6 * MINUTE_MS] });
    rig.fill(1, 60_000, 30_000);
    rig.unit.overload.survey();
    // 50,000 more than fit today; 10,000 a window, of which 240 and a bit are new.
    const expectedMs = (50_000 / (10_000 - LIMITS.quotaWindowMs / (6 * MINUTE_MS))) * LIMITS.quotaWindowMs;
    expect(rig.unit.overload.clearsMs()).toBeCloseTo(expectedMs, -2);
    const small = createUploadRig();
    small.fill(1, 100);
    expect(small.unit.overload.clearsMs()).toBe(0);
    const growing = createUploadRig({ pointsPerDayMax: 1000, intervalsMs: [MINUTE_MS] });
    growing.fill(1, 5000);
    growing.unit.overload.survey();
    expect(growing.unit.overload.clearsMs()).toBe(Infinity);
  });
});

describe("thinning", () => {
  it("leaves a backlog alone that drains in time", () => {
    const rig = createUploadRig({ overload: "thin", intervalsMs: [MINUTE_MS] });
    rig.fill(1, 30_000, MINUTE_MS);
    rig.unit.overload.survey();
    expect(rig.unit.overload.thinEvery()).toBe(1);
  });

  it("takes the smallest k with which nothing expires unsent", () => {
    // A backlog of 27 days, one a minute, of which a day takes 1,000.
    const fill = (rig: UploadRig) => rig.fill(1, 27 * 1440);
    const options = { overload: "thin" as const, nowRawMs: 60 * DAY_MS, intervalsMs: [], pointsPerDayMax: 1000 };
    const rig = createUploadRig(options);
    fill(rig);
    rig.unit.overload.survey();
    const k = rig.unit.overload.thinEvery();
    expect(k).toBeGreaterThan(1);
    const oldestMs = drainFor(rig, 28);
    expect(rig.counters(1).expired).toBe(0);
    expect(oldestMs).toBeLessThan(LIMITS.ageMaxMs);
    // One less, and some would have expired.
    const less = createUploadRig(options);
    fill(less);
    Object.defineProperty(less.unit.memory, "thinEvery", { get: () => k - 1, set: () => {} });
    drainFor(less, 28);
    expect(less.counters(1).expired).toBeGreaterThan(0);
  });

  it("keeps pace for good when more is sampled than may be sent", () => {
    // 20,160 a day against 10,000 in 24 h 10 min: every third, since every second is a little too much.
    const rig = createUploadRig({ overload: "thin", intervalsMs: Array(14).fill(MINUTE_MS) });
    rig.fill(1, 300);
    rig.drain();
    const { delivered, thinned } = rig.counters(1);
    expect(delivered).toBe(100);
    expect(thinned + delivered).toBeGreaterThanOrEqual(298);
  });

  it("goes on evenly from one delivery to the next", () => {
    const rig = createUploadRig({ overload: "thin", intervalsMs: Array(14).fill(MINUTE_MS) });
    for (let n = 0; n < 100; n++) {
      rig.timers.advance(MINUTE_MS);
      rig.ring.add(1, 1, rig.timers.nowMs() - 5000, n);
      rig.drain();
    }
    const values = rig.server.requests.map((request) => pointsOf(request.body).map((p) => p[1] * 10));
    expect(values.flat()).toEqual(Array.from({ length: 34 }, (_, i) => 3 * i));
  });

  it("is off unless asked for: the oldest expire instead, and are counted", () => {
    const rig = createUploadRig({ nowRawMs: 60 * DAY_MS, intervalsMs: [], pointsPerDayMax: 500 });
    rig.fill(1, 27 * 1440, MINUTE_MS);
    rig.server.behave = () => OK;
    drainFor(rig, 40);
    const counters = rig.counters(1);
    expect(counters.thinned).toBe(0);
    expect(counters.expired).toBeGreaterThan(10_000);
    expect(counters.expired + counters.delivered).toBe(27 * 1440);
  });
});
