import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../firmware/clock/clock.ts";
import { boundMsAt, type Dating, trueMsAt } from "../../../firmware/clock/time-map.ts";
import {
  anyCrystal,
  anyLife,
  type Crystal,
  DAY_MS,
  type Event,
  type Fix,
  HOUR_MS,
  live,
  MINUTE_MS,
  type Moment,
  STILL,
  T0_MS,
} from "../../support/device-life.ts";
import { ledgerOf } from "../../support/fixes.ts";
import { createTimeMap } from "../../support/time-map.ts";

const LIMIT_MS = 300000;
const RUNS = Number(process.env.CLOCK_RUNS ?? 2000);

function mapOf(fixes: Fix[], limitMs = LIMIT_MS, here: Moment = { session: 8, rawMs: 0, trueMs: 0 }) {
  const clock = { session: () => here.session, rawMs: () => here.rawMs } as Clock;
  return createTimeMap(ledgerOf(fixes), clock, limitMs);
}

function timeOf(dating: Dating, rawMs: number): { trueMs: number; boundMs: number } {
  if (dating.state !== "dated") throw new Error(`expected a date, found ${dating.state}`);
  return { trueMs: trueMsAt(dating.segment, rawMs), boundMs: boundMsAt(dating.segment, rawMs) };
}

const run = (ms: number): Event => ({ kind: "run", ms });
const fix = (boundMs = 20, error = 0): Event => ({ kind: "fix", boundMs, error });
const sample: Event = { kind: "sample" };
const reboot = (offMs: number, unloggedMs = 0): Event => ({ kind: "reboot", offMs, unloggedMs });
/** A sample an hour. */
const sampleFor = (ms: number): Event[] => Array.from({ length: ms / HOUR_MS }, () => [run(HOUR_MS), sample]).flat();

/** Worst error of all samples, each of which must be dated within its bound. */
function worstErrorMs(crystal: Crystal, events: Event[]): { errorMs: number; boundMs: number; uncorrectedMs: number } {
  const { fixes, samples } = live(crystal, events);
  const map = mapOf(fixes);
  const worst = { errorMs: 0, boundMs: 0, uncorrectedMs: 0 };
  for (const { session, rawMs, trueMs } of samples) {
    const time = timeOf(map.date(session, rawMs, Infinity), rawMs);
    expect(Math.abs(time.trueMs - trueMs)).toBeLessThanOrEqual(time.boundMs);
    worst.errorMs = Math.max(worst.errorMs, Math.abs(time.trueMs - trueMs));
    worst.boundMs = Math.max(worst.boundMs, time.boundMs);
    // Without a map: the last fix before, and the crystal taken for true.
    const last = fixes.findLast((fix) => fix.rawMs <= rawMs) ?? fixes[0];
    worst.uncorrectedMs = Math.max(worst.uncorrectedMs, Math.abs(last.trueMs + rawMs - last.rawMs - trueMs));
  }
  return worst;
}

describe("the time map", () => {
  it.each([-40, 40])("dates 20 days offline at %d ppm within 50 ms, by the fixes around them", (middlePpm) => {
    const crystal = { ...STILL, middlePpm };
    const worst = worstErrorMs(crystal, [fix(20, 1), ...sampleFor(20 * DAY_MS), fix(20, -1)]);
    expect(worst.errorMs).toBeLessThanOrEqual(50);
    expect(worst.uncorrectedMs).toBeGreaterThan(68900);
    expect(worst.boundMs).toBeLessThan(20000);
  });

  it("dates 20 days offline with a day and night swing of 10 ppm within 2 s", () => {
    const crystal = { ...STILL, middlePpm: 40, swingPpm: 10 };
    const worst = worstErrorMs(crystal, [fix(20, 1), ...sampleFor(20 * DAY_MS), fix(20, -1)]);
    expect(worst.errorMs).toBeLessThanOrEqual(2000);
    expect(worst.uncorrectedMs).toBeGreaterThan(60000);
  });

  it("dates what came before the first fix, better once the crystal is learned", () => {
    const crystal = { ...STILL, middlePpm: 40 };
    const { fixes, samples } = live(crystal, [sample, run(10 * DAY_MS), fix(), run(5 * DAY_MS), fix()]);
    const { session, rawMs, trueMs } = samples[0];
    const map = mapOf(fixes);
    const first = timeOf(map.date(session, rawMs, 1), rawMs);
    const second = timeOf(map.date(session, rawMs, 2), rawMs);
    expect(Math.abs(first.trueMs - trueMs)).toBeGreaterThan(34000);
    expect(first.boundMs).toBeLessThan(90000);
    expect(Math.abs(second.trueMs - trueMs)).toBeLessThan(200);
    expect(second.boundMs).toBeLessThan(40000);
  });

  it("learns the crystal from another session when this one tells too little", () => {
    const crystal = { ...STILL, middlePpm: -40 };
    const { fixes, samples } = live(crystal, [
      fix(),
      run(10 * DAY_MS),
      fix(),
      reboot(HOUR_MS),
      sample,
      run(5 * DAY_MS),
      fix(),
    ]);
    const { session, rawMs, trueMs } = samples[0];
    expect(Math.abs(timeOf(mapOf(fixes).date(session, rawMs, Infinity), rawMs).trueMs - trueMs)).toBeLessThan(200);
  });

  it("allows for a step that no one saw in what it learned, with the temperature against it as well", () => {
    const crystal = {
      ...STILL,
      swingPpm: 20,
      shape: "square" as const,
      swingPeriodMs: 42 * DAY_MS,
      phase: 0.5 - 1 / 42,
    };
    worstErrorMs(crystal, [fix(), { kind: "unseen", ms: -520 }, run(DAY_MS), fix(), run(20 * DAY_MS), sample]);
  });

  it("holds what has no fix at all, and what no later one limits", () => {
    expect(mapOf([]).date(8, 5000, Infinity).state).toBe("held");
    const { fixes, samples } = live(STILL, [run(1000), fix(), run(1000), reboot(1000), run(1000), sample]);
    expect(mapOf(fixes).date(samples[0].session, samples[0].rawMs, Infinity).state).toBe("held");
  });

  it("holds the tail of a session until a fix limits it, however uncertain", () => {
    const { fixes, samples } = live(STILL, [run(1000), fix(), run(20 * DAY_MS), sample, run(1000), fix()]);
    const { session, rawMs } = samples[0];
    const map = mapOf(fixes, 10000);
    expect(map.date(session, rawMs, 1).state).toBe("held");
    expect(mapOf(fixes, 100000).date(session, rawMs, 2).state).toBe("dated");
  });

  it("places sessions that never met a clock in the middle of the slack that is left", () => {
    const { fixes, samples } = live(STILL, [
      fix(20),
      run(HOUR_MS),
      reboot(20000),
      run(HOUR_MS),
      sample,
      reboot(5000),
      run(HOUR_MS),
      sample,
      reboot(35000),
      run(HOUR_MS),
      fix(20),
    ]);
    const map = mapOf(fixes);
    for (const { session, rawMs, trueMs } of samples) {
      const time = timeOf(map.date(session, rawMs, Infinity), rawMs);
      expect(Math.abs(time.trueMs - trueMs)).toBeLessThanOrEqual(15000 + 2000);
      expect(time.boundMs).toBeGreaterThan(30000);
      expect(time.boundMs).toBeLessThan(40000);
    }
  });

  it("gives up what is left with too wide a slack, once a later fix shows it", () => {
    const { fixes, samples } = live(STILL, [
      fix(),
      reboot(DAY_MS),
      run(1000),
      sample,
      run(1000),
      reboot(1000),
      run(1000),
      fix(),
    ]);
    const { session, rawMs } = samples[0];
    expect(mapOf(fixes).date(session, rawMs, 1).state).toBe("held");
    expect(mapOf(fixes).date(session, rawMs, 2).state).toBe("never");
  });

  it("gives up boots that ended before the first fix ever: nothing says how long ago they were", () => {
    const { fixes, samples } = live(STILL, [run(1000), sample, reboot(1000), run(1000), sample, fix()]);
    const states = samples.map(({ session, rawMs }) => mapOf(fixes).date(session, rawMs, Infinity).state);
    expect(states).toEqual(["never", "dated"]);
  });

  it("dates what came before a jump by a fix after it, within 6 s a jump", () => {
    const jump = (lostMs: number): Event => ({ kind: "jump", lostMs });
    const { fixes, samples } = live(STILL, [
      sample,
      run(HOUR_MS),
      jump(5500),
      sample,
      run(HOUR_MS),
      jump(5500),
      run(1000),
      sample,
      run(HOUR_MS),
      fix(20),
    ]);
    const map = mapOf(fixes);
    const times = samples.map(({ session, rawMs }) => timeOf(map.date(session, rawMs, Infinity), rawMs));
    const errorsMs = times.map(({ trueMs }, i) => Math.round(trueMs - samples[i].trueMs));
    // What a jump loses, samples before it are late by.
    expect(errorsMs).toEqual([11000, 5500, 0]);
    // 100 ppm of drift on top.
    expect(times[0].boundMs).toBeCloseTo(20 + 520 + 2 * 6020 + 1080, -2);
    expect(times[1].boundMs).toBeCloseTo(20 + 520 + 6020 + 720, -2);
    expect(times[2].boundMs).toBeCloseTo(20 + 520 + 360, -2);
  });

  it("dates what comes after a jump by a fix before it, at once", () => {
    const { fixes, samples, end } = live(STILL, [fix(), run(HOUR_MS), { kind: "stray", ms: 5500 }, run(1000), sample]);
    const { session, rawMs, trueMs } = samples[0];
    const time = timeOf(mapOf(fixes).date(session, rawMs, Infinity), rawMs);
    expect(time.trueMs - trueMs).toBeCloseTo(5500, -2);
    expect(time.boundMs).toBeLessThan(7000);
    expect(mapOf(fixes, LIMIT_MS, end).now()?.boundMs).toBeLessThan(7000);
  });

  it("takes more jumps than a boot has numbers for, for a reboot", () => {
    const jumps = (n: number): Event[] =>
      Array.from({ length: n }, (): Event[] => [run(1000), { kind: "jump", lostMs: 0 }]).flat();
    const stateAfter = (n: number): string => {
      const { fixes, samples } = live(STILL, [sample, ...jumps(n), fix()]);
      return mapOf(fixes).date(samples[0].session, samples[0].rawMs, Infinity).state;
    };
    expect(stateAfter(7)).toBe("dated");
    expect(stateAfter(8)).toBe("never");
  });

  it("believes the newer of two fixes that contradict each other over a jump, too", () => {
    const { fixes, samples } = live(STILL, [
      fix(),
      run(DAY_MS),
      sample,
      { kind: "jump", lostMs: 0 },
      run(1000),
      fix(),
      run(1000),
      fix(),
    ]);
    const { session, rawMs, trueMs } = samples[0];
    fixes[0].trueMs -= 5 * HOUR_MS;
    const time = timeOf(mapOf(fixes).date(session, rawMs, Infinity), rawMs);
    expect(Math.abs(time.trueMs - trueMs)).toBeLessThan(time.boundMs);
  });

  it("narrows the end of a session by the first fix after the reboot", () => {
    const crystal = { ...STILL, middlePpm: 30 };
    const { fixes, samples } = live(crystal, [fix(), run(20 * DAY_MS), sample, reboot(3000), run(5000), fix()]);
    const { session, rawMs, trueMs } = samples[0];
    const map = mapOf(fixes);
    const alone = timeOf(map.date(session, rawMs, 1), rawMs);
    const narrowed = timeOf(map.date(session, rawMs, 2), rawMs);
    expect(alone.boundMs).toBeGreaterThan(170000);
    expect(narrowed.boundMs).toBeLessThan(0.7 * alone.boundMs);
    expect(Math.abs(narrowed.trueMs - trueMs)).toBeLessThanOrEqual(narrowed.boundMs);
  });

  it("dates every sample of a day with a reboot every few minutes and a fix now and then", () => {
    const events: Event[] = [fix()];
    for (let i = 0; i < 288; i++) {
      events.push(run(4 * MINUTE_MS), sample, run(55000), reboot(1500, 3500));
      if (i % 12 === 11) events.push(run(3000), fix());
    }
    const worst = worstErrorMs({ ...STILL, middlePpm: 60 }, events);
    expect(worst.errorMs).toBeLessThan(60000);
    expect(worst.boundMs).toBeLessThan(60000);
  });

  it("believes the newer of two fixes that contradict each other, and forgets a lie when it is proven", () => {
    const { fixes, samples } = live(STILL, [fix(), run(DAY_MS), sample, fix(), run(DAY_MS), fix()]);
    fixes[1].trueMs += 5 * HOUR_MS;
    const { session, rawMs, trueMs } = samples[0];
    const map = mapOf(fixes);
    expect(timeOf(map.date(session, rawMs, 1), rawMs).trueMs).toBeCloseTo(trueMs, -2);
    expect(timeOf(map.date(session, rawMs, 2), rawMs).trueMs).toBeCloseTo(trueMs + 5 * HOUR_MS, -2);
    expect(timeOf(map.date(session, rawMs, 3), rawMs).trueMs).toBeCloseTo(trueMs, -2);
  });

  it("drops a fix of an earlier session that lies in its future", () => {
    const { fixes, samples } = live(STILL, [fix(), run(1000), sample, reboot(1000), run(1000), fix()]);
    fixes[0].trueMs += DAY_MS;
    const { session, rawMs } = samples[0];
    expect(mapOf(fixes).date(session, rawMs, Infinity).state).toBe("never");
  });

  it("dates a sample by a version for ever the same, whatever is learned later", () => {
    fc.assert(
      fc.property(anyCrystal, anyLife, (crystal, events) => {
        const { fixes, samples } = live(crystal, events);
        for (let version = 0; version <= fixes.length; version++) {
          const then = mapOf(fixes.slice(0, version));
          const later = mapOf(fixes);
          for (const { session, rawMs } of samples) {
            const a = then.date(session, rawMs, version);
            const b = later.date(session, rawMs, version);
            expect(b.state).toBe(a.state);
            if (a.state === "dated") expect(timeOf(b, rawMs)).toEqual(timeOf(a, rawMs));
          }
        }
      }),
      { numRuns: RUNS / 10 },
    );
  });

  it("notices whatever is added to its fixes or taken from them", () => {
    fc.assert(
      fc.property(anyCrystal, anyLife, fc.array(fc.nat(), { minLength: 1 }), (crystal, events, picks) => {
        const { fixes: lived, samples } = live(crystal, events);
        const fixes: Fix[] = [];
        const map = mapOf(fixes);
        const { told } = map.ledger;
        for (let i = 0; i < lived.length; i++) {
          fixes.push(lived[i]);
          if (picks[i % picks.length] % 3 === 0) fixes.splice(picks[i % picks.length] % fixes.length, 1);
          told.fixes = ledgerOf(fixes).told.fixes;
          for (const { session, rawMs } of samples) {
            for (const version of [i, Infinity]) {
              const dating = map.date(session, rawMs, version);
              const fresh = mapOf(fixes).date(session, rawMs, version);
              expect(dating.state).toBe(fresh.state);
              if (fresh.state === "dated") expect(timeOf(dating, rawMs)).toEqual(timeOf(fresh, rawMs));
            }
          }
        }
      }),
      { numRuns: RUNS / 10 },
    );
  });

  it("never dates a sample outside its stated bound or the limit, whatever the crystal, the fixes, the reboots and the jumps", () => {
    let dated = 0;
    let tightest = 0;
    fc.assert(
      fc.property(anyCrystal, anyLife, fc.constantFrom(300000, 300000, 30000, 2000), (crystal, events, limitMs) => {
        const { fixes, samples } = live(crystal, events);
        const map = mapOf(fixes, limitMs);
        for (let version = fixes.length; version >= 0 && version > fixes.length - 4; version--) {
          for (const { session, rawMs } of samples) {
            const dating = map.date(session, rawMs, version);
            if (dating.state !== "dated") continue;
            dated++;
            // The piece must hold for all it claims, not for the sample that asked alone.
            for (const other of samples) {
              if (other.session !== session || other.rawMs < rawMs || other.rawMs > dating.segment.toRawMs) continue;
              const time = timeOf(dating, other.rawMs);
              // Samples are rounded down to whole ms.
              expect(Math.abs(time.trueMs - other.trueMs)).toBeLessThanOrEqual(time.boundMs + 1);
              expect(time.boundMs).toBeLessThanOrEqual(limitMs + 0.001);
              tightest = Math.max(tightest, Math.abs(time.trueMs - other.trueMs) / time.boundMs);
            }
          }
        }
      }),
      { numRuns: RUNS },
    );
    expect(dated).toBeGreaterThan(RUNS);
    if (process.env.CLOCK_RUNS) console.log(`${dated} datings, largest error over bound ${tightest.toFixed(3)}`);
  });

  it("stays within its bounds when fixes are thinned and the error of it is added to their neighbours", () => {
    let thinned = 0;
    let dated = 0;
    fc.assert(
      fc.property(anyCrystal, anyLife, fc.array(fc.nat(), { maxLength: 10 }), (crystal, events, picks) => {
        const { fixes, samples } = live(crystal, events);
        for (const pick of picks) {
          const i = 1 + (pick % Math.max(fixes.length - 2, 1));
          const [a, x, c] = fixes.slice(i - 1, i + 2);
          if (!c || a.session !== x.session || x.session !== c.session || c.rawMs === a.rawMs) continue;
          const chordMs = a.trueMs + ((c.trueMs - a.trueMs) * (x.rawMs - a.rawMs)) / (c.rawMs - a.rawMs);
          const errorMs = Math.ceil(Math.abs(chordMs - x.trueMs));
          fixes.splice(i, 1);
          thinned++;
          a.boundMs += errorMs;
          c.boundMs += errorMs;
        }
        const map = mapOf(fixes);
        for (const { session, rawMs, trueMs } of samples) {
          const dating = map.date(session, rawMs, Infinity);
          if (dating.state !== "dated") continue;
          dated++;
          const time = timeOf(dating, rawMs);
          expect(Math.abs(time.trueMs - trueMs)).toBeLessThanOrEqual(time.boundMs + 1);
        }
      }),
      { numRuns: RUNS / 4 },
    );
    expect(thinned).toBeGreaterThan(0);
    expect(dated).toBeGreaterThan(0);
  });

  it("tells the time now, with its bound, and nothing in a boot that has no fix yet", () => {
    const crystal = { ...STILL, middlePpm: 50 };
    const { fixes, end } = live(crystal, [run(1000), fix(20), run(HOUR_MS)]);
    const now = mapOf(fixes, LIMIT_MS, end).now();
    expect(Math.abs((now?.trueMs ?? 0) - end.trueMs)).toBeLessThanOrEqual(now?.boundMs ?? 0);
    expect(now?.boundMs).toBeLessThan(1000);
    expect(now?.trueMs).toBeGreaterThan(T0_MS);
    expect(mapOf(fixes, LIMIT_MS, { ...end, session: 16 }).now()).toBeUndefined();
    expect(mapOf([]).now()).toBeUndefined();
  });
});
