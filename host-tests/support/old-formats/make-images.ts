/**
 * Makes images of whole regions, and what they hold, with the storage code of the commit that it runs in (README.md). The same
 * commit gives the same bytes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { startSession } from "../../../firmware/start-session.ts";
import { openStorage, type WholeStorage } from "../../../firmware/storage/whole-storage.ts";
import { imageOf } from "../../../scripts/console/stored-data/flash-image.ts";
import { mountCopy, samplesOf } from "../../../scripts/console/stored-data/stored-samples.ts";
import { PowerCut, SimulatedFlash } from "../../../scripts/simulator/flash.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { type HeldStream, type ImageContents, toStored } from "./images.ts";

const ADDRESS = 0x310000;
const PAGE_BYTES = 4096;
const PAGES = 16;
/** The first power-on. */
const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60000;
const HOUR_MINUTES = 60;

interface StreamSettings {
  pin: number;
  intervalMs: number;
  decimals: number;
}

const TEMPERATURE = { pin: 1, intervalMs: MINUTE_MS, decimals: 1 };
const LIGHT = { pin: 2, intervalMs: MINUTE_MS, decimals: 0 };
const BATTERY = { pin: 3, intervalMs: MINUTE_MS, decimals: 2 };
const THREE = [TEMPERATURE, LIGHT, BATTERY];

/** A unit's storage in the middle of its life. Its crystal is exact. */
class Unit {
  readonly flash: SimulatedFlash;
  readonly random: () => number;
  storage!: WholeStorage;
  session = 0;
  rawMs = 0;
  /** True time at raw time 0 of this session. */
  zeroMs = START_MS;
  minute = 0;

  constructor(seed: number) {
    this.random = createPrng(seed).next;
    this.flash = new SimulatedFlash({ address: ADDRESS, pageBytes: PAGE_BYTES, pages: PAGES, random: this.random });
  }

  get trueMs(): number {
    return this.zeroMs + this.rawMs;
  }

  /** Power-on after `offMs` without power. */
  boot(streams: StreamSettings[], offMs: number): void {
    const trueMs = this.trueMs + offMs;
    const region = {
      flash: this.flash,
      crc32: (bytes: Uint8Array) => crc32(bytes),
      address: ADDRESS,
      pageBytes: PAGE_BYTES,
      pages: PAGES,
    };
    this.storage = openStorage(region, streams);
    const started = startSession(this.storage.data);
    this.session = started.session;
    this.rawMs = started.rawMs;
    this.zeroMs = trueMs - this.rawMs;
  }

  /** A time server's answer, off by up to 15 ms. */
  fix(): void {
    const trueMs = Math.round(this.trueMs + (this.random() - 0.5) * 30);
    this.storage.ledger.addFix({ session: this.session, rawMs: this.rawMs, trueMs, boundMs: 40, kind: 1 });
  }

  /** Logs `minutes` of all streams. Rarely a slot passes unserved, a reading fails, or a value is no number. */
  log(streams: StreamSettings[], minutes: number): void {
    for (let i = 0; i < minutes; i++) {
      const slotMs = this.rawMs + MINUTE_MS;
      let atMs = slotMs;
      this.minute++;
      for (const { pin } of streams) {
        atMs += Math.floor(this.random() * 4);
        const dice = this.random();
        if (dice < 0.002) continue;
        if (dice < 0.004) this.storage.ring.fail(pin, atMs);
        else this.storage.ring.append(pin, atMs, dice < 0.0045 ? Number.NaN : this.value(pin));
      }
      this.rawMs = slotMs;
    }
  }

  private value(pin: number): number {
    const day = Math.sin((this.minute * 2 * Math.PI) / 1440);
    if (pin === 2) return Math.max(0, Math.round(60 * day + (this.random() - 0.5) * 8));
    if (pin === 3) return 412 - Math.floor(this.minute / 700) + Math.round((this.random() - 0.5) * 2);
    return Math.round(210 + 25 * day + (this.random() - 0.5) * 2);
  }

  /** Sends up to `points` of each stream; `answer` says what the server does. */
  send(streams: StreamSettings[], points: number, answer: "takes" | "none"): void {
    const { ledger, ring } = this.storage;
    this.fix();
    for (const { pin } of streams) {
      const from = ledger.cursor(pin);
      const to = ring.end(pin, from, points);
      const count = ring.count(pin, from, to);
      const fixId = ledger.mapVersion();
      const attempt = { pin, from, to, points: count, bodyBytes: count * 20, rawMs: this.rawMs, fixId };
      ledger.recordAttempt({ ...attempt, thinEvery: 1, thinPhase: 0, afterTrueMs: ledger.lastTrueMs(pin) });
      if (answer === "none") {
        ledger.fail(pin, this.rawMs, true);
        continue;
      }
      const run = ring.reader(pin, from, to);
      let blanks = 0;
      let lastRawMs = 0;
      for (let n = run.next(); n > 0; n = run.next()) {
        for (const value of run.values) if (Number.isNaN(value)) blanks++;
        lastRawMs = run.rawMs[n - 1];
      }
      ledger.settle(pin, this.rawMs, {
        delivered: count - blanks,
        thinned: 0,
        undatable: 0,
        unrepresentable: blanks,
        corrupt: 0,
        lastTrueMs: this.zeroMs + lastRawMs,
        lastSession: this.session,
        lastRawMs,
      });
    }
  }

  /** Power goes while the first stream's next sample is programmed. */
  cutInProgram(streams: StreamSettings[]): void {
    this.flash.cutAtByte(1);
    try {
      this.log(streams, 1);
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    this.flash.powerOn();
  }
}

/** The states, by name. */
const STATES: { [name: string]: () => Unit } = {
  fresh() {
    const unit = new Unit(11);
    unit.boot(THREE, 0);
    unit.fix();
    unit.log(THREE, 5);
    return unit;
  },
  "mid-week"() {
    const unit = new Unit(12);
    unit.boot(THREE, 0);
    for (let hour = 0; hour < 48; hour++) {
      unit.log(THREE, HOUR_MINUTES);
      if (hour % 6 === 5) unit.send(THREE, 1000, "takes");
    }
    unit.log(THREE, 3 * 1440);
    unit.cutInProgram(THREE);
    unit.boot(THREE, MINUTE_MS);
    unit.fix();
    unit.log(THREE, 100);
    unit.cutInProgram(THREE);
    return unit;
  },
  "open-attempt"() {
    const unit = new Unit(13);
    unit.boot(THREE, 0);
    unit.fix();
    unit.log(THREE, 600);
    unit.fix();
    unit.boot(THREE, 10 * MINUTE_MS);
    unit.log(THREE, 30);
    unit.fix();
    unit.log(THREE, 600);
    unit.send(THREE, 900, "takes");
    unit.log(THREE, 60);
    unit.send(THREE, 200, "none");
    unit.log(THREE, 7);
    return unit;
  },
  "full-ring"() {
    const unit = new Unit(14);
    unit.boot(THREE, 0);
    unit.fix();
    unit.log(THREE, 13 * 1440);
    unit.fix();
    return unit;
  },
  "removed-pin"() {
    const unit = new Unit(15);
    const four = [...THREE, { pin: 7, intervalMs: 5 * MINUTE_MS, decimals: 1 }];
    unit.boot(four, 0);
    unit.fix();
    for (let i = 0; i < 200; i++) {
      unit.log(four, 1);
      unit.log(THREE, 4);
    }
    unit.send(four, 100, "takes");
    unit.boot(THREE, MINUTE_MS);
    unit.fix();
    unit.log(THREE, 1440);
    return unit;
  },
};

/** What the storage code itself reads from an image. */
function contentsOf(bytes: Uint8Array, unit: Unit): ImageContents {
  const region = { label: "flash", address: ADDRESS, bytes: bytes.length, pageBytes: PAGE_BYTES };
  const data = mountCopy({ region, image: imageOf(Uint8Array.from(bytes), ADDRESS, PAGE_BYTES) });
  const { ledger, ring } = data;
  const streams: HeldStream[] = ring.pins().map((pin) => {
    const stream: HeldStream = {
      ...{ pin, decimals: ring.decimals(pin, 0), intervalMs: ring.intervalMs(pin, 0), totals: ring.totals(pin) },
      ...{ cursor: ledger.cursor(pin), mark: ledger.mark(pin), mistakes: ledger.mistakes(pin) },
      ...{ counters: ledger.counters(pin), retired: ledger.retired(pin), attempt: ledger.attempt(pin) },
      ...{ sessions: [], rawMs: [], values: [], trueMs: [], states: [] },
    };
    const run = ring.reader(pin, 0, Number.POSITIVE_INFINITY);
    for (let n = run.next(); n > 0; n = run.next()) {
      for (let i = 0; i < n; i++) {
        stream.sessions.push(run.session);
        stream.rawMs.push(run.rawMs[i]);
        stream.values.push(Number.isNaN(run.values[i]) ? null : run.values[i]);
      }
    }
    for (const sample of samplesOf(data, pin)) {
      stream.trueMs.push(sample.ts ?? null);
      stream.states.push(sample.state);
    }
    if (stream.trueMs.length !== stream.rawMs.length) throw new Error(`v${pin}: the export has other samples`);
    return stream;
  });
  const fixes = Array.from({ length: ledger.fixes().length }, (_, i) => ledger.fixes().at(i));
  const charges = ledger.charges().map(({ rawMs, points, requests, open }) => ({ rawMs, points, requests, open }));
  const session = ledger.session();
  return { trueMs: unit.trueMs, session, lastRawMs: ledger.lastRawMs(), fixes, charges, streams };
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: make-images.ts FOLDER");
mkdirSync(folder, { recursive: true });
for (const [name, live] of Object.entries(STATES)) {
  const unit = live();
  const contents = contentsOf(unit.flash.bytes, unit);
  writeFileSync(join(folder, `${name}.region.gz`), gzipSync(unit.flash.bytes, { level: 9 }));
  writeFileSync(join(folder, `${name}.json.gz`), gzipSync(JSON.stringify(toStored(contents)), { level: 9 }));
  const held = contents.streams.map((one) => `v${one.pin} ${one.rawMs.length} (${one.totals.pending} pending)`);
  console.log(`${name}: ${held.join(", ")}`);
}
