import { crc32 } from "node:zlib";
import type { FlashRegion } from "../../firmware/platform/ports.ts";
import { startSession } from "../../firmware/start-session.ts";
import type { Counters } from "../../firmware/storage/ledger/ledger.ts";
import type { Storage } from "../../firmware/storage/ring/ring.ts";
import type { openStorageWithBanks, WholeLedger, WholeRing } from "../../firmware/storage/whole-storage.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { addFix, fixesOf } from "../support/fixes.ts";

/** The storage code under test: the firmware's, or a copy with a bug planted in it. */
export interface StorageCode {
  openStorageWithBanks: typeof openStorageWithBanks;
}

export interface Geometry {
  pageBytes: number;
  bankPages: number;
  ringPages: number;
  pins: number[];
  intervalMs: number;
}

export interface Sample {
  session: number;
  rawMs: number;
  value: number;
}

/**
 * Samples in the order they were logged. A copy shares the samples that were there when it was made: thousands are made
 * a second.
 */
export class History {
  private readonly shared: Sample[];
  private readonly sharedLength: number;
  private readonly own: Sample[] = [];

  constructor(before?: History) {
    // Only the one at the root grows its array; copies stop at the length it had.
    this.shared = before ? before.flat() : [];
    this.sharedLength = before ? before.length : Number.POSITIVE_INFINITY;
  }

  get length(): number {
    return Math.min(this.shared.length, this.sharedLength) + this.own.length;
  }

  at(i: number): Sample {
    return i < this.sharedLength ? this.shared[i] : this.own[i - this.sharedLength];
  }

  push(sample: Sample): void {
    if (this.sharedLength === Number.POSITIVE_INFINITY) this.shared.push(sample);
    else this.own.push(sample);
  }

  private flat(): Sample[] {
    return this.own.length > 0 ? [...this.shared.slice(0, this.sharedLength), ...this.own] : this.shared;
  }
}

/** What a pin must still have: everything whose call returned. */
interface PinModel {
  samples: History;
  counters: Counters;
  lastTrueMs: number;
  missed: number;
  failed: number;
}

/** The call that is running. What it adds may or may not be there after a cut. */
interface InFlight {
  pin: number;
  sample?: Sample;
  counters?: Counters;
  /** It may need a page of the ring, and let the oldest samples go for it. */
  reclaims?: boolean;
}

export interface Model {
  pins: Map<number, PinModel>;
  inFlight: InFlight | undefined;
  /** Sessions with a fix whose call returned. */
  fixed: Set<number>;
}

export class Violation extends Error {
  override name = "Violation";
}

const REASONS: (keyof Counters)[] = [
  "delivered",
  "expired",
  "thinned",
  "undatable",
  "refused",
  "unrepresentable",
  "corrupt",
];
const ADDRESS = 0x10000;

/** A clock that runs 10 ppm fast. */
const trueMsAt = (rawMs: number): number => 1.7e12 + rawMs * 1.00001;

export function noCounters(): Counters {
  return {
    delivered: 0,
    expired: 0,
    overwritten: 0,
    thinned: 0,
    undatable: 0,
    refused: 0,
    unrepresentable: 0,
    corrupt: 0,
  };
}

function sum(counters: Counters): number {
  return REASONS.reduce((total, reason) => total + counters[reason], counters.overwritten);
}

function same(a: Counters, b: Counters): boolean {
  return REASONS.every((reason) => a[reason] === b[reason]);
}

export function claim(truth: boolean, what: () => string): void {
  if (!truth) throw new Violation(what());
}

export function createModel(pins: number[]): Model {
  const empty = () => ({ samples: new History(), counters: noCounters(), lastTrueMs: 0, missed: 0, failed: 0 });
  return { pins: new Map(pins.map((pin) => [pin, empty()])), inFlight: undefined, fixed: new Set() };
}

export function copyModel(model: Model): Model {
  const pins = new Map<number, PinModel>();
  for (const [pin, p] of model.pins) {
    pins.set(pin, { ...p, samples: new History(p.samples), counters: { ...p.counters } });
  }
  return { pins, inFlight: model.inFlight, fixed: new Set(model.fixed) };
}

/** A chip with the storage code running on it, and the plain arrays that the code is checked against. */
export class World {
  static readonly address = ADDRESS;
  readonly storage: StorageCode;
  readonly geometry: Geometry;
  readonly flash: SimulatedFlash;
  readonly model: Model;
  data!: Storage;
  ledger!: WholeLedger;
  ring!: WholeRing;
  session = 0;
  rawMs = 0;
  private erasesSeen = 0;

  constructor(storage: StorageCode, geometry: Geometry, flash: SimulatedFlash, model: Model) {
    this.storage = storage;
    this.geometry = geometry;
    this.flash = flash;
    this.model = model;
  }

  static flash(
    geometry: Geometry,
    random: () => number,
    content: number | Uint8Array,
    unstableReads = 0,
  ): SimulatedFlash {
    const pages = 2 * geometry.bankPages + geometry.ringPages;
    return new SimulatedFlash({
      address: ADDRESS,
      pageBytes: geometry.pageBytes,
      pages,
      content,
      random,
      unstableReads,
    });
  }

  /** Switches the power on: ledger and ring are opened, nothing else. */
  mount(): void {
    const { geometry, flash, storage } = this;
    flash.powerOn();
    const region: FlashRegion = {
      flash,
      crc32: (bytes) => crc32(bytes),
      address: ADDRESS,
      pageBytes: geometry.pageBytes,
      pages: 2 * geometry.bankPages + geometry.ringPages,
    };
    const streams = geometry.pins.map((pin) => ({ pin, intervalMs: geometry.intervalMs, decimals: 1 }));
    const opened = storage.openStorageWithBanks(region, streams, geometry.bankPages);
    this.data = opened.data;
    this.ledger = opened.ledger;
    this.ring = opened.ring;
  }

  /** What `main` does after mounting. */
  boot(): void {
    const start = startSession(this.data);
    this.session = start.session;
    this.rawMs = start.rawMs;
  }

  append(pin: number, rawMs: number, value: number): void {
    const p = this.model.pins.get(pin) as PinModel;
    const sample = { session: this.session, rawMs, value };
    this.rawMs = rawMs;
    this.model.inFlight = { pin, sample, reclaims: true };
    claim(this.ring.append(pin, rawMs, value), () => `append on pin ${pin} failed`);
    this.model.inFlight = undefined;
    p.samples.push(sample);
    this.noteOverwritten();
  }

  /** The ring says what it let go to make room; `check` compares that with the samples. */
  private noteOverwritten(): void {
    if (this.flash.counts.erases === this.erasesSeen) return;
    this.erasesSeen = this.flash.counts.erases;
    for (const [other, q] of this.model.pins) q.counters.overwritten = this.ledger.counters(other).overwritten;
  }

  fail(pin: number, rawMs: number): void {
    const p = this.model.pins.get(pin) as PinModel;
    this.rawMs = rawMs;
    p.failed++;
    this.ring.fail(pin, rawMs);
  }

  fix(): void {
    this.model.inFlight = { pin: -1, reclaims: true };
    addFix(this.ledger, this.session, this.rawMs, trueMsAt(this.rawMs), 30);
    this.model.inFlight = undefined;
    this.noteOverwritten();
    this.model.fixed.add(this.session);
  }

  /** No fix is wrong, and each session that has one and a pending sample keeps one, in the bank or in the archive. */
  private checkFixes(): void {
    const { model, ledger } = this;
    const rows = ledger.fixes();
    const bank = fixesOf(ledger);
    const kept = new Set<number>();
    for (const [pin, p] of model.pins) {
      for (let i = ledger.settled(pin); i < p.samples.length; i++) {
        const { session, rawMs } = p.samples.at(i);
        if (kept.has(session) || !model.fixed.has(session)) continue;
        const fixes = bank.concat(rows.around(rawMs));
        for (const fix of fixes) {
          claim(fix.trueMs === Math.round(trueMsAt(fix.rawMs)), () => `fix ${JSON.stringify(fix)} was never taken`);
          kept.add(fix.session);
        }
        claim(kept.has(session) || ledger.fixesLost() > 0, () => `session ${session} lost its fixes`);
      }
    }
  }

  /** Runs `call`, which counts `change` for `pin` when it is done. */
  count(pin: number, change: Partial<Counters>, call: () => void): void {
    const p = this.model.pins.get(pin) as PinModel;
    const counters = { ...p.counters };
    for (const reason of REASONS) counters[reason] += change[reason] ?? 0;
    this.model.inFlight = { pin, counters };
    call();
    this.model.inFlight = undefined;
    p.counters = counters;
  }

  /** Reads everything pending of a pin, compares it, and returns how many samples that is. */
  private readPending(pin: number, settled: number, extra: Sample | undefined): number {
    const samples = (this.model.pins.get(pin) as PinModel).samples;
    const { ring } = this;
    let position = this.ledger.cursor(pin);
    let at = settled;
    for (let runs = 0; runs < 1000; runs++) {
      const run = ring.reader(pin, position, Number.POSITIVE_INFINITY);
      for (let n = run.next(); n > 0; n = run.next()) {
        const { rawMs, values, session } = run;
        for (let i = 0; i < n; i++, at++) {
          const logged = at < samples.length ? samples.at(at) : extra;
          if (
            !logged ||
            rawMs[i] !== logged.rawMs ||
            !Object.is(values[i], logged.value) ||
            session !== logged.session
          ) {
            const found = { session, rawMs: rawMs[i], value: values[i] };
            throw new Violation(`pin ${pin}, sample ${at}: ${JSON.stringify(found)}, not ${JSON.stringify(logged)}`);
          }
        }
      }
      if (run.corrupt > 0) throw new Violation(`pin ${pin}: ${run.corrupt} samples counted corrupt`);
      if (run.position === position) return at - settled;
      position = run.position;
    }
    throw new Violation(`pin ${pin}: reading does not end`);
  }

  /** Compares the mounted storage with the model, and returns a picture of it to compare two mounts by. */
  check(): string {
    const { model, ledger, ring } = this;
    const picture: unknown[] = [ledger.session(), fixesOf(ledger), ledger.charges()];
    for (const [pin, p] of model.pins) {
      const counters = ledger.counters(pin);
      const inFlight = model.inFlight?.pin === pin ? model.inFlight : undefined;
      const changed = inFlight?.counters;
      claim(same(counters, p.counters) || (!!changed && same(counters, changed)), () => {
        return `pin ${pin}: counters ${JSON.stringify(counters)}, not ${JSON.stringify([p.counters, changed])}`;
      });
      const overwritten = counters.overwritten - p.counters.overwritten;
      const reclaiming = model.inFlight?.reclaims === true;
      claim(overwritten >= 0 && overwritten <= (reclaiming ? this.geometry.pageBytes : 0), () => {
        return `pin ${pin}: ${overwritten} samples were overwritten`;
      });
      const totals = ring.totals(pin);
      const settled = sum(counters);
      const extra = totals.sampled - p.samples.length;
      claim(extra === 0 || (extra === 1 && inFlight?.sample !== undefined), () => {
        return `pin ${pin}: ${p.samples.length} samples were logged, ${totals.sampled} are there`;
      });
      const pending = this.readPending(pin, settled, inFlight?.sample);
      claim(totals.sampled === settled + totals.pending && totals.pending === pending, () => {
        return `pin ${pin}: ${totals.sampled} sampled, ${settled} settled, ${totals.pending} pending, ${pending} read`;
      });
      claim(ring.count(pin, ledger.cursor(pin), Number.POSITIVE_INFINITY) === pending, () => `pin ${pin}: count`);
      claim(totals.failed <= p.failed && totals.failed >= 0, () => `pin ${pin}: ${totals.failed} failed`);
      picture.push([pin, totals, counters, ledger.cursor(pin), ledger.attempt(pin), ledger.lastTrueMs(pin), pending]);
      picture.push([ledger.mark(pin), ledger.mistakes(pin)]);
      picture.push(ring.head(pin));
    }
    this.checkFixes();
    return JSON.stringify(picture);
  }
}
