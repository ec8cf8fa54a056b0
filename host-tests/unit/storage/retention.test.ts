/** Fixes that pending samples need are kept, whatever else the ledger has to hold. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Clock } from "../../../firmware/clock/clock.ts";
import { createTimeMap, type TimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { fixesRoomOf } from "../../../firmware/storage/ledger/capacity.ts";
import { type Ledger, openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { addFix, fixesOf } from "../../support/fixes.ts";
import { createRegion, SEED } from "../../support/region.ts";

const MINUTE_MS = 60000;
const T0_MS = 1780000000000;

interface Sample {
  session: number;
  rawMs: number;
  trueMs: number;
}

/** A unit with one datastream, as far as the ledger goes: samples, power cuts, fixes and deliveries. */
class UnitLife {
  private readonly region: FlashRegion;
  readonly ppm: number;
  ledger: Ledger;
  session = 8;
  rawMs = 1;
  trueMs = T0_MS;
  pending: Sample[] = [];
  /** Sessions that met a clock. */
  readonly met = new Set<number>();

  constructor(ppm: number, pageBytes = 4096) {
    this.ppm = ppm;
    this.region = createRegion(2, pageBytes).region;
    this.ledger = this.mount();
    this.ledger.boot(this.session, this.rawMs);
  }

  private mount(): Ledger {
    const ledger = openLedger(this.region, 1);
    ledger.keepFor(() => (this.pending.length > 0 ? this.pending[0].rawMs : Number.POSITIVE_INFINITY));
    return ledger;
  }

  run(minutes: number): void {
    for (let i = 0; i < minutes; i += 10) {
      this.rawMs += 10 * MINUTE_MS;
      this.trueMs += 10 * MINUTE_MS * (1 + this.ppm / 1e6);
      this.pending.push({ session: this.session, rawMs: this.rawMs, trueMs: this.trueMs });
    }
  }

  reboot(offMinutes: number): void {
    this.trueMs += offMinutes * MINUTE_MS;
    const before = fixesOf(this.ledger);
    this.ledger = this.mount();
    expect(fixesOf(this.ledger), "the mounted list is the live list").toEqual(before);
    this.session += 8;
    this.rawMs++;
    this.ledger.boot(this.session, this.rawMs);
  }

  fix(error: number): void {
    this.rawMs++;
    this.trueMs++;
    addFix(this.ledger, this.session, this.rawMs, this.trueMs + error * 25, 30);
    this.met.add(this.session);
  }

  /** Delivers this share of the pending samples, as far as they are dated. */
  deliver(share: number): void {
    this.pending = this.pending.slice(Math.floor(this.pending.length * share));
  }

  map(): TimeMap {
    const clock = { session: () => this.session, rawMs: () => this.rawMs } as Clock;
    return createTimeMap(this.ledger, clock, LIMITS.maxTimeUncertaintyMs);
  }

  /** Pending samples of sessions that met a clock, but are not dated. Each that is dated is within its bound. */
  undated(): Sample[] {
    const map = this.map();
    return this.pending.filter(({ session, rawMs, trueMs }) => {
      const dating = map.date(session, rawMs, Number.POSITIVE_INFINITY);
      if (dating.state !== "dated") return this.met.has(session);
      const segment = dating.segment;
      const errorMs = segment.trueMs + (rawMs - segment.fromRawMs) * segment.rate - trueMs;
      expect(Math.abs(errorMs)).toBeLessThanOrEqual(segment.boundMs(rawMs) + 1);
      return false;
    });
  }
}

const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("run" as const), minutes: fc.integer({ min: 10, max: 600 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("reboot" as const), minutes: fc.integer({ min: 0, max: 2000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("fix" as const), error: fc.double({ min: -1, max: 1, noNaN: true }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("deliver" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);

it("dates each pending sample of a session that met a clock, in any life of cuts, fixes and deliveries", () => {
  let longest = 0;
  fc.assert(
    fc.property(fc.array(event, { maxLength: 150, size: "max" }), fc.integer({ min: -80, max: 80 }), (events, ppm) => {
      const life = new UnitLife(ppm);
      for (const one of events) {
        if (one.kind === "run") life.run(one.minutes);
        if (one.kind === "reboot") life.reboot(one.minutes);
        if (one.kind === "fix") life.fix(one.error);
        if (one.kind === "deliver") life.deliver(one.share);
        if (one.kind === "fix" || one.kind === "deliver") expect(life.undated()).toEqual([]);
      }
      expect(life.ledger.fixesLost()).toBe(0);
      longest = Math.max(longest, life.ledger.fixes().length);
    }),
    { numRuns: Number(process.env.LEDGER_RUNS ?? 100), seed: SEED, endOnFailure: true },
  );
  expect(longest).toBeGreaterThan(30);
});

it("dates a night's samples on each of 200 mornings, with the list at its usual bound", () => {
  const life = new UnitLife(20);
  for (let day = 0; day < 200; day++) {
    life.run(60);
    life.fix(0.5);
    expect(life.undated()).toEqual([]);
    life.deliver(1);
    life.run(11 * 60);
    life.reboot(12 * 60);
    life.run(10);
    life.fix(-0.5);
    expect(life.undated()).toEqual([]);
    expect(life.ledger.fixes().length).toBeLessThanOrEqual(16);
  }
});

it("holds what the bank has room for when nothing is delivered, and says how many sessions lost their fix", () => {
  const life = new UnitLife(20);
  const room = fixesRoomOf(4096, 0);
  expect(room).toBeGreaterThan(100);
  for (let boot = 1; boot <= 300; boot++) {
    life.run(60);
    life.fix(0.5);
    life.run(60);
    life.fix(-0.5);
    expect(life.ledger.fixes().length).toBeLessThanOrEqual(room);
    // Two fixes each, until the list is full: then one each.
    if (boot <= room - 2) {
      expect(life.undated()).toEqual([]);
      expect(life.ledger.fixesLost()).toBe(0);
    }
    life.reboot(boot % 7 === 0 ? 600 : 15);
  }
  expect(life.ledger.fixesLost()).toBeGreaterThan(100);
  expect(life.ledger.fixesLost()).toBeLessThanOrEqual(300 - room + 2);
  life.deliver(1);
  life.run(10);
  life.fix(0);
  expect(life.ledger.fixes().length).toBeLessThanOrEqual(16);
  expect(life.ledger.fixesLost()).toBe(0);
});

it("keeps what teaches the crystal's rate, also when no sample needs it any more", () => {
  const life = new UnitLife(70);
  // A day in one boot, then many short ones.
  life.fix(0);
  life.run(24 * 60);
  life.fix(0);
  for (let boot = 0; boot < 60; boot++) {
    life.deliver(1);
    life.reboot(15);
    life.run(20);
    life.fix(0);
  }
  // Ten days on: at 100 ppm not known better, the bound would be 86 s.
  life.run(10 * 24 * 60);
  const now = life.map().now();
  expect(now?.boundMs).toBeLessThan(60000);
  expect(Math.abs((now?.trueMs ?? 0) - life.trueMs)).toBeLessThan(60000);
});
