import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { type Bench, createBench, DAY_MS, EPOCH_MS, MINUTE_MS } from "../../support/delivery-rig.ts";
import { OK } from "../../support/fake-server.ts";

const pointsOf = (body: string): [number, number][] => JSON.parse(body);

/** Drains day after day until nothing but new samples waits. Returns how old any point was when it was sent, at most. */
function drainFor(bench: Bench, days: number): number {
  let oldestMs = 0;
  let seen = 0;
  const endMs = bench.timers.nowMs() + days * DAY_MS;
  while (bench.timers.nowMs() < endMs) {
    const { verdict, nextTryMs } = bench.drain();
    for (; seen < bench.server.requests.length; seen++) {
      const [firstMs] = pointsOf(bench.server.requests[seen].body)[0];
      oldestMs = Math.max(oldestMs, EPOCH_MS + bench.timers.nowMs() - firstMs);
    }
    if (verdict === VERDICT.allSent) break;
    bench.timers.advance(Math.min(nextTryMs, 3_600_000));
  }
  return oldestMs;
}

describe("a backlog above the day's allowance", () => {
  it("goes oldest first over all datastreams, not one datastream after the other", () => {
    const bench = createBench({ pointsPerDayMax: 3000, intervalsMs: [] });
    for (const pin of [1, 2, 3]) bench.fill(pin, 5000);
    bench.drain();
    const sent = [1, 2, 3].map((pin) => bench.counters(pin).delivered);
    expect(sent.reduce((a, b) => a + b)).toBe(3000);
    for (const count of sent) expect(Math.abs(count - 1000)).toBeLessThan(60);
  });

  it("weighs datastreams by their rates", () => {
    const bench = createBench({ pointsPerDayMax: 2200, intervalsMs: [] });
    bench.fill(1, 8000, MINUTE_MS);
    bench.fill(2, 800, 10 * MINUTE_MS);
    bench.drain();
    expect(bench.counters(1).delivered).toBeGreaterThan(1900);
    expect(bench.counters(2).delivered).toBeGreaterThan(150);
    expect(bench.counters(2).delivered).toBeLessThan(260);
  });

  it("needs few requests: ten thousand points in at most twelve", () => {
    const bench = createBench({ intervalsMs: [] });
    for (const pin of [1, 2, 3]) bench.fill(pin, 12_000);
    bench.drain();
    expect(bench.server.requests.length).toBeLessThanOrEqual(12);
    expect([1, 2, 3].reduce((sum, pin) => sum + bench.counters(pin).delivered, 0)).toBeGreaterThan(9000);
  });

  it("says when it will be clear", () => {
    const bench = createBench({ intervalsMs: [6 * MINUTE_MS] });
    bench.fill(1, 60_000, 30_000);
    bench.unit.overload.survey();
    // 50,000 more than fit today; 10,000 a window, of which 240 and a bit are new.
    const expectedMs = (50_000 / (10_000 - LIMITS.quotaWindowMs / (6 * MINUTE_MS))) * LIMITS.quotaWindowMs;
    expect(bench.unit.overload.clearsMs()).toBeCloseTo(expectedMs, -2);
    const small = createBench();
    small.fill(1, 100);
    expect(small.unit.overload.clearsMs()).toBe(0);
    const growing = createBench({ pointsPerDayMax: 1000, intervalsMs: [MINUTE_MS] });
    growing.fill(1, 5000);
    growing.unit.overload.survey();
    expect(growing.unit.overload.clearsMs()).toBe(Infinity);
  });
});

describe("thinning", () => {
  it("leaves a backlog alone that drains in time", () => {
    const bench = createBench({ overload: "thin", intervalsMs: [MINUTE_MS] });
    bench.fill(1, 30_000, MINUTE_MS);
    bench.unit.overload.survey();
    expect(bench.unit.overload.thinEvery()).toBe(1);
  });

  it("takes the smallest k with which nothing expires unsent", () => {
    // A backlog of 27 days, one a minute, of which a day takes 1,000.
    const fill = (bench: Bench) => bench.fill(1, 27 * 1440);
    const options = { overload: "thin" as const, nowRawMs: 60 * DAY_MS, intervalsMs: [], pointsPerDayMax: 1000 };
    const bench = createBench(options);
    fill(bench);
    bench.unit.overload.survey();
    const k = bench.unit.overload.thinEvery();
    expect(k).toBeGreaterThan(1);
    const oldestMs = drainFor(bench, 28);
    expect(bench.counters(1).expired).toBe(0);
    expect(oldestMs).toBeLessThan(LIMITS.ageMaxMs);
    // One less, and some would have expired.
    const less = createBench(options);
    fill(less);
    less.unit.overload.thinEvery = () => k - 1;
    (less.unit as { overload: unknown }).overload = less.unit.overload;
    drainFor(less, 28);
    expect(less.counters(1).expired).toBeGreaterThan(0);
  });

  it("keeps pace for good when more is sampled than may be sent", () => {
    // 20,160 a day against 10,000 in 24 h 10 min: every third, since every second is a little too much.
    const bench = createBench({ overload: "thin", intervalsMs: Array(14).fill(MINUTE_MS) });
    bench.fill(1, 300);
    bench.drain();
    const { delivered, thinned } = bench.counters(1);
    expect(delivered).toBe(100);
    expect(thinned + delivered).toBeGreaterThanOrEqual(298);
  });

  it("goes on evenly from one sync to the next", () => {
    const bench = createBench({ overload: "thin", intervalsMs: Array(14).fill(MINUTE_MS) });
    for (let n = 0; n < 100; n++) {
      bench.timers.advance(MINUTE_MS);
      bench.ring.add(1, 1, bench.timers.nowMs() - 5000, n);
      bench.drain();
    }
    const values = bench.server.requests.map((request) => pointsOf(request.body).map((p) => p[1] * 10));
    expect(values.flat()).toEqual(Array.from({ length: 34 }, (_, i) => 3 * i));
  });

  it("is off unless asked for: the oldest expire instead, and are counted", () => {
    const bench = createBench({ nowRawMs: 60 * DAY_MS, intervalsMs: [], pointsPerDayMax: 500 });
    bench.fill(1, 27 * 1440, MINUTE_MS);
    bench.server.behave = () => OK;
    drainFor(bench, 40);
    const counters = bench.counters(1);
    expect(counters.thinned).toBe(0);
    expect(counters.expired).toBeGreaterThan(10_000);
    expect(counters.expired + counters.delivered).toBe(27 * 1440);
  });
});
