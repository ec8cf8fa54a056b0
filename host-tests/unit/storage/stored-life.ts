/** Lives of a unit with its whole storage, to see that the fixes that its pending samples need are never let go. */
import * as fc from "fast-check";
import { expect } from "vitest";
import type { Clock } from "../../../firmware/clock/clock.ts";
import { boundMsAt } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import { startSession } from "../../../firmware/start-session.ts";
import { type Archive, type LedgerPages, openArchive } from "../../../firmware/storage/ledger/archive.ts";
import type { Attempt } from "../../../firmware/storage/ledger/ledger.ts";
import { openStorageWithBanks, type WholeStorage } from "../../../firmware/storage/whole-storage.ts";
import { addFix, fixesOf } from "../../support/fixes.ts";
import { createRegion, SEED } from "../../support/region.ts";
import { createTimeMap } from "../../support/time-map.ts";

const MINUTE_MS = 60000;
const T0_MS = 1780000000000;
const SETTLED = { thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 0 };
export const PIN = 1;

export class StoredLife {
  readonly flash;
  private readonly region;
  private readonly bankPages: number;
  readonly ppm: number;
  storage!: WholeStorage;
  session = 0;
  rawMs = 0;
  trueMs = T0_MS;
  /** True time of each sample, by its raw time. */
  readonly taken = new Map<number, number>();
  /** Raw times of sessions' first fixes: [session]. */
  readonly met = new Set<number>();

  constructor(ppm: number, ringPages: number, pageBytes = 4096, bankPages = 1) {
    this.ppm = ppm;
    this.bankPages = bankPages;
    const { flash, region } = createRegion(2 * bankPages + ringPages, pageBytes);
    this.flash = flash;
    this.region = region;
    this.boot();
  }

  /** Mounts and starts a session. */
  boot(): void {
    this.storage = openStorageWithBanks(
      this.region,
      [{ pin: PIN, intervalMs: 10 * MINUTE_MS, decimals: 0 }],
      this.bankPages,
    );
    const start = startSession(this.storage.data);
    this.session = start.session;
    this.rawMs = start.rawMs;
  }

  run(minutes: number): void {
    for (let i = 0; i < minutes; i += 10) {
      this.rawMs += 10 * MINUTE_MS;
      this.trueMs += 10 * MINUTE_MS * (1 + this.ppm / 1e6);
      expect(this.storage.ring.append(PIN, this.rawMs, this.taken.size % 100)).toBe(true);
      this.taken.set(this.rawMs, this.trueMs);
    }
  }

  reboot(offMinutes: number): void {
    this.trueMs += offMinutes * MINUTE_MS;
    const before = fixesOf(this.storage.ledger);
    this.boot();
    expect(fixesOf(this.storage.ledger), "the mounted list is the live list").toEqual(before);
  }

  fix(errorMs: number): void {
    this.rawMs++;
    this.trueMs++;
    addFix(this.storage.ledger, this.session, this.rawMs, this.trueMs + errorMs, 30);
    this.met.add(this.session);
  }

  archive(): Archive {
    return openArchive(this.storage.ledger.fixes().pages as LedgerPages);
  }

  /** Opens an attempt for the next samples, as the planner would. */
  attempt(samples: number): Attempt {
    const { ledger, ring } = this.storage;
    const from = ledger.cursor(PIN);
    const to = ring.end(PIN, from, samples);
    const points = ring.count(PIN, from, to);
    const attempt = { pin: PIN, from, to, points, bodyBytes: 100, thinEvery: 1, thinPhase: 0, afterTrueMs: 0 };
    const whole = { ...attempt, rawMs: this.rawMs, fixId: ledger.mapVersion() };
    ledger.recordAttempt(whole);
    return whole;
  }

  settle(): void {
    const { ledger } = this.storage;
    const open = ledger.attempt(PIN);
    if (open) ledger.settle(PIN, this.rawMs, { ...SETTLED, delivered: open.points });
  }

  /** Delivers this many of the pending samples. */
  deliver(samples: number): void {
    this.attempt(samples);
    this.settle();
  }

  /** What a version of the map says of the samples of a run: whole ms, or their state. Each date is within its bound. */
  times(from: number, to: number, version: number): (number | string)[] {
    const { ledger, ring } = this.storage;
    const clock = { session: () => this.session, rawMs: () => this.rawMs } as Clock;
    const map = createTimeMap(ledger.data, clock, LIMITS.maxTimeUncertaintyMs);
    const reader = ring.reader(PIN, from, to);
    const times: (number | string)[] = [];
    for (let n = reader.next(); n > 0; n = reader.next()) {
      for (let i = 0; i < n; i++) {
        const rawMs = reader.rawMs[i];
        const dating = map.date(reader.session, rawMs, version);
        if (dating.state !== "dated") {
          times.push(this.met.has(reader.session) ? `${dating.state} ${reader.session}` : "unmet");
          continue;
        }
        const { segment } = dating;
        const trueMs = segment.trueMs + (rawMs - segment.fromRawMs) * segment.rate;
        const errorMs = Math.abs(trueMs - (this.taken.get(rawMs) as number));
        expect(errorMs).toBeLessThanOrEqual(boundMsAt(segment, rawMs) + 1);
        times.push(Math.round(trueMs));
      }
    }
    return times;
  }

  /** The times of an attempt's points. */
  dates(attempt: Attempt): string {
    const times = this.times(attempt.from, attempt.to, attempt.fixId);
    return times.map((time) => (typeof time === "number" ? time : "-")).join();
  }

  /** Pending samples of sessions that met a clock, but are not dated. */
  undated(): (number | string)[] {
    const cursor = this.storage.ledger.cursor(PIN);
    return this.times(cursor, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY).filter(
      (time) => typeof time === "string" && time !== "unmet",
    );
  }
}

const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("run" as const), by: fc.integer({ min: 10, max: 300 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("reboot" as const), by: fc.integer({ min: 0, max: 900 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("fix" as const), by: fc.integer({ min: -25, max: 25 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("deliver" as const), by: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("open" as const), by: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const), by: fc.constant(0) }) },
);

/**
 * Draws this many lives of `maxLength` events at most. `alike`: an open attempt is dated alike all the time, which a bank of six
 * fixes can't promise.
 */
export function expectNoneLost(bankPages: number, alike: boolean, maxLength: number, numRuns: number): void {
  let archived = 0;
  fc.assert(
    fc.property(fc.array(event, { maxLength, size: "max" }), fc.integer({ min: -60, max: 60 }), (events, ppm) => {
      const life = new StoredLife(ppm, 16, 1024, bankPages);
      let made = "";
      for (const { kind, by } of events) {
        const { ledger } = life.storage;
        if (kind === "run") life.run(by);
        if (kind === "reboot") life.reboot(by);
        if (kind === "fix") life.fix(by);
        let open = ledger.attempt(PIN);
        if (kind === "close" || (kind === "deliver" && open)) life.settle();
        if (kind === "deliver") life.deliver(by);
        open = ledger.attempt(PIN);
        if (kind === "open" && !open && life.storage.ring.totals(PIN).pending > 0) {
          open = life.attempt(by);
          made = life.dates(open);
        }
        if (kind !== "fix" && kind !== "reboot") continue;
        expect(life.undated()).toEqual([]);
        expect(life.storage.ledger.fixesLost()).toBe(0);
        if (open && alike) expect(life.dates(open)).toBe(made);
      }
      if (life.storage.data.ledger.told.fixes.archivedMs > 0) archived++;
    }),
    { numRuns, seed: SEED, endOnFailure: true },
  );
  expect(archived).toBeGreaterThan(0);
}
