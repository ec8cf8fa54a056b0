import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { FAIL_CAUSE } from "../../../firmware/storage/ledger/ledger.ts";
import type { Job } from "../../../firmware/upload/job.ts";
import { judge } from "../../../firmware/upload/outcome.ts";
import { createUploadRig, DAY_MS, EPOCH_MS, MINUTE_MS, type UploadRig } from "../../support/upload-rig.ts";

/** What the planner finds, with no request made. */
function plan(rig: UploadRig): Job | undefined {
  const found: (Job | undefined)[] = [];
  rig.unit.planner.plan((job) => found.push(job));
  for (let i = 0; i < 10_000 && found.length === 0; i++) rig.timers.advance(0);
  expect(found).toHaveLength(1);
  return found[0];
}

/** As if the job had been sent and accepted. */
function accept(rig: UploadRig, job: Job): void {
  rig.unit.ledger.recordAttempt(job.attempt);
  rig.unit.planner.learn(job, judge("sent"));
  rig.unit.ledger.settle(job.attempt.pin, rig.unit.clock.rawMs(), job.settlement);
}

describe("a plan", () => {
  it("finds nothing in an empty ring, nor while the time is not known", () => {
    const rig = createUploadRig();
    expect(plan(rig)).toBeUndefined();
    rig.fill(1, 10);
    rig.now.known = false;
    expect(plan(rig)).toBeUndefined();
    expect(rig.unit.memory.quotaWaitMs).toBe(0);
  });

  it("describes a batch to its last byte, and changes nothing in the ledger", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    const job = plan(rig);
    expect(job).toMatchObject({ replay: false, attempt: { pin: 1, points: 300, thinEvery: 1, thinPhase: 0 } });
    expect(job?.settlement).toMatchObject({ delivered: 300, thinned: 0, undatable: 0, corrupt: 0 });
    expect(job?.run).toMatchObject({ pin: 1, from: job?.attempt.from, to: job?.attempt.to, pointsMax: Infinity });
    expect(rig.unit.ledger.attempt(1)).toBeUndefined();
    expect(rig.unit.ledger.charges()).toEqual([]);
    rig.drain();
    expect(rig.server.requests[0].body).toHaveLength(job?.attempt.bodyBytes ?? 0);
  });

  it("takes the datastream whose first sample is oldest", () => {
    const rig = createUploadRig();
    rig.fill(1, 10);
    rig.fill(2, 20);
    rig.fill(3, 5);
    expect(plan(rig)?.attempt.pin).toBe(2);
  });

  it("takes a batch of unknown fate before new ones, just as it was", () => {
    const rig = createUploadRig();
    rig.fill(1, 10);
    const open = plan(rig) as Job;
    rig.unit.ledger.recordAttempt(open.attempt);
    rig.fill(2, 500);
    rig.timers.advance(5 * MINUTE_MS);
    rig.ring.add(1, 1, rig.timers.nowMs() - MINUTE_MS, 7);
    const job = plan(rig) as Job;
    expect(job.replay).toBe(true);
    expect({ ...job.attempt, rawMs: 0 }).toEqual({ ...open.attempt, rawMs: 0 });
    expect(job.settlement).toEqual(open.settlement);
  });

  it("puts a datastream that failed twice behind the others", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.fill(2, 20);
    const pins: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      const job = plan(rig) as Job;
      pins.push(job.attempt.pin);
      rig.unit.planner.learn(job, judge("unreached"));
    }
    expect(pins).toEqual([1, 1, 2]);
  });

  it("leaves a refused batch of unknown fate to rest, and says so, until somebody asks", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    const job = plan(rig) as Job;
    rig.unit.ledger.recordAttempt(job.attempt);
    const replay = plan(rig) as Job;
    expect(rig.unit.planner.learn(replay, judge("refused"))).toBe("keep");
    rig.unit.ledger.fail(1, rig.unit.clock.rawMs(), true, FAIL_CAUSE.refused);
    expect(plan(rig)).toBeUndefined();
    expect(rig.unit.memory.rests).toBe("refused");
    rig.unit.forgive();
    expect(plan(rig)?.replay).toBe(true);
    expect(rig.unit.memory.rests).toBe("");
  });

  it("stops before samples that a better time map may date, and says so", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    for (let i = 0; i < 10; i++) rig.ring.add(1, 9, rig.timers.nowMs() - 9000 + i, 5);
    rig.datings[9] = () => ({ state: "held" });
    expect(plan(rig)?.attempt.points).toBe(100);
    expect(rig.unit.memory.holds).toBe(true);
  });

  it("never takes more than a request may have, nor more bytes than its body may have", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 20_000 }),
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 4 }),
        (bodyBytesMax, pointsPerRequestMax, values, decimals) => {
          const rig = createUploadRig({ bodyBytesMax, pointsPerRequestMax });
          rig.ring.decimalsOf[1] = decimals;
          for (let i = 0; i < 1500; i++) {
            rig.ring.add(1, 1, rig.timers.nowMs() - 2000 * MINUTE_MS + i * MINUTE_MS, values[i % values.length]);
          }
          let points = 0;
          for (let job = plan(rig); job; job = plan(rig)) {
            expect(job.attempt.bodyBytes).toBeLessThanOrEqual(bodyBytesMax);
            expect(job.attempt.points).toBeLessThanOrEqual(pointsPerRequestMax);
            points += job.attempt.points;
            accept(rig, job);
            // Requests this small can use up the day's allowance.
            if (rig.unit.requestsLeft() === 0) break;
          }
          expect(points).toBeGreaterThan(0);
        },
      ),
      { numRuns: 25, seed: Number(process.env.SIM_SEED ?? 11) },
    );
  }, 60_000);
});

describe("a delivery", () => {
  it("ends with what was pending when it began: it does not chase its own tail", () => {
    const rig = createUploadRig({ intervalsMs: Array(5).fill(1000) });
    for (let pin = 1; pin <= 5; pin++) rig.fill(pin, 200, 1000);
    // Each answer takes four seconds, in which every datastream takes four samples.
    rig.server.behave = () => ({ answer: 200, body: "OK", afterMs: 4000 });
    const sample = (): void => {
      for (let pin = 1; pin <= 5; pin++) rig.ring.add(pin, 1, rig.timers.nowMs(), 7);
      rig.timers.setTimeout(sample, 1000);
    };
    sample();
    rig.drain();
    expect(rig.server.requests).toHaveLength(5);
  });
});

describe("the allowance", () => {
  it("of a small plan is used up day by day, and the backlog goes when it was said to", () => {
    const pins = [1, 2, 3];
    const rig = createUploadRig({ pointsPerDayMax: 100, intervalsMs: pins.map(() => 60 * MINUTE_MS) });
    for (const pin of pins) rig.fill(pin, 120, 60 * MINUTE_MS);
    rig.unit.overload.survey();
    const saidMs = rig.unit.overload.clearsMs();
    const beganMs = rig.timers.nowMs();
    let clearedMs = 0;
    // Three samples an hour, and a look for what is free every ten minutes.
    for (let n = 1; n < 20 * 144 && clearedMs === 0; n++) {
      rig.timers.advance(10 * MINUTE_MS);
      for (const pin of pins) if (n % 6 === 0) rig.ring.add(pin, 1, rig.timers.nowMs() - 5000, n);
      rig.drain();
      if (pins.every((pin) => rig.pending(pin) === 0)) clearedMs = rig.timers.nowMs() - beganMs;
    }
    expect(clearedMs / DAY_MS).toBeGreaterThan(8);
    expect(Math.abs(clearedMs - saidMs) / DAY_MS).toBeLessThan(1);
  });

  it("bounds a batch, and what is left of it is not sent in dribbles", () => {
    const rig = createUploadRig({ pointsPerDayMax: 1000 });
    rig.fill(1, 3000);
    rig.unit.ledger.recordAttempt({ ...(plan(rig) as Job).attempt, points: 850 });
    rig.unit.ledger.fail(1, rig.unit.clock.rawMs(), false);
    expect(plan(rig)?.attempt.points).toBe(150);
    rig.unit.ledger.recordAttempt({ ...(plan(rig) as Job).attempt, points: 101 });
    rig.unit.ledger.fail(1, rig.unit.clock.rawMs(), false);
    // 49 are left, and a twentieth of a day's is 50.
    expect(plan(rig)).toBeUndefined();
    expect(rig.unit.memory.quotaWaitMs).toBeGreaterThan(DAY_MS);
  });

  it("lets less than that through when nothing more waits", () => {
    const rig = createUploadRig({ pointsPerDayMax: 1000 });
    rig.fill(1, 40);
    rig.unit.ledger.recordAttempt({ ...(plan(rig) as Job).attempt, points: 950 });
    rig.unit.ledger.fail(1, rig.unit.clock.rawMs(), false);
    expect(plan(rig)?.attempt.points).toBe(40);
    expect(rig.unit.memory.quotaWaitMs).toBe(0);
  });
});

describe("a backlog that exceeds the allowance", () => {
  it("is thinned in one phase over all its batches, wherever they begin", () => {
    const rig = createUploadRig({ overload: "thin", intervalsMs: Array(14).fill(MINUTE_MS), pointsPerRequestMax: 70 });
    rig.fill(1, 900);
    rig.unit.planner.begin();
    const kept: number[] = [];
    for (let job = plan(rig); job; job = plan(rig)) {
      expect(job.attempt.thinEvery).toBe(3);
      expect(job.attempt.thinPhase).toBe((job.attempt.from % 4096) % 3);
      expect(job.settlement.thinned).toBeGreaterThan(job.settlement.delivered);
      kept.push(job.attempt.points);
      accept(rig, job);
    }
    expect(kept.reduce((sum, points) => sum + points, 0)).toBe(300);
  });

  it("is sent up to the same moment in all datastreams", () => {
    const rig = createUploadRig({ pointsPerDayMax: 300, intervalsMs: [] });
    for (const pin of [1, 2, 3]) rig.fill(pin, 1000);
    rig.unit.planner.begin();
    const horizonMs = rig.unit.overload.horizonMs(1);
    expect(horizonMs).toBeLessThan(EPOCH_MS + rig.timers.nowMs());
    const job = plan(rig) as Job;
    expect(job.settlement.lastTrueMs).toBeLessThanOrEqual(horizonMs);
    expect(job.settlement.lastTrueMs).toBeGreaterThan(horizonMs - 2 * MINUTE_MS);
  });
});

describe("samples that can't be sent", () => {
  it("are let go before a batch is planned: expired, undatable, corrupt", () => {
    const rig = createUploadRig({ nowRawMs: 60 * DAY_MS });
    rig.fill(1, 5, MINUTE_MS, LIMITS.ageMaxMs);
    rig.fill(1, 20);
    for (let i = 0; i < 7; i++) rig.ring.add(2, 8, rig.timers.nowMs() - 9000 + i, 5);
    rig.datings[8] = () => ({ state: "never" });
    rig.fill(3, 4);
    for (const sample of rig.ring.samples[3]) sample.corrupt = true;
    const job = plan(rig) as Job;
    expect(job.attempt).toMatchObject({ pin: 1, points: 20 });
    accept(rig, job);
    expect(plan(rig)).toBeUndefined();
    expect(rig.counters(1)).toMatchObject({ expired: 5, delivered: 20 });
    expect(rig.counters(2).undatable).toBe(7);
    expect(rig.counters(3).corrupt).toBe(4);
  });

  it("stay as long as they may lie in the server's future", () => {
    const rig = createUploadRig();
    rig.now.boundMs = 60_000;
    rig.fill(1, 1, MINUTE_MS, 30_000);
    expect(plan(rig)).toBeUndefined();
    rig.timers.advance(30_000 + LIMITS.futureMarginMs + 1000);
    rig.unit.planner.begin();
    expect(plan(rig)?.attempt.points).toBe(1);
  });
});
