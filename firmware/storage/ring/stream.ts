import { BOOK_COUNT, BOOKS, DATA_WORDS, MISSED, WORDS } from "../format/code-words.ts";
import { VALUE_MAX } from "../format/decimal.ts";
import { CHECK_EVERY_BYTES, leadMs, type Page, RECORD_MAX } from "../format/page.ts";
import type { Position } from "../format/position.ts";
import {
  applyRecord,
  BASE,
  CHECK_FORM,
  COUNT,
  EPOCH,
  EPOCH_MAX,
  encodeRecord,
  FAILS,
  FORM,
  JITTER,
  LONG_FORM,
  MISSES,
  putShift,
  REBASE_FORM,
  RESTART_FORM,
  SESSION,
  SHIFT_BYTES,
  SHIFT_MS_MAX,
  SHORT_REBASE_FORM,
  shiftBase,
  VALUE,
} from "../format/record.ts";
import { symbolOf } from "../format/symbol.ts";
import type { RawMs } from "../format/times.ts";

/** The oldest pending sample of a datastream. */
export interface Head {
  position: Position;
  session: number;
  rawMs: RawMs;
}

/** A datastream that is being logged. */
export interface Stream {
  pin: number;
  intervalMs: number;
  decimals: number;
  /** 1 to 3: pages of the greatest number are overwritten first. */
  priority: number;
  /** The page it is writing, or last wrote; undefined before its first. */
  page: Page | undefined;
  /** False until its newest page has been looked at. */
  known: boolean;
  /** True while `page` takes more samples. */
  open: boolean;
  /** The next sample must set the time base anew: after a boot or a jump of the clock. */
  rebase: boolean;
  /** The next sample must be absolute: what stands before it is torn. */
  torn: boolean;
  /** Readings that failed where no word could be written: the next absolute record or page header counts them. */
  failed: number;
  /** What the samples looked at would have cost in each book, and how many those were. */
  costs: Uint32Array;
  scored: number;
  /** The oldest pending sample, as it was last looked for. */
  head: Head | undefined;
}

/** A record being made: whether it is absolute or a regular sample, its bytes and, if absolute, fields. */
export interface Scratch {
  session: number;
  absolute: boolean;
  length: number;
  bytes: Uint8Array;
  fields: number[];
  /** Slots without a sample since the last one. */
  skipped: number;
  /** What the base moves by before it. */
  shiftMs: number;
  /** Against the base as it is then, and that of the last sample against the base before. */
  jitterMs: number;
  lastJitterMs: number;
  value: number;
  /** The value before it. */
  before: number;
}

/** A jitter beyond this, in ms, is an accident and says nothing about the timer. */
const MEAN_JITTER_MAX = 100;
/** At most this many slots without a sample are written as one word each; an absolute record counts more. */
const MISSED_WORDS_MAX = 3;
/** Every 32nd sample is looked at to choose the next page's book, if at least SCORED_MIN were. */
const SCORE_EVERY = 32;
const SCORED_MIN = 4;
/** What a sample outside the book costs beyond its words, in bytes, about: an absolute record. */
const CHECK_COST = 11;
/** Jitter within this fits a REBASE record's one digit. */
const REBASE_JITTER_MS = 32;
/** A mean jitter of this or more makes the book too narrow on one side: the base is set anew. */
const MEAN_OFF_MS = 2;

export function createStream(pin: number, intervalMs: number, decimals: number, priority: number): Stream {
  return {
    pin: pin,
    intervalMs: intervalMs,
    decimals: decimals,
    priority: priority,
    page: undefined,
    known: false,
    open: false,
    rebase: true,
    torn: false,
    failed: 0,
    costs: new Uint32Array(BOOK_COUNT),
    scored: 0,
    head: undefined,
  };
}

export function createScratch(session: number): Scratch {
  return {
    session: session,
    absolute: false,
    length: 0,
    bytes: new Uint8Array(RECORD_MAX),
    fields: [0, 0, 0, 0, 0, 0, 0, 0, 0],
    skipped: 0,
    shiftMs: 0,
    jitterMs: 0,
    lastJitterMs: 0,
    value: 0,
    before: 0,
  };
}

/** Mean of a sum of jitter since the base was set, whole ms. */
function meanOf(page: Page, jitterSumMs: number): number {
  const slots = (page.nextMs - page.baseRawMs) / page.intervalMs;
  return slots > 0 ? Math.round(jitterSumMs / slots) : 0;
}

/** Mean jitter since the base was set, whole ms. */
export function meanJitterMs(page: Page): number {
  return meanOf(page, page.jitterSumMs);
}

/** Notes what this sample would cost in each book. */
function score(s: Stream, jitterMs: number, step: number): void {
  const jitter = Math.abs(jitterMs);
  const steps = Math.abs(step);
  const costs = s.costs;
  const books = BOOKS;
  for (let i = 0, book = 0; i < BOOK_COUNT; i++, book += 3) {
    costs[i] += books[book + 2] + (jitter <= books[book] && steps <= books[book + 1] ? 0 : CHECK_COST);
  }
  s.scored++;
}

/** The book that would have been shortest for the samples looked at, which are then forgotten. */
export function nextBook(s: Stream): number {
  let best = s.page ? s.page.book : 0;
  if (s.scored >= SCORED_MIN) {
    for (let i = 0; i < BOOK_COUNT; i++) if (s.costs[i] < s.costs[best]) best = i;
  }
  s.costs.fill(0);
  s.scored = 0;
  return best;
}

/** The absolute record for a sample, as short as it can be. Returns its length; 0 when none fits and a new page is due. */
function encodeAbsolute(s: Stream, page: Page, scratch: Scratch): number {
  const jitterMs = scratch.jitterMs;
  const value = scratch.value;
  const skipped = Math.max(0, scratch.skipped);
  const due = page.at - page.checkedAt >= CHECK_EVERY_BYTES - MISSED_WORDS_MAX - 2;
  const meanMs = meanJitterMs(page);
  const outside = Math.abs(jitterMs) > page.jitterSpan;
  // Something that blocks makes one sample late: the base stays with the samples before and after it.
  const nearMean = Math.abs(jitterMs - meanMs) < REBASE_JITTER_MS;
  const offCentre = outside && nearMean && Math.abs(meanMs) >= MEAN_OFF_MS;
  // The same jitter twice does not happen by chance. So it was the sample that set the base which came early or late.
  const moved = outside && Math.abs(jitterMs - scratch.lastJitterMs) < REBASE_JITTER_MS && !nearMean;
  const sameBase = !s.rebase && scratch.skipped >= 0 && !offCentre && !moved;
  const slotMs = page.nextMs + scratch.skipped * page.intervalMs;
  const fields = scratch.fields;
  scratch.absolute = true;
  fields[COUNT] = page.count;
  // Failed readings have no sample either, but they are not missed slots.
  const failed = Math.min(s.failed, skipped);
  fields[MISSES] = page.missed + (s.rebase ? 0 : skipped - failed);
  fields[FAILS] = page.failed + (s.rebase ? s.failed : failed);
  fields[EPOCH] = page.epoch;
  fields[JITTER] = jitterMs;
  fields[VALUE] = Math.abs(value) <= VALUE_MAX ? value : Number.NaN;
  // Once the base was set anew, each absolute record that is due restates it, so a reader need not go back further. So does one
  // behind torn words, as a shift may stand before them.
  if (sameBase && !s.torn && !(due && page.epoch > 0)) {
    for (let form = CHECK_FORM; form <= LONG_FORM; form++) {
      scratch.length = encodeRecord(form, fields, scratch.bytes);
      if (scratch.length > 0) return scratch.length;
    }
  }
  fields[SESSION] = (scratch.session - page.headerSession) >>> 0;
  fields[BASE] = slotMs - page.headerRawMs;
  for (let form = SHORT_REBASE_FORM; sameBase && form >= REBASE_FORM; form--) {
    scratch.length = encodeRecord(form, fields, scratch.bytes);
    if (scratch.length > 0) return scratch.length;
  }
  // What the sample is ahead of its slot from now on.
  let earlyMs = 0;
  if (s.rebase) earlyMs = leadMs(page);
  else if (nearMean) earlyMs = meanMs - jitterMs;
  fields[EPOCH] = (page.epoch % EPOCH_MAX) + 1;
  fields[BASE] = slotMs + jitterMs + earlyMs - page.headerRawMs;
  fields[JITTER] = -earlyMs;
  for (let form = s.rebase ? RESTART_FORM : SHORT_REBASE_FORM; form >= REBASE_FORM; form--) {
    scratch.length = encodeRecord(form, fields, scratch.bytes);
    if (scratch.length > 0) return scratch.length;
  }
  return 0;
}

/** Encodes a sample behind the state of the stream's page. Returns its length in bytes; 0 when only a new page can take it. */
export function encodeSample(s: Stream, page: Page, rawMs: number, value: number, scratch: Scratch): number {
  const sinceMs = rawMs - page.nextMs;
  // A sample up to half an interval late still belongs to its slot, as in the sampler.
  const skipped = Math.ceil(sinceMs / page.intervalMs - 0.5);
  const jitterMs = sinceMs - skipped * page.intervalMs;
  const step = value - page.value;
  // Far off when slots without a sample came in between.
  const lastMs = page.rawMs - page.nextMs + page.intervalMs;
  const span = page.jitterSpan;
  let shiftMs = 0;
  if (Math.abs(jitterMs) > span) {
    // The middle of this sample and the last one becomes the new zero: a base that is a little off is right after a move or two.
    shiftMs = Math.abs(lastMs) <= span ? Math.round((jitterMs + lastMs) / 2) : jitterMs;
    shiftMs = Math.max(jitterMs - span, Math.min(jitterMs + span, shiftMs));
    if (Math.abs(shiftMs) > SHIFT_MS_MAX) shiftMs = 0;
  }
  scratch.skipped = skipped;
  scratch.lastJitterMs = lastMs;
  scratch.shiftMs = 0;
  scratch.jitterMs = jitterMs;
  scratch.value = value;
  scratch.before = page.value;
  if (
    Math.abs(jitterMs - shiftMs) > span ||
    !(Math.abs(step) <= page.stepSpan) ||
    skipped < 0 ||
    skipped > MISSED_WORDS_MAX ||
    s.rebase ||
    s.torn ||
    page.at - page.checkedAt + skipped + page.words + (shiftMs === 0 ? 0 : SHIFT_BYTES) > CHECK_EVERY_BYTES
  ) {
    return encodeAbsolute(s, page, scratch);
  }
  const bytes = scratch.bytes;
  const symbol = symbolOf(page, jitterMs - shiftMs, step);
  let length = 0;
  while (length < skipped) bytes[length++] = WORDS[MISSED];
  if (shiftMs !== 0) {
    putShift(bytes, length, shiftMs);
    length += SHIFT_BYTES;
    scratch.shiftMs = shiftMs;
    scratch.jitterMs = jitterMs - shiftMs;
  }
  if (page.words === 2) bytes[length++] = WORDS[Math.floor(symbol / DATA_WORDS)];
  bytes[length++] = WORDS[symbol % DATA_WORDS];
  scratch.absolute = false;
  scratch.length = length;
  return length;
}

/** The record in `scratch` stands on flash: moves the state behind it. */
export function commitSample(s: Stream, page: Page, rawMs: number, scratch: Scratch, pageBytes: number): void {
  const value = scratch.value;
  const unrepresentable = !(Math.abs(value) <= VALUE_MAX);
  // A fixed share of all samples: otherwise the rare ones would decide. The first sample after a boot says nothing
  // about the timer.
  const scored = page.count % SCORE_EVERY === 0 && !unrepresentable && !s.rebase;
  page.at += scratch.length;
  const hasBase = scratch.absolute && scratch.fields[FORM] >= REBASE_FORM;
  const jitterMs = hasBase ? scratch.fields[JITTER] : scratch.jitterMs;
  if (scratch.shiftMs !== 0) shiftBase(page, scratch.shiftMs);
  if (hasBase) page.jitterSumMs = 0;
  else if (Math.abs(scratch.jitterMs) < MEAN_JITTER_MAX) page.jitterSumMs += scratch.jitterMs;
  if (!scratch.absolute) {
    page.missed += scratch.skipped;
    page.nextMs += scratch.skipped * page.intervalMs;
    page.value = value;
    page.rawMs = rawMs;
  } else {
    s.failed -= scratch.fields[FAILS] - page.failed;
    applyRecord(page, scratch.fields, page.at);
    s.rebase = false;
    s.torn = false;
  }
  if (scored) score(s, jitterMs - meanJitterMs(page), value - scratch.before);
  page.nextMs += page.intervalMs;
  page.count++;
  const plainSamples = (SCORE_EVERY - (page.count % SCORE_EVERY)) % SCORE_EVERY;
  page.plainUntil = plainUntil(page, plainSamples, pageBytes);
}

/** The offset before which the next `samples` samples may begin as plain words. */
function plainUntil(page: Page, samples: number, pageBytes: number): number {
  const words = page.words;
  return Math.min(page.checkedAt + CHECK_EVERY_BYTES, pageBytes, page.at + samples * words) - words + 1;
}

/**
 * At `page.plainUntil`: true when the next sample can be plain words all the same, because only its turn to be looked at has
 * come. It is looked at, and more may follow. Making the writer for it would take the interpreter twice as long.
 */
export function passScored(s: Stream, rawMs: number, value: number, pageBytes: number): boolean {
  "on demand";
  const page = s.page as Page;
  const jitterMs = rawMs - page.nextMs;
  const step = value - page.value;
  const until = plainUntil(page, SCORE_EVERY, pageBytes);
  if (
    page.plainUntil === 0 ||
    page.count % SCORE_EVERY !== 0 ||
    page.at >= until ||
    !(Math.abs(jitterMs) <= page.jitterSpan && Math.abs(step) <= page.stepSpan && Math.abs(value) <= VALUE_MAX)
  ) {
    return false;
  }
  score(s, jitterMs - meanOf(page, page.jitterSumMs + jitterMs), step);
  page.plainUntil = until;
  return true;
}
