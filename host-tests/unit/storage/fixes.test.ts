/** The list of fixes while attempts are open: bounded, and the same for each attempt until it is closed. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Clock } from "../../../firmware/clock/clock.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import { ledgerPinsMax } from "../../../firmware/storage/ledger/capacity.ts";
import type { Attempt, Fix } from "../../../firmware/storage/ledger/ledger.ts";
import { openWholeLedger, type WholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { addFix, fixesOf } from "../../support/fixes.ts";
import { createRegion } from "../../support/region.ts";
import { createTimeMap } from "../../support/time-map.ts";

const HOUR_MS = 3600000;
const T0_MS = 1780000000000;
const FIXES_MAX = 16;
const SETTLED = { delivered: 10, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 0 };

/** True time of a crystal that swings by 20 ppm with the day. */
const trueMsAt = (rawMs: number): number => T0_MS + rawMs * 1.00003 + 275 * Math.sin(rawMs / 13751000);

function attemptOf(pin: number, rawMs: number, fixId: number): Attempt {
  const fixed = { from: 4096 + pin, to: 4106 + pin, points: 10, bodyBytes: 250, thinEvery: 1, thinPhase: 0 };
  return { pin, ...fixed, rawMs, fixId, afterTrueMs: 0 };
}

const pointsOf = (ledger: WholeLedger, version: number): Fix[] =>
  fixesOf(ledger)
    .filter((point) => point.id <= version)
    .map((point) => ({ ...point }));

/** Times that an attempt's samples get: spread over the 30 days before it was made. */
function timesOf(ledger: WholeLedger, attempt: Attempt, madeRawMs: number): string {
  const clock = { session: () => 8, rawMs: () => 0 } as Clock;
  const map = createTimeMap(ledger.data, clock, LIMITS.maxTimeUncertaintyMs);
  const times: string[] = [];
  for (let n = 0; n < 10; n++) {
    const rawMs = madeRawMs - n * 72 * HOUR_MS;
    const dating = map.date(8, rawMs, attempt.fixId);
    if (dating.state !== "dated") throw new Error(`expected a date, found ${dating.state}`);
    times.push(String(Math.round(dating.segment.trueMs + (rawMs - dating.segment.fromRawMs) * dating.segment.rate)));
  }
  return times.join();
}

it.each([
  [4096, 1],
  [1024, 4],
])(
  "stands 60 days without an answer, with every datastream in flight and a fix an hour (%d-byte pages, %d a bank)",
  (pageBytes, bankPages) => {
    const { region, flash } = createRegion(2 * bankPages, pageBytes);
    let ledger = openWholeLedger(region, bankPages);
    let rawMs = 1;
    const hour = (): void => {
      rawMs += HOUR_MS;
      addFix(ledger, 8, rawMs, trueMsAt(rawMs), 20);
    };
    ledger.boot(8, rawMs);
    for (let i = 0; i < 35 * 24; i++) hour();
    expect(ledger.fixes().length).toBe(FIXES_MAX);

    const made: { [pin: number]: { attempt: Attempt; rawMs: number; times: string } } = {};
    let longest = 0;
    for (let i = 0; i < 60 * 24; i++) {
      hour();
      // Each opens at another version of the map, which is the worst: some hours apart.
      const pin = i / 5;
      if (pin < LIMITS.datastreamsMax && pin === Math.floor(pin)) {
        const attempt = attemptOf(pin, rawMs, ledger.mapVersion());
        made[pin] = { attempt, rawMs, times: timesOf(ledger, attempt, rawMs) };
      }
      for (const { attempt } of Object.values(made)) {
        ledger.recordAttempt({ ...attempt, rawMs });
        ledger.fail(attempt.pin, rawMs + 90000, true);
      }
      if (i % 100 === 99) {
        ledger = openWholeLedger(region, bankPages);
        ledger.boot(8, rawMs + 100000);
      }
      longest = Math.max(longest, ledger.fixes().length);
      if (i % 24 > 0) continue;
      for (const { attempt, rawMs, times } of Object.values(made)) {
        expect(ledger.attempt(attempt.pin)).toMatchObject({
          from: attempt.from,
          to: attempt.to,
          fixId: attempt.fixId,
        });
        expect(timesOf(ledger, attempt, rawMs)).toBe(times);
      }
    }
    expect(longest).toBe(FIXES_MAX + LIMITS.datastreamsMax);
    // Each had the newest map when it was made.
    expect(new Set(Object.values(made).map(({ attempt }) => attempt.fixId)).size).toBe(LIMITS.datastreamsMax);
    // 16 replays an hour for 60 days: the ledger's two banks take turns.
    expect(Math.max(...flash.wear)).toBeLessThan(10000);

    for (const { attempt, rawMs, times } of Object.values(made)) {
      expect(timesOf(ledger, attempt, rawMs)).toBe(times);
      ledger.settle(attempt.pin, rawMs, SETTLED);
    }
    expect(ledger.fixes().length).toBe(FIXES_MAX);
    hour();
    expect(ledger.fixes().length).toBe(FIXES_MAX);
    expect(fixesOf(openWholeLedger(region, bankPages))).toEqual(fixesOf(ledger));
  },
);

it("keeps the fixes of each attempt, and the list within its bound, in any order of attempts, fixes, boots and refusals", () => {
  const event = fc.record({
    kind: fc.constantFrom("sync", "sync", "open", "open", "settle", "refuse", "unknown", "boot"),
    pin: fc.integer({ min: 1, max: 4 }),
  });
  let longest = 0;
  fc.assert(
    fc.property(fc.array(event, { maxLength: 150, size: "max" }), (events) => {
      const { region } = createRegion(2, 4096);
      let ledger = openWholeLedger(region, 1);
      let rawMs = 1;
      const held: { [pin: number]: Fix[] } = {};
      ledger.boot(8, rawMs);
      for (let i = 0; i < 20; i++) {
        rawMs += HOUR_MS;
        addFix(ledger, 8, rawMs, trueMsAt(rawMs), 20);
      }
      for (const { kind, pin } of events) {
        rawMs += HOUR_MS;
        const open = ledger.attempt(pin);
        const before = JSON.stringify(fixesOf(ledger));
        const version = ledger.mapVersion();
        expect(JSON.stringify(fixesOf(ledger))).toBe(before);
        if (kind === "sync") addFix(ledger, 8, rawMs, trueMsAt(rawMs), 20);
        if (kind === "open" && !open) {
          held[pin] = pointsOf(ledger, version);
          ledger.recordAttempt(attemptOf(pin, rawMs, version));
        }
        if (open && (kind === "settle" || kind === "refuse")) {
          if (kind === "settle") ledger.settle(pin, rawMs, SETTLED);
          else ledger.fail(pin, rawMs, false);
          delete held[pin];
        }
        if (open && kind === "unknown") {
          ledger.fail(pin, rawMs, true);
          ledger.recordAttempt({ ...open, rawMs });
        }
        if (kind === "boot") {
          const points = JSON.stringify(fixesOf(ledger));
          ledger = openWholeLedger(region, 1);
          ledger.boot(8, rawMs);
          expect(JSON.stringify(fixesOf(ledger))).toBe(points);
        }
        for (const one in held) {
          expect(pointsOf(ledger, ledger.attempt(Number(one))?.fixId ?? -1)).toEqual(held[one]);
        }
        longest = Math.max(longest, ledger.fixes().length);
        if (Object.keys(held).length === 0) expect(ledger.fixes().length).toBeLessThanOrEqual(FIXES_MAX);
      }
    }),
    { numRuns: Number(process.env.LEDGER_RUNS ?? 100) },
  );
  expect(longest).toBeGreaterThan(FIXES_MAX + 1);
  expect(longest).toBeLessThanOrEqual(FIXES_MAX + 4);
});

it("stands 60 days with an attempt open at any time", () => {
  const { region } = createRegion(2, 4096);
  const ledger = openWholeLedger(region, 1);
  let longest = 0;
  let oldest = 0;
  ledger.boot(8, 1);
  for (let i = 1; i < 60 * 24; i++) {
    const rawMs = i * HOUR_MS;
    const pin = i % LIMITS.datastreamsMax;
    const { id } = addFix(ledger, 8, rawMs, trueMsAt(rawMs), 20);
    ledger.settle(pin, rawMs, SETTLED);
    const version = ledger.mapVersion();
    ledger.recordAttempt(attemptOf(pin, rawMs, version));
    longest = Math.max(longest, ledger.fixes().length);
    oldest = Math.max(oldest, id - version);
    // For once all are answered, every ten days.
    if (i % 240 === 239) for (let p = 0; p < LIMITS.datastreamsMax; p++) ledger.settle(p, rawMs, SETTLED);
  }
  expect(longest).toBe(FIXES_MAX + LIMITS.datastreamsMax);
  // What it costs: the map is as old as the overlap, no older.
  expect(oldest).toBeLessThan(240);
});

it("fits as many datastreams as a device may have, with all lists full", () => {
  expect(ledgerPinsMax(LIMITS.ledgerBankBytes)).toBeGreaterThanOrEqual(LIMITS.datastreamsMax);
});

it("widens no honest fix by a lie in its session when an open attempt leaves the list little else to thin", () => {
  const { region } = createRegion(2, 4096);
  const ledger = openWholeLedger(region, 1);
  let rawMs = 1;
  const fix = (session: number, lieMs: number): void => {
    rawMs += 60_000;
    addFix(ledger, session, rawMs, trueMsAt(rawMs) + lieMs, 50);
  };
  ledger.boot(8, rawMs);
  for (let i = 0; i < FIXES_MAX - 1; i++) fix(8, 0);
  ledger.recordAttempt(attemptOf(1, rawMs, ledger.mapVersion()));
  ledger.boot(16, rawMs + 1);
  for (let i = 0; i < 9; i++) fix(16, 0);
  const honestMs = rawMs;
  for (let i = 0; i < 2; i++) fix(16, 7 * 365 * 24 * HOUR_MS);
  const honest = fixesOf(ledger).filter((one) => one.session === 16 && one.rawMs <= honestMs);
  expect(honest.length).toBeGreaterThanOrEqual(1);
  for (const { boundMs } of honest) expect(boundMs).toBeLessThan(1000);
});
