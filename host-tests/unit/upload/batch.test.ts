import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dating, TimeMap } from "../../../firmware/clock/time-map.ts";
import { decimalText } from "../../../firmware/storage/format/decimal.ts";
import type { Storage } from "../../../firmware/storage/ring/ring.ts";
import { type Batch, openBatch, type Run } from "../../../firmware/upload/batch.ts";
import { createFakeRing, endOf, type FakeSample } from "../../support/fake-ring.ts";
import { EPOCH_MS } from "../../support/upload-rig.ts";

const PIN = 3;

function ringOf(samples: FakeSample[], decimals = 1) {
  const ring = createFakeRing();
  ring.samples[PIN] = samples;
  ring.decimalsOf[PIN] = decimals;
  return ring;
}

/** What dates a sample. */
type Dates = (session: number, rawMs: number) => Dating;

const mapOf = (date: Dates): Dates => date;

function line(boundMs = 10, rate = 1, trueMs = EPOCH_MS): Dating {
  return {
    state: "dated",
    segment: {
      fromRawMs: 0,
      toRawMs: Number.POSITIVE_INFINITY,
      trueMs,
      rate,
      boundMs: boundMs,
      boundRate: 0,
      bend: 0,
      reachMs: 0,
    },
  };
}

const whole: Run = {
  pin: PIN,
  from: 0,
  to: Number.POSITIVE_INFINITY,
  fixId: 1,
  thinEvery: 1,
  thinPhase: 0,
  afterTrueMs: 0,
  pointsMax: Number.POSITIVE_INFINITY,
  untilTrueMs: Number.POSITIVE_INFINITY,
  wrongFromMs: 0,
  wrongToMs: 0,
};

function walk(ring: ReturnType<typeof ringOf>, date: Dates, run: Run): { body: string; batch: Batch } {
  const storage = undefined as unknown as Storage;
  const map = undefined as unknown as TimeMap;
  const source = {
    ...ring,
    date: (_: TimeMap, session: number, rawMs: number) => date(session, rawMs),
    now: () => undefined,
  };
  const batch = openBatch({ storage, source, map }, run);
  let body = "[";
  while (batch.step()) body += batch.text;
  return { body: `${body}${batch.text}]`, batch };
}

const regular = (count: number, everyMs = 60_000): FakeSample[] =>
  Array.from({ length: count }, (_, i) => ({ session: 1, rawMs: 1000 + i * everyMs, value: 200 + (i % 9) }));

/** Exact, by digits: the independent way. */
function exact(value: number, decimals: number): string {
  const digits = `${Math.abs(value)}`.padStart(decimals + 1, "0");
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const text = decimals === 0 ? digits : digits.slice(0, -decimals) + (fraction && `.${fraction}`);
  return value < 0 ? `-${text}` : text;
}

describe("a value", () => {
  it("is the shortest exact decimal, whatever its size", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.integer({ min: -(2 ** 35), max: 2 ** 35 })),
        fc.integer({ min: 0, max: 4 }),
        (value, decimals) => {
          expect(decimalText(value, decimals)).toBe(exact(value, decimals));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("of zero has no sign", () => {
    expect(decimalText(-0, 2)).toBe("0");
    expect(decimalText(0, 0)).toBe("0");
  });

  it("keeps no needless zero beyond what the interpreter can divide", () => {
    expect(decimalText(123456000, 4)).toBe("12345.6");
    expect(decimalText(-120000000, 4)).toBe("-12000");
  });
});

describe("a batch", () => {
  it("is the shortest JSON of its points, as long as it says, in pieces of at most 40", () => {
    const { body, batch } = walk(
      ringOf(regular(1003)),
      mapOf(() => line()),
      whole,
    );
    const points = regular(1003).map((s) => [EPOCH_MS + s.rawMs, s.value / 10]);
    expect(body).toBe(JSON.stringify(points));
    expect(batch.bodyBytes).toBe(body.length);
    expect(batch.points).toBe(1003);
    expect(batch.to).toBe(endOf(1003));
    expect(batch.lastTrueMs).toBe(points[1002][0]);
  });

  it("is the same bytes however its pages are cut into pieces, thinned or not, to the end it was measured to", () => {
    const sample = fc.record({
      gapMs: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 900, max: 1100 })),
      value: fc.oneof(
        fc.integer({ min: -3000, max: 3000 }),
        fc.constant(Number.NaN),
        fc.integer({ min: 1e6, max: 3e7 }),
      ),
      reboot: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 200 }),
        fc.record({
          thinEvery: fc.integer({ min: 1, max: 5 }),
          thinPhase: fc.integer({ min: 0, max: 4 }),
          pointsMax: fc.integer({ min: 1, max: 150 }),
          pieceMax: fc.integer({ min: 1, max: 40 }),
          after: fc.integer({ min: -100, max: 50 }),
          until: fc.integer({ min: 0, max: 200_000 }),
          rate: fc.constantFrom(1, 1.00004, 0.99993),
        }),
        (steps, options) => {
          let rawMs = 1000;
          let session = 1;
          const samples = steps.map(({ gapMs, value, reboot }) => {
            rawMs += gapMs;
            if (reboot === 0) session++;
            return { session, rawMs, value };
          });
          const ring = ringOf(samples, 2);
          // Sessions are shifted against each other by less than their bound, so that some samples meet in one ms.
          const map = mapOf((s) => line(5, options.rate, EPOCH_MS - (s % 3) * 4));
          const planned: Run = {
            ...whole,
            thinEvery: options.thinEvery,
            thinPhase: options.thinPhase,
            afterTrueMs: EPOCH_MS + 1000 + options.after,
            pointsMax: options.pointsMax,
            untilTrueMs: EPOCH_MS + 1000 + options.until,
          };
          const first = walk(ring, map, planned);
          ring.pieceMax = options.pieceMax;
          const again = walk(ring, map, {
            ...planned,
            to: first.batch.to,
            pointsMax: Number.POSITIVE_INFINITY,
            untilTrueMs: Number.POSITIVE_INFINITY,
          });
          expect(again.body).toBe(first.body);
          expect(first.body.length).toBe(first.batch.bodyBytes);
          const { batch } = first;
          expect(batch.points + batch.thinned + batch.undatable + batch.unrepresentable).toBe(batch.samples);
          expect(endOf(batch.samples)).toBe(batch.samples === 0 ? endOf(0) : batch.to);
          let last = planned.afterTrueMs;
          for (const [ts] of JSON.parse(first.body)) {
            expect(ts).toBeGreaterThan(last);
            last = ts;
          }
          expect(batch.points).toBeLessThanOrEqual(options.pointsMax);
          // What the second walk says is settled: it has to count the same.
          expect({ ...again.batch, step: 0, held: 0 }).toEqual({ ...batch, step: 0, held: 0 });
        },
      ),
      { numRuns: 400 },
    );
  });

  it("moves a sample on by a ms only within the error of its own time", () => {
    const twins = [1000, 1000, 1001, 1002].map((rawMs, i) => ({ session: 1, rawMs, value: i }));
    const sure = walk(
      ringOf(twins),
      mapOf(() => line(0.4)),
      whole,
    );
    expect(JSON.parse(sure.body)).toEqual([
      [EPOCH_MS + 1000, 0],
      [EPOCH_MS + 1001, 0.2],
      [EPOCH_MS + 1002, 0.3],
    ]);
    expect(sure.batch.undatable).toBe(1);
    const vague = walk(
      ringOf(twins),
      mapOf(() => line(2)),
      whole,
    );
    expect(JSON.parse(vague.body).map((p: number[]) => p[0] - EPOCH_MS)).toEqual([1000, 1001, 1002, 1003]);
    expect(vague.batch.undatable).toBe(0);
  });

  it("leaves out what can't be represented, and counts it", () => {
    const samples = regular(50);
    samples[7].value = Number.NaN;
    const { body, batch } = walk(
      ringOf(samples),
      mapOf(() => line()),
      whole,
    );
    expect(JSON.parse(body)).toHaveLength(49);
    expect(body).not.toContain("null");
    expect(batch.unrepresentable).toBe(1);
    expect(batch.bodyBytes).toBe(body.length);
  });

  it("ends before samples that wait for a better map, in mid-piece too", () => {
    const samples = regular(60).map((s, i) => ({ ...s, session: i < 50 ? 1 : 2 }));
    const { batch } = walk(
      ringOf(samples),
      mapOf((s) => (s === 1 ? line() : { state: "held" })),
      whole,
    );
    expect(batch.points).toBe(50);
    expect(batch.held).toBe(true);
    expect(batch.to).toBe(endOf(50));
  });

  it("ends before samples from the future", () => {
    const { batch } = walk(
      ringOf(regular(60)),
      mapOf(() => line()),
      { ...whole, untilTrueMs: EPOCH_MS + 1000 + 9 * 60_000 },
    );
    expect(batch.points).toBe(10);
    expect(batch.to).toBe(endOf(10));
  });

  it("never mixes samples that can be dated with those that never will", () => {
    const samples = regular(100).map((s, i) => ({ ...s, session: i < 45 ? 1 : i < 90 ? 2 : 3 }));
    const map = mapOf((s) => (s === 1 ? { state: "never" } : line()));
    const first = walk(ringOf(samples), map, whole);
    expect(first.batch).toMatchObject({ never: true, undatable: 45, points: 0, to: endOf(45) });
    const second = walk(ringOf(samples), map, { ...whole, from: first.batch.to });
    expect(second.batch).toMatchObject({ never: false, undatable: 0, points: 55, to: endOf(100) });
  });

  it("crosses from one stretch of the time map into the next within a piece", () => {
    const map = mapOf((_s, rawMs) => ({
      state: "dated",
      segment:
        rawMs < 1_000_000
          ? {
              fromRawMs: 0,
              toRawMs: 1_000_000,
              trueMs: EPOCH_MS,
              rate: 1,
              boundMs: 1,
              boundRate: 0,
              bend: 0,
              reachMs: 0,
            }
          : {
              fromRawMs: 1_000_000,
              toRawMs: Infinity,
              trueMs: EPOCH_MS + 1_000_500,
              rate: 1.001,
              boundMs: 1,
              boundRate: 0,
              bend: 0,
              reachMs: 0,
            },
    }));
    const { body } = walk(ringOf(regular(40)), map, whole);
    const times = JSON.parse(body).map((p: number[]) => p[0] - EPOCH_MS);
    expect(times[16]).toBe(961_000);
    expect(times[17]).toBe(Math.round(1_000_500 + 21_000 * 1.001));
  });

  it("counts samples lost to decay within the run, and none beyond its end", () => {
    const samples: FakeSample[] = regular(100);
    for (const i of [20, 21, 95]) samples[i].corrupt = true;
    const { batch } = walk(
      ringOf(samples),
      mapOf(() => line()),
      { ...whole, pointsMax: 50 },
    );
    expect(batch).toMatchObject({ points: 50, corrupt: 2, to: endOf(52) });
  });
});
