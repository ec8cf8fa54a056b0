/** Lives of a unit, to see which of its samples its fixes still date. */
import * as fc from "fast-check";
import { expect } from "vitest";
import type { Clock } from "../../../firmware/clock/clock.ts";
import { boundMsAt, trueMsAt } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { openWholeLedger, type WholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { addFix, fixesOf } from "../../support/fixes.ts";
import { createRegion, SEED } from "../../support/region.ts";
import { type AskedMap, createTimeMap } from "../../support/time-map.ts";

const MINUTE_MS = 60000;
const T0_MS = 1780000000000;

interface Sample {
  session: number;
  rawMs: number;
  trueMs: number;
}

/** A unit with one datastream, as far as the ledger goes: samples, power cuts, fixes and deliveries. */
export class UnitLife {
  private readonly region: FlashRegion;
  readonly ppm: number;
  ledger: WholeLedger;
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

  private mount(): WholeLedger {
    const ledger = openWholeLedger(this.region, 1);
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

  map(): AskedMap {
    const clock = { session: () => this.session, rawMs: () => this.rawMs } as Clock;
    return createTimeMap(this.ledger.data, clock, LIMITS.maxTimeUncertaintyMs);
  }

  /** Pending samples of sessions that met a clock, but are not dated. Each that is dated is within its bound. */
  undated(): Sample[] {
    const map = this.map();
    return this.pending.filter(({ session, rawMs, trueMs }) => {
      const dating = map.date(session, rawMs, Number.POSITIVE_INFINITY);
      if (dating.state !== "dated") return this.met.has(session);
      const segment = dating.segment;
      const errorMs = trueMsAt(segment, rawMs) - trueMs;
      expect(Math.abs(errorMs)).toBeLessThanOrEqual(boundMsAt(segment, rawMs) + 1);
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

/** Draws this many lives, and returns how long the list of fixes was at the most. */
export function expectAllDated(numRuns: number): number {
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
    { numRuns, seed: SEED, endOnFailure: true },
  );
  return longest;
}
