import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import {
  bodies,
  createUploadRig,
  DAY_MS,
  MINUTE_MS,
  pinOf,
  pointsOf,
  type UploadRig,
} from "../../support/upload-rig.ts";

describe("the order", () => {
  it("is oldest first over all datastreams, in batches that grow while they pass", () => {
    const rig = createUploadRig();
    rig.fill(1, 6000);
    rig.fill(2, 2000);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests.map((r) => [pinOf(r), pointsOf(r.body).length])).toEqual([
      ["v1", 1000],
      ["v1", 2000],
      ["v1", 3000],
      ["v2", 2000],
    ]);
  });

  it("starts each delivery with a moderate batch", () => {
    const rig = createUploadRig({ pointsPerDayMax: 60_000 });
    rig.fill(1, 15_000);
    rig.drain();
    const before = rig.server.requests.length;
    rig.fill(2, 5000);
    rig.drain();
    expect(pointsOf(bodies(rig)[before])).toHaveLength(1000);
  });

  it("lets no batch exceed the body size of the plan", () => {
    const rig = createUploadRig({ bodyBytesMax: 3000 });
    rig.fill(1, 500);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    for (const body of bodies(rig)) expect(body.length).toBeLessThanOrEqual(3000);
  });

  it("leaves the newest samples, which might lie in the server's future, for the next delivery", () => {
    const rig = createUploadRig();
    rig.now.boundMs = 90_000;
    rig.fill(1, 100, MINUTE_MS, 0);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered).toBe(98);
  });

  it("drains pins that the device file no longer names, and pages of other decimals", () => {
    const rig = createUploadRig();
    rig.ring.decimalsOf[200] = 3;
    rig.fill(200, 50);
    rig.drain();
    expect(rig.server.requests[0].body).toMatch(/,0\.2\]/);
    expect(rig.counters(200).delivered).toBe(50);
  });

  it("lets go of expired samples without sending them, and counts them", () => {
    const rig = createUploadRig({ nowRawMs: 60 * DAY_MS });
    rig.fill(1, 300, DAY_MS / 5);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    const counters = rig.counters(1);
    expect(counters.expired + counters.delivered).toBe(300);
    const oldestMs = pointsOf(bodies(rig)[0])[0][0];
    const now = rig.unit.now();
    expect(now).toBeDefined();
    expect((now?.trueMs ?? 0) - oldestMs).toBeLessThanOrEqual(LIMITS.ageMaxMs - LIMITS.ageMarginMs);
    expect((now?.trueMs ?? 0) - oldestMs).toBeGreaterThan(LIMITS.ageMaxMs - LIMITS.ageMarginMs - DAY_MS / 4);
  });

  it("lets go of samples that can never be dated, keeps those that may be, and neither blocks the others", () => {
    const rig = createUploadRig();
    const nowMs = rig.timers.nowMs();
    for (let i = 0; i < 100; i++) rig.ring.add(1, i < 60 ? 8 : 1, nowMs - 900_000 + i * 1000, i);
    for (let i = 0; i < 50; i++) rig.ring.add(2, 9, nowMs - 900_000 + i * 1000, i);
    rig.datings[8] = () => ({ state: "never" });
    rig.datings[9] = () => ({ state: "held" });
    rig.fill(3, 20);
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ undatable: 60, delivered: 40 });
    expect(rig.counters(2)).toMatchObject({ undatable: 0, delivered: 0 });
    expect(rig.counters(3).delivered).toBe(20);
    expect(rig.unit.memory.holds).toBe(true);
    // Even when today's allowance is spent.
    const spent = createUploadRig({ pointsPerDayMax: 100 });
    spent.fill(2, 100);
    spent.drain();
    for (let i = 0; i < 300; i++) spent.ring.add(1, 8, nowMs - 9000 + i, i);
    spent.datings[8] = () => ({ state: "never" });
    spent.drain();
    expect(spent.counters(1).undatable).toBe(300);
  });

  it("settles readings that can't be represented without a request", () => {
    const rig = createUploadRig();
    for (let i = 0; i < 70; i++) rig.ring.add(1, 1, rig.timers.nowMs() - 90_000 + i * 1000, Number.NaN);
    rig.drain();
    expect(rig.server.requests).toHaveLength(0);
    expect(rig.counters(1).unrepresentable).toBe(70);
  });

  it("counts what flash lost, within a run and as a whole run", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    for (const i of [3, 4, 50, 99]) rig.ring.samples[1][i].corrupt = true;
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 96, corrupt: 4 });
    rig.fill(2, 10);
    for (const sample of rig.ring.samples[2]) sample.corrupt = true;
    rig.drain();
    expect(rig.counters(2)).toMatchObject({ delivered: 0, corrupt: 10 });
  });
});

describe("a priority", () => {
  const lengths = (rig: UploadRig): { [pin: string]: number } => {
    const sums: { [pin: string]: number } = {};
    for (const one of rig.server.requests) sums[pinOf(one)] = (sums[pinOf(one)] ?? 0) + pointsOf(one.body).length;
    return sums;
  };

  it("lets its datastream spend the day's allowance before the others, whatever their age", () => {
    const rig = createUploadRig({ pointsPerDayMax: 1000 });
    rig.ring.priorityOf = { 1: 3, 3: 1 };
    rig.fill(1, 900, 2 * MINUTE_MS);
    rig.fill(2, 900);
    rig.fill(3, 600);
    rig.drain();
    expect(pinOf(rig.server.requests[0])).toBe("v3");
    expect(lengths(rig)).toEqual({ v3: 600, v2: 400 });
  });

  it("shares what a higher one leaves evenly over those of its own", () => {
    const rig = createUploadRig({ pointsPerDayMax: 1000, intervalsMs: [] });
    rig.ring.priorityOf = { 1: 1 };
    rig.fill(1, 400);
    for (const pin of [2, 3]) rig.fill(pin, 1000);
    rig.drain();
    const sums = lengths(rig);
    expect(sums.v1).toBe(400);
    expect(sums.v2 + sums.v3).toBe(600);
    expect(Math.abs(sums.v2 - sums.v3)).toBeLessThan(30);
  });

  it("of 3 keeps no expired samples waiting for its turn", () => {
    const rig = createUploadRig({ pointsPerDayMax: 300, nowRawMs: 60 * DAY_MS });
    rig.ring.priorityOf = { 1: 3 };
    rig.fill(1, 300, DAY_MS / 5);
    rig.fill(2, 900);
    rig.drain();
    expect(rig.counters(1).expired).toBeGreaterThan(100);
    expect(lengths(rig)).toEqual({ v2: 300 });
  });
});
