/**
 * One bit of flash turns over, anywhere, at rest or while the unit runs, and the composition that ships goes on from there:
 * storage, session, time map, upload. It boots, logs, takes pages and delivers, with a bounded number of reads. What comes
 * out is compared with what was sampled, and with what the server took.
 */
import { HEADER_BYTES, SEAL_AT, WORDS_AT } from "../../firmware/storage/format/page.ts";
import {
  BrokenPromise,
  DAY_MS,
  EPOCH_MS,
  type Flip,
  LEDGER_BYTES,
  type Misread,
  PAGE_BYTES,
  POINTS_PER_DAY_MAX,
  STREAMS,
  type State,
  Unit,
} from "./decaying-unit.ts";

/**
 * At the end of an open page a decayed word can't be told from a program that a cut tore: up to 5 words. Nor can a short record
 * be told from a long one whose kind decayed: 13 more.
 */
const UNCOUNTED_MAX = 18;

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
    for (let j = i; j < unit.charged.length && unit.charged[j].atMs < unit.charged[i].atMs + DAY_MS; j++) {
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

/**
 * Lives on from `state`, with `flips` on the way, and once more after a reboot unless `once`. Throws when a promise is broken.
 * Returns how often it read the ring.
 */
export function liveOn(
  state: State,
  flips: Flip[],
  when: When,
  { misread, once = false }: { misread?: Misread; once?: boolean } = {},
): number {
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
  if (!once) {
    unit.log(2);
    unit.boot();
    unit.log(2);
    unit.deliverAll();
  }
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
      // A life takes some 3 ms, and a second one half of it.
      liveOn(state, group, when, { once: tried % 4 > 0 });
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
