import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { pointsWithin, quotaWaitMs } from "../../../firmware/upload/quota.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { type Behaviour, OK } from "../../support/fake-server.ts";
import { createUploadRig, DAY_MS, MINUTE_MS } from "../../support/upload-rig.ts";

/** Most that `amount` adds up to over any 24 hours of arrivals. */
function mostIn24h(arrivals: { atMs: number; amount: number }[]): number {
  const sorted = [...arrivals].sort((a, b) => a.atMs - b.atMs);
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const arrival of sorted) {
    sum += arrival.amount;
    while (sorted[first].atMs <= arrival.atMs - DAY_MS) sum -= sorted[first++].amount;
    most = Math.max(most, sum);
  }
  return most;
}

describe("the quota", () => {
  it("is never exceeded in any 24 hours by arrival, whatever fails and however often power goes", () => {
    const seed = Number(process.env.SIM_SEED ?? 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (n) => {
        const random = createPrng(n);
        const pointsPerDayMax = 400;
        const requestsPerDayMax = 12;
        const rig = createUploadRig({
          seed: n,
          pointsPerDayMax,
          requestsPerDayMax,
          pointsPerRequestMax: 20 + random.below(100),
          intervalsMs: [4 * MINUTE_MS],
        });
        rig.fill(1, 2000, 4 * MINUTE_MS);
        rig.fill(2, 300, 20 * MINUTE_MS);
        rig.server.behave = (): Behaviour => {
          const kind = random.below(9);
          if (kind < 4) return { ...OK, afterMs: 1 + random.below(80_000) };
          if (kind === 4) return { answer: random.chance(0.5) ? 503 : 422, afterMs: 1 + random.below(80_000) };
          if (kind === 5) return { fail: "silence" };
          if (kind === 6) return { fail: "close", afterMs: 1 + random.below(60_000) };
          if (kind === 7) return { fail: "throw-write" };
          return { fail: "reset", afterChars: random.below(4000) };
        };
        const seen = new Set<number>();
        const arrivals: { atMs: number; amount: number }[] = [];
        const requests: { atMs: number; amount: number }[] = [];
        let again: (() => void) | undefined;
        const drain = (): void => {
          rig.unit.drain.run((_verdict, nextTryMs) => {
            again = drain;
            const waitMs = random.chance(0.3) ? 0 : Math.min(nextTryMs, 3_600_000);
            rig.timers.setTimeout(() => again?.(), waitMs);
          });
        };
        drain();
        const endMs = rig.timers.nowMs() + 5 * DAY_MS;
        while (rig.timers.nowMs() < endMs) {
          rig.timers.advance(random.chance(0.2) ? random.below(300) : random.below(20 * MINUTE_MS));
          rig.server.requests.forEach((request, i) => {
            // A whole body may arrive, up to a minute later, also when its sender has lost power since.
            if (!request.ended || seen.has(i)) return;
            seen.add(i);
            const atMs = (request.endedMs ?? 0) + random.below(60_000);
            arrivals.push({ atMs, amount: JSON.parse(request.body).length });
            requests.push({ atMs, amount: 1 });
          });
          if (random.chance(0.05)) {
            const uptimeRawMs = rig.unit.clock.rawMs();
            rig.reboot(
              random.below(3) * random.below(5 * 3_600_000),
              Math.max(uptimeRawMs, rig.unit.ledger.lastRawMs()) + 1,
            );
            drain();
          }
        }
        expect(mostIn24h(arrivals)).toBeLessThanOrEqual(pointsPerDayMax);
        expect(mostIn24h(requests)).toBeLessThanOrEqual(requestsPerDayMax);
        expect(arrivals.length).toBeGreaterThan(5);
      }),
      { numRuns: 40, seed },
    );
  }, 60_000);

  it("holds back what exceeds it, says until when, and lets it through then", () => {
    const rig = createUploadRig();
    rig.fill(1, 25_000);
    const first = rig.drain();
    expect(first.verdict).toBe(VERDICT.dailyLimit);
    expect(rig.counters(1).delivered).toBe(10_000);
    expect(first.nextTryMs).toBeGreaterThan(DAY_MS);
    expect(first.nextTryMs).toBeLessThanOrEqual(LIMITS.quotaWindowMs);
    rig.timers.advance(first.nextTryMs);
    for (let n = 0, wait = rig.drain(); n < 5 && wait.nextTryMs < 60_000; n++) {
      rig.timers.advance(wait.nextTryMs);
      wait = rig.drain();
    }
    expect(rig.counters(1).delivered).toBe(20_000);
    expect(rig.server.requests.length).toBeLessThanOrEqual(12);
  });

  it("is kept over reboots", () => {
    const rig = createUploadRig();
    rig.fill(1, 25_000);
    rig.drain();
    rig.reboot();
    expect(rig.unit.pointsLeft()).toBe(0);
    expect(rig.drain().verdict).toBe(VERDICT.dailyLimit);
  });

  it("bounds the requests of a day too", () => {
    const rig = createUploadRig({ requestsPerDayMax: 4 });
    rig.fill(1, 9000, 1000);
    for (let pin = 2; pin < 9; pin++) rig.fill(pin, 10);
    expect(rig.drain().verdict).toBe(VERDICT.dailyLimit);
    expect(rig.server.requests).toHaveLength(4);
    expect(rig.unit.requestsLeft()).toBe(0);
  });

  it("charges a replay again, and waits until it fits whole", () => {
    const rig = createUploadRig({ pointsPerDayMax: 1000 });
    rig.fill(1, 900);
    rig.server.behave = (n) => (n === 0 ? { fail: "close" } : OK);
    const { verdict, nextTryMs } = rig.drain();
    expect(verdict).toBe(VERDICT.dailyLimit);
    expect(rig.server.requests).toHaveLength(1);
    rig.timers.advance(nextTryMs);
    rig.drain();
    expect(rig.server.requests[1].body).toBe(rig.server.requests[0].body);
  });

  it("gives up the bytes of a batch that a smaller plan can never take, and sends it in parts", () => {
    const rig = createUploadRig();
    rig.fill(1, 900);
    rig.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    rig.options.pointsPerDayMax = 300;
    rig.reboot();
    rig.timers.advance(2 * DAY_MS);
    rig.drain();
    expect(rig.counters(1).delivered).toBe(300);
  });

  it("says how many points can be sent by when", () => {
    const rig = createUploadRig({ pointsPerDayMax: 1000 });
    rig.fill(1, 600);
    rig.drain();
    const { quota } = rig.unit;
    expect(pointsWithin(quota, 0)).toBe(400);
    expect(pointsWithin(quota, LIMITS.quotaWindowMs - MINUTE_MS)).toBe(400);
    expect(pointsWithin(quota, LIMITS.quotaWindowMs)).toBe(1400);
    expect(pointsWithin(quota, 2 * LIMITS.quotaWindowMs + MINUTE_MS)).toBe(2400);
    expect(quotaWaitMs(quota, 400)).toBe(0);
    expect(quotaWaitMs(quota, 401)).toBeGreaterThan(DAY_MS);
  });
});
