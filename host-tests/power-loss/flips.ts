/**
 * One bit of flash turns over, anywhere, at rest or while the unit runs, and the composition that ships goes on from there:
 * storage, session, time map, upload. It boots, logs, takes pages and delivers, with a bounded number of reads. What comes
 * out is compared with what was sampled, and with what the server took.
 */
import { crc32 } from "node:zlib";
import { createClock } from "../../firmware/clock/clock.ts";
import { startSession } from "../../firmware/clock/start-session.ts";
import { createTimeMap } from "../../firmware/clock/time-map.ts";
import type { FlashRegion } from "../../firmware/platform/ports.ts";
import { HEADER_BYTES, SEAL_AT, WORDS_AT } from "../../firmware/storage/format/page.ts";
import { openStorageWithBanks } from "../../firmware/storage/storage.ts";
import { createUpload } from "../../firmware/upload/upload.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { createFakeServer, OK } from "../support/fake-server.ts";
import { addFix } from "../support/fixes.ts";
import { createVirtualTimers } from "../support/virtual-timers.ts";

const ADDRESS = 0x1000;
export const PAGE_BYTES = 256;
export const BANK_PAGES = 4;
export const RING_PAGES = 7;
export const LEDGER_BYTES = 2 * BANK_PAGES * PAGE_BYTES;
export const REGION_BYTES = LEDGER_BYTES + RING_PAGES * PAGE_BYTES;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Below what the clock takes for a jump. */
const LATE_MS = 500_000;
/** True time at uptime 0. */
const EPOCH_MS = 1_790_000_000_000;
const STREAMS = [
  { pin: 1, intervalMs: MINUTE_MS, decimals: 1 },
  { pin: 9, intervalMs: MINUTE_MS, decimals: 0 },
];
const POINTS_PER_DAY_MAX = 240;
const WINDOW_MS = DAY_MS;
/**
 * At the end of an open page a decayed word can't be told from a program that a cut tore: up to 5 words. Nor can a short record be
 * told from a long one whose kind decayed: 13 more.
 */
const UNCOUNTED_MAX = 18;
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
class Unit {
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
    const { ledger, ring } = openStorageWithBanks(region, STREAMS, BANK_PAGES);
    this.ledger = ledger;
    this.ring = ring;
    const start = startSession(ledger, ring);
    this.clock = createClock(this.timers, start.session, start.rawMs);
    const map = createTimeMap(ledger, this.clock, 300_000);
    const random = this.random;
    this.upload = createUpload(
      {
        ring,
        ledger,
        map,
        clock: this.clock,
        http: this.server,
        timers: this.timers,
        chip: { random: () => random.next() },
        log: () => {},
      },
      {
        server: "https://blynk.example",
        token: "s3cret-token_0123456789abcdefghi",
        limits: { pointsPerRequestMax: 50, pointsPerDayMax: POINTS_PER_DAY_MAX, requestsPerDayMax: 60 },
        intervalsMs: STREAMS.map((stream) => stream.intervalMs),
      },
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
    this.upload.drain.run(() => {
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

/** Samples that the flip may cost at most: none, but for the words of a page without a seal. */
function lossAllowed(image: Uint8Array, flip: Flip): number {
  if (flip.at < LEDGER_BYTES) return 0;
  const inPage = flip.at % PAGE_BYTES;
  const page = flip.at - inPage;
  const isOpen = image[page] !== 0xff && image[page + SEAL_AT] === 0xff;
  return inPage >= WORDS_AT && isOpen ? PAGE_BYTES - WORDS_AT : 0;
}

/** Where a flip lies, in words. */
export function placeOf(state: State, flip: Flip): string {
  if (flip.at < LEDGER_BYTES) return "ledger";
  const inPage = flip.at % PAGE_BYTES;
  const page = flip.at - inPage;
  const kind = state.image[page] === 0xff ? "blank" : state.image[page + SEAL_AT] === 0xff ? "open" : "sealed";
  return `${kind} page, ${inPage < HEADER_BYTES ? "header" : inPage < WORDS_AT ? "seal" : "words"}`;
}

function checkPoints(unit: Unit): { [pin: number]: Set<number> } {
  const delivered: { [pin: number]: Set<number> } = { 1: new Set(), 9: new Set() };
  for (const batch of unit.accepted) {
    const taken = unit.taken[batch.pin];
    const scale = batch.pin === 1 ? 10 : 1;
    let last = 0;
    for (const [trueMs, value] of batch.points) {
      // Samples lie a minute apart, so the nearest is the one.
      let low = 0;
      for (let high = taken.length; low < high; ) {
        const middle = (low + high) >> 1;
        if (taken[middle].trueMs < trueMs - 10_000) low = middle + 1;
        else high = middle;
      }
      const sample = taken[low];
      if (!sample || Math.abs(sample.trueMs - trueMs) > 10_000 || sample.value !== Math.round(value * scale)) {
        throw new BrokenPromise(`pin ${batch.pin}: ${value} at ${trueMs - EPOCH_MS} was never sampled`);
      }
      if (trueMs <= last) throw new BrokenPromise(`pin ${batch.pin}: times don't grow in a request`);
      last = trueMs;
      delivered[batch.pin].add(low);
    }
  }
  return delivered;
}

function checkAllowance(unit: Unit): void {
  for (let i = 0; i < unit.charged.length; i++) {
    let points = 0;
    for (let j = i; j < unit.charged.length && unit.charged[j].atMs < unit.charged[i].atMs + WINDOW_MS; j++) {
      points += unit.charged[j].points;
    }
    if (points > POINTS_PER_DAY_MAX) throw new BrokenPromise(`${points} points within a day`);
  }
}

/**
 * Everything that must hold at the end of a life in which `allowed` samples may be lost. Infinity: any, and those that nobody
 * can count any more are not counted.
 */
function check(unit: Unit, allowed: number): void {
  const delivered = checkPoints(unit);
  checkAllowance(unit);
  let lost = 0;
  for (const { pin } of STREAMS) {
    const taken = unit.taken[pin].length;
    lost += taken - delivered[pin].size;
    const totals = unit.ring.totals(pin);
    const counters = unit.ledger.counters(pin);
    const settled = Object.values(counters).reduce((a, b) => a + b, 0);
    if (totals.pending !== 0) throw new BrokenPromise(`pin ${pin}: ${totals.pending} stay pending`);
    const uncounted = taken - totals.sampled;
    const uncountedMax = allowed === Number.POSITIVE_INFINITY ? allowed : allowed > 0 ? UNCOUNTED_MAX : 0;
    if (uncounted < 0 || uncounted > uncountedMax) {
      throw new BrokenPromise(`pin ${pin}: ${totals.sampled} sampled, not ${taken}`);
    }
    if (settled !== totals.sampled) throw new BrokenPromise(`pin ${pin}: ${settled} of ${taken} are accounted for`);
  }
  if (lost > allowed) throw new BrokenPromise(`${lost} samples are lost, ${allowed} may be`);
}

/** When the bits turn over: while the power is off, or after a boot and a few samples. */
export type When = "at rest" | "while running";

/** Lives on from `state`, with `flips` on the way. Throws when a promise is broken. Returns how often it read the ring. */
export function liveOn(state: State, flips: Flip[], when: When, misread?: Misread): number {
  const unit = new Unit(state);
  let allowed = 0;
  const decay = () => {
    for (const flip of flips) allowed += lossAllowed(unit.flash.bytes, flip);
    // Two flips may be more than a CRC can mend, and cost a page.
    if (flips.length > 1) allowed = Number.POSITIVE_INFINITY;
    for (const flip of flips) unit.flash.decay(flip);
  };
  if (misread) unit.flash.misreadOnce(misread);
  if (when === "at rest") decay();
  unit.boot();
  unit.log(2);
  if (when === "while running") decay();
  // Pages turn in here: those that were open are sealed, and free ones are taken.
  unit.log(30);
  unit.deliverAll();
  unit.log(2);
  unit.boot();
  unit.log(2);
  unit.deliverAll();
  check(unit, allowed);
  return unit.flash.ringReadsSoFar;
}

/** What went wrong, by place: how many flips, and the first of them. */
export interface Failures {
  [place: string]: { count: number; first: string };
}

/** Tries these flips, one life each, and returns the failures. */
export function tryFlips(state: State, flips: Iterable<Flip[]>, when: When): { tried: number; failures: Failures } {
  const failures: Failures = {};
  let tried = 0;
  for (const group of flips) {
    tried++;
    try {
      liveOn(state, group, when);
    } catch (error) {
      const place = placeOf(state, group[0]);
      const where = group.map((flip) => `byte 0x${flip.at.toString(16)} bit ${flip.bit}`).join(", ");
      failures[place] ??= { count: 0, first: `${where}: ${(error as Error).message}` };
      failures[place].count++;
    }
  }
  return { tried, failures };
}

/** Every `step`-th bit of a stretch of the region, one at a time. */
export function* everyBit(fromByte: number, toByte: number, step: number): Iterable<Flip[]> {
  for (let n = fromByte * 8; n < toByte * 8; n += step) yield [{ at: n >> 3, bit: n & 7 }];
}

/** Pairs of bits anywhere in a stretch of the region, not both in one byte: those may make another word (FORMAT.md). */
export function* randomPairs(fromByte: number, toByte: number, pairs: number, random: () => number): Iterable<Flip[]> {
  const draw = (): Flip => ({
    at: fromByte + Math.floor(random() * (toByte - fromByte)),
    bit: Math.floor(random() * 8),
  });
  for (let n = 0; n < pairs; ) {
    const pair = [draw(), draw()];
    if (pair[0].at === pair[1].at) continue;
    n++;
    yield pair;
  }
}
