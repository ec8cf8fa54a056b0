/** A unit on flash that decays and is misread, with its surroundings: the composition that ships, on virtual time. */
import { crc32 } from "node:zlib";
import { createClock } from "../../firmware/clock/clock.ts";
import type { FlashRegion } from "../../firmware/platform/ports.ts";
import { startSession } from "../../firmware/start-session.ts";
import { openStorageWithBanks } from "../../firmware/storage/whole-storage.ts";
import { openEndpoint } from "../../firmware/upload/endpoint.ts";
import { sampleSource } from "../../firmware/upload/sample-source.ts";
import { createServerDate } from "../../firmware/upload/server-date.ts";
import { createUpload, openUploadMemory } from "../../firmware/upload/upload.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { createFakeServer, OK } from "../support/fake-server.ts";
import { addFix } from "../support/fixes.ts";
import { createTimeMap } from "../support/time-map.ts";
import { createVirtualTimers } from "../support/virtual-timers.ts";

const ADDRESS = 0x1000;
export const PAGE_BYTES = 256;
const BANK_PAGES = 4;
const RING_PAGES = 7;
export const LEDGER_BYTES = 2 * BANK_PAGES * PAGE_BYTES;
export const REGION_BYTES = LEDGER_BYTES + RING_PAGES * PAGE_BYTES;
const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** Below what the clock takes for a jump. */
const LATE_MS = 500_000;
/** True time at uptime 0. */
export const EPOCH_MS = 1_790_000_000_000;
export const STREAMS = [
  { pin: 1, intervalMs: MINUTE_MS, decimals: 1 },
  { pin: 9, intervalMs: MINUTE_MS, decimals: 0 },
];
export const POINTS_PER_DAY_MAX = 240;
/** Far more than any life below reads. */
const READS_MAX = 60_000;

/** One bit, by the offset of its byte in the region. */
export interface Flip {
  at: number;
  bit: number;
}

/** One read of the ring is answered wrongly: the `read`-th of a life. */
export interface Misread {
  read: number;
  answer: "one bit" | 0 | 0xff;
}

/** What a life breaks. The message says what. */
export class BrokenPromise extends Error {
  override name = "BrokenPromise";
}

/** Flash with cells that decayed: programming over them clears bits, as hardware does. Reading on and on is a wedge. */
class DecayingFlash extends SimulatedFlash {
  readonly decayed = new Set<number>();
  readsLeft = READS_MAX;
  /** Reads of the ring so far, and the one whose answer is wrong, once. */
  private ringReads = 0;
  private misread: Misread | undefined;

  misreadOnce(misread: Misread): void {
    this.misread = misread;
  }

  get ringReadsSoFar(): number {
    return this.ringReads;
  }

  override read(bytes: number, address: number): Uint8Array {
    if (--this.readsLeft < 0) throw new BrokenPromise(`more than ${READS_MAX} reads`);
    const answer = super.read(bytes, address);
    if (address < ADDRESS + LEDGER_BYTES) return answer;
    if (this.ringReads++ === this.misread?.read) {
      if (this.misread.answer === "one bit") answer[answer.length >> 1] ^= 4;
      else answer.fill(this.misread.answer);
    }
    return answer;
  }

  override write(data: Uint8Array, address: number): void {
    let cleared = data;
    for (const at of this.decayed) {
      const i = at - address;
      if (i < 0 || i >= data.length) continue;
      if (cleared === data) cleared = data.slice();
      cleared[i] &= this.bytes[at - ADDRESS];
    }
    super.write(cleared, address);
  }

  decay(flip: Flip): void {
    this.flip(ADDRESS + flip.at, flip.bit);
    this.decayed.add(ADDRESS + flip.at);
  }
}

interface Taken {
  /** By pin: what was sampled, oldest first. */
  [pin: number]: { trueMs: number; value: number }[];
}

interface Accepted {
  pin: number;
  atMs: number;
  points: [number, number][];
}

/** A unit and its surroundings, from a stretch of flash on. */
export class Unit {
  readonly flash: DecayingFlash;
  readonly timers;
  readonly server;
  readonly taken: Taken;
  readonly accepted: Accepted[];
  readonly charged: { atMs: number; points: number }[];
  private readonly random = createPrng(5);
  private readonly startMs: number;
  private values: { [pin: number]: number };
  ledger!: ReturnType<typeof openStorageWithBanks>["ledger"];
  ring!: ReturnType<typeof openStorageWithBanks>["ring"];
  private clock!: ReturnType<typeof createClock>;
  private upload!: ReturnType<typeof createUpload>;
  private answering = true;

  constructor(before: State | undefined, content?: Uint8Array) {
    this.flash = new DecayingFlash({
      address: ADDRESS,
      pageBytes: PAGE_BYTES,
      pages: REGION_BYTES / PAGE_BYTES,
      content: content ?? before?.image ?? 0xff,
    });
    this.startMs = before?.nowMs ?? 0;
    this.timers = createVirtualTimers(0);
    this.server = createFakeServer(this.timers);
    this.taken = { 1: [...(before?.taken[1] ?? [])], 9: [...(before?.taken[9] ?? [])] };
    this.accepted = [...(before?.accepted ?? [])];
    this.charged = [...(before?.charged ?? [])];
    this.values = { 1: 200, 9: 400 };
    this.server.behave = (number, request) => {
      const ended = request.ended;
      if (ended && !this.seen.has(number)) {
        this.seen.add(number);
        const points: [number, number][] = JSON.parse(request.body);
        const pin = Number(request.options.path.split("pin=v")[1]);
        this.charged.push({ atMs: this.nowMs(), points: points.length });
        this.accepted.push({ pin, atMs: this.nowMs(), points });
      }
      return this.answering ? OK : { fail: "silence" };
    };
  }
  private readonly seen = new Set<number>();

  nowMs(): number {
    return this.startMs + this.timers.uptimeMs();
  }

  boot(): void {
    for (const request of this.server.requests) request.aborted = true;
    this.timers.dropAll();
    const region: FlashRegion = {
      flash: this.flash,
      crc32: (bytes) => crc32(bytes),
      address: ADDRESS,
      pageBytes: PAGE_BYTES,
      pages: REGION_BYTES / PAGE_BYTES,
    };
    const { data, ledger, ring } = openStorageWithBanks(region, STREAMS, BANK_PAGES);
    this.ledger = ledger;
    this.ring = ring;
    const start = startSession(data);
    this.clock = createClock(this.timers, start.session, start.rawMs);
    const map = createTimeMap(ledger.data, this.clock, 300_000);
    const random = this.random;
    const store = { readJson: () => undefined, writeJson: () => {} };
    const endpoint = openEndpoint(store, "https://blynk.example", "s3cret-token_0123456789abcdefghi");
    this.upload = createUpload(
      {
        storage: data,
        source: sampleSource(),
        map,
        clock: this.clock,
        http: this.server,
        store,
        askServer: createServerDate(this.server, this.timers, this.clock, endpoint),
        timers: this.timers,
        chip: { random: () => random.next() },
        log: () => {},
      },
      endpoint,
      {
        limits: { pointsPerRequestMax: 50, pointsPerDayMax: POINTS_PER_DAY_MAX, requestsPerDayMax: 60 },
        intervalsMs: STREAMS.map((stream) => stream.intervalMs),
      },
      openUploadMemory(0),
    );
  }

  /** Logs a sample of each datastream, a minute after the last. */
  log(minutes: number): void {
    for (let i = 0; i < minutes; i++) {
      this.rest(MINUTE_MS);
      for (const { pin } of STREAMS) {
        this.values[pin] += this.random.below(5) - 2;
        const value = this.values[pin];
        const trueMs = EPOCH_MS + this.nowMs();
        if (!this.ring.append(pin, this.clock.rawMs(), value)) throw new BrokenPromise(`pin ${pin}: append failed`);
        this.taken[pin].push({ trueMs, value });
      }
    }
  }

  /** A fix, then whatever can be sent. Without an answer the fate of the first batch stays unknown. */
  deliver(answered = true): void {
    this.answering = answered;
    addFix(this.ledger, this.clock.session(), this.clock.rawMs(), EPOCH_MS + this.nowMs(), 20);
    let over = false;
    this.upload.run(() => {
      over = true;
    });
    for (let second = 0; second < 120 && !over && (answered || second < 3); second++) this.timers.advance(1000);
    if (answered && !over) throw new BrokenPromise("a delivery does not end");
    this.answering = true;
  }

  /** Time in which nothing is sampled. Timers are late, as behind a slow call: otherwise heartbeats would take most of a test. */
  rest(ms: number): void {
    for (let left = ms; left > 0; left -= LATE_MS) {
      this.timers.block(Math.min(LATE_MS, left));
      this.timers.advance(0);
    }
  }

  /** Delivers, day after day while the allowance is used up, until nothing waits. */
  deliverAll(): void {
    // The newest samples may lie in the future by the clock's bound.
    this.rest(MINUTE_MS);
    this.deliver();
    for (let day = 0; day < 4 && STREAMS.some(({ pin }) => this.ring.totals(pin).pending > 0); day++) {
      this.rest(DAY_MS + 3_600_000);
      this.deliver();
    }
  }

  state(): State {
    return {
      image: this.flash.bytes.slice(),
      nowMs: this.nowMs(),
      taken: this.taken,
      accepted: this.accepted,
      charged: this.charged,
    };
  }
}

/** What a power cut leaves, and what was true before it. */
export interface State {
  image: Uint8Array;
  nowMs: number;
  taken: Taken;
  accepted: Accepted[];
  charged: { atMs: number; points: number }[];
}

/**
 * Two days: datastreams half delivered, three boots, sealed pages that wait, open pages that are nearly full, a batch whose
 * fate nobody knows, and half of the day's allowance spent.
 */
export function prelude(): State {
  const unit = new Unit(undefined);
  unit.boot();
  unit.log(70);
  unit.deliver();
  unit.rest(DAY_MS + 3_600_000);
  unit.log(60);
  unit.boot();
  unit.log(1);
  unit.deliver();
  unit.log(76);
  unit.deliver(false);
  unit.log(3);
  return unit.state();
}
