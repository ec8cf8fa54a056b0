import type { FlashRegion } from "../platform/ports.ts";
import { program } from "./blank.ts";
import { FAILED, WORDS } from "./code-words.ts";
import { createDecoder } from "./decoder.ts";
import { isAhead, type Ledger } from "./ledger.ts";
import { LEDGER_FAULT, LEDGER_FULL } from "./log.ts";
import {
  createPage,
  encodeSeal,
  FLAG_NO_CHARS,
  FLAG_ONE_SESSION,
  GAP_BYTES,
  loadPage,
  loadSeal,
  type Page,
  pageCrc,
  RECORD_MAX,
  SEAL_AT,
  startPage,
  VALUE_MAX,
} from "./page.ts";
import { openPageTable } from "./page-table.ts";
import { createPen } from "./pen.ts";
import { createPageReader, type Reader } from "./reader.ts";
import {
  commitSample,
  createStream,
  encodeSample,
  meanJitterMs,
  nextBook,
  type Scratch,
  type Stream,
} from "./stream.ts";

export type { Reader } from "./reader.ts";
export { valueChars } from "./stream.ts";

export interface StreamTotals {
  /** Appends that returned true. */
  sampled: number;
  missed: number;
  failed: number;
  /** Samples ahead of the cursor. */
  pending: number;
}

export interface Ring {
  /** Highest raw time of any sample on flash. */
  lastRawMs(): number;
  /** Samples from now on belong to this session: after boot, or a jump of the clock. */
  start(session: number): void;
  /**
   * Logs a sample: a scaled integer (NaN or too large counts as unrepresentable) at a whole ms of raw time.
   * True = it is on flash, read back. False = flash fault, or no such datastream.
   */
  append(pin: number, rawMs: number, value: number): boolean;
  /** A slot passed whose reading failed. */
  fail(pin: number, rawMs: number): void;
  totals(pin: number): StreamTotals;
  /** Pins that own pages, configured or not. */
  pins(): number[];
  /** Decimals of the samples at `position`. */
  decimals(pin: number, position: number): number;
  /** The oldest pending sample that can be read. Lets unreadable ones before it go as `corrupt` if they fill a whole run. */
  head(pin: number): { position: number; session: number; rawMs: number } | undefined;
  /** Reads from `from` up to `to` (Infinity for all); the run ends where the decimals change. */
  reader(pin: number, from: number, to: number): Reader;
  /** Samples between two positions. */
  count(pin: number, from: number, to: number): number;
  /** Position after `points` samples from `from`, never beyond a change of decimals. */
  end(pin: number, from: number, points: number): number;
  /**
   * Summed text lengths of the values from `from` to `to`, if that is known without decoding: both at page ends, every
   * page sealed, of one session, and never open over a reboot. Else undefined.
   */
  valueChars(pin: number, from: number, to: number): number | undefined;
  fill(): { pages: number; usedPages: number; keptPages: number; badPages: number };
}

export interface StreamSettings {
  pin: number;
  intervalMs: number;
  decimals: number;
}

/** The ring on the pages behind the ledger's 2 × `bankPages`. Reads headers only; nothing is written before the first append. */
export function openRing(whole: FlashRegion, ledger: Ledger, bankPages: number, settings: StreamSettings[]): Ring {
  const flash = whole.flash;
  const region: FlashRegion = {
    flash: flash,
    crc32: whole.crc32,
    address: whole.address + 2 * bankPages * whole.pageBytes,
    pageBytes: whole.pageBytes,
    pages: whole.pages - 2 * bankPages,
  };
  const pageBytes = region.pageBytes;
  const table = openPageTable(region, ledger);
  const decoder = createDecoder(region);
  const streams: { [pin: number]: Stream } = {};
  for (let i = 0; i < settings.length; i++) {
    streams[settings[i].pin] = createStream(settings[i].pin, settings[i].intervalMs, settings[i].decimals);
  }
  const scratch: Scratch = {
    session: ledger.session(),
    kind: 0,
    length: 0,
    bytes: new Uint8Array(RECORD_MAX),
    fields: [0, 0, 0, 0, 0, 0, 0, 0],
    skipped: 0,
    jitterMs: 0,
    value: 0,
    before: 0,
  };
  const one = new Uint8Array(1);

  /** The stream of a configured pin, its newest page looked at. */
  function streamOf(pin: number): Stream | undefined {
    const s = streams[pin];
    if (!s || s.known) return s;
    s.known = true;
    const index = table.newest(pin);
    const page = index < 0 ? undefined : loadPage(region, index);
    if (!page) {
      if (index < 0) return s;
      // Decayed since it was entered.
      table.forget(index);
      s.known = false;
      return streamOf(pin);
    }
    s.page = page;
    loadSeal(region, page);
    if (page.sealed) {
      page.count = page.total;
      page.rawMs = page.lastRawMs;
      return s;
    }
    decoder.resume(page);
    // What the server has taken was there, whatever decayed since.
    const cursor = ledger.cursor(pin);
    if (Math.floor(cursor / 4096) === page.sequence) page.count = Math.max(page.count, cursor % 4096);
    if (page.epoch === 0) page.flags = FLAG_ONE_SESSION;
    if (page.count > 0) page.flags |= FLAG_NO_CHARS;
    page.at = page.end + GAP_BYTES;
    s.open = page.sealable && page.intervalMs === s.intervalMs && page.decimals === s.decimals && page.at < pageBytes;
    return s;
  }

  const pages = createPageReader(region, ledger, table, decoder, streamOf);
  const open = pages.open;

  /** True for the page that a configured datastream writes, or last wrote: its counters go on from there. */
  function isNewest(pin: number, index: number): boolean {
    const s = streamOf(pin);
    return s !== undefined && s.page !== undefined && s.page.index === index;
  }

  /** True when page `index` holds nothing that is still needed. */
  function isFree(index: number): boolean {
    const sequence = table.sequence(index);
    if (sequence <= 0) return sequence === 0;
    const pin = table.pin(index);
    if (isNewest(pin, index)) return false;
    const cursor = ledger.cursor(pin);
    if (cursor === 0) return false;
    const ahead = (Math.floor(cursor / 4096) - sequence) | 0;
    if (ahead !== 0) return ahead > 0;
    const page = open(index);
    return !page || cursor % 4096 >= page.total;
  }

  /** Lets the page go whose last sample is oldest. Pages of an open attempt only go when `evenInFlight`. False when none can. */
  function overwriteOldest(evenInFlight: boolean): boolean {
    const pins = table.pins();
    let oldest: Page | undefined;
    for (let i = 0; i < pins.length; i++) {
      const pin = pins[i];
      const cursor = ledger.cursor(pin);
      let index = table.pageFrom(pin, Math.floor(cursor / 4096));
      if (index >= 0 && isFree(index)) index = table.pageFrom(pin, (table.sequence(index) + 1) >>> 0);
      if (index < 0 || isNewest(pin, index)) continue;
      const attempt = ledger.attempt(pin);
      const page = open(index);
      if (!page || (attempt && !evenInFlight && isAhead(page.sequence * 4096 + page.total, attempt.from))) continue;
      if (!oldest || page.lastRawMs < oldest.lastRawMs) oldest = page;
    }
    if (!oldest) return false;
    const samples = (oldest.sampledBefore + oldest.total - ledger.settled(oldest.pin)) >>> 0;
    ledger.drop(oldest.pin, "overwritten", oldest.sequence * 4096 + oldest.total, samples);
    return isFree(oldest.index);
  }

  /** Makes `page` the newest page of its pin on the free page that was taken longest ago, and sees that another stays free. */
  function take(page: Page): boolean {
    for (let tries = 0; tries < 2 * region.pages; tries++) {
      let free = 0;
      let best = -1;
      for (let i = 0; i < region.pages; i++) {
        if (!isFree(i)) continue;
        free++;
        const sequence = table.sequence(i);
        const first = best < 0 ? 0 : table.sequence(best);
        if (best < 0 || (first > 0 && (sequence === 0 || ((sequence - first) | 0) < 0))) best = i;
      }
      if (free < 2 && (overwriteOldest(false) || (free === 0 && overwriteOldest(true)))) continue;
      if (best < 0) return false;
      const gone = table.sequence(best) > 0 && table.newest(table.pin(best)) === best ? open(best) : undefined;
      if (gone && gone.missedBefore + gone.missed + gone.failedBefore + gone.failed > 0) {
        ledger.retire(gone.pin, gone.missedBefore + gone.missed, gone.failedBefore + gone.failed);
      }
      if (table.take(best, page)) return true;
    }
    return false;
  }

  /** Seals the stream's page and takes another, for a sample at `rawMs`. False when there is none to be had. */
  function turn(s: Stream, rawMs: number, value: number): boolean {
    const old = s.page;
    const retired = ledger.retired(s.pin);
    const next = createPage(s.pin, s.decimals, nextBook(s), s.intervalMs, pageBytes);
    let startMs = rawMs;
    next.sampledBefore = ledger.settled(s.pin) >>> 0;
    next.missedBefore = retired.missed;
    next.failedBefore = retired.failed + s.failed;
    next.flags = FLAG_ONE_SESSION;
    if (old) {
      next.sampledBefore = (old.sampledBefore + old.count) >>> 0;
      next.missedBefore = (old.missedBefore + old.missed) >>> 0;
      next.failedBefore = (old.failedBefore + old.failed + s.failed) >>> 0;
      if (!s.rebase && s.open) {
        // The grid goes on, shifted to the middle of what the timer does.
        const skipped = Math.round((rawMs - old.nextMs) / old.intervalMs);
        startMs = Math.max(0, old.nextMs + skipped * old.intervalMs + meanJitterMs(old));
        next.missedBefore = (next.missedBefore + Math.max(0, skipped)) >>> 0;
      }
      if (!old.sealed && old.sealable) {
        if (old.flags & FLAG_NO_CHARS) old.chars = 0;
        const seal = encodeSeal(region.crc32, old, pageCrc(region, old.address, -1, 0));
        old.sealed = program(region, seal, old.address + SEAL_AT);
        old.sealable = false;
      }
      s.open = false;
    }
    startPage(next, scratch.session, startMs, Math.abs(value) <= VALUE_MAX ? value : old ? old.value : 0);
    if (!take(next)) return false;
    s.page = next;
    s.open = true;
    s.rebase = false;
    s.torn = false;
    s.failed = 0;
    return true;
  }

  function log(s: Stream, rawMs: number, value: number): boolean {
    for (let tries = 0; tries < 4; tries++) {
      const page = s.page;
      if (page && s.open) {
        const length = encodeSample(s, page, rawMs, value, scratch);
        if (length > 0 && page.at + length <= pageBytes) {
          // The kind of an absolute record goes first, alone: once it stands, a cut can't hide how far the record reaches.
          const first = scratch.kind > 0 ? 1 : length;
          const address = page.address + page.at;
          if (
            program(region, new Uint8Array(scratch.bytes.buffer, 0, first), address) &&
            (first === length || program(region, scratch.bytes.slice(first, length), address + first))
          ) {
            commitSample(s, page, rawMs, scratch, pageBytes);
            return true;
          }
          // What it left is torn. The sample goes behind it once more, then to another page.
          page.at += length + GAP_BYTES;
          page.plainUntil = 0;
          if (s.torn) s.open = false;
          s.torn = true;
          continue;
        }
      }
      if (!turn(s, rawMs, value)) return false;
    }
    return false;
  }

  /** Any sample, wherever it has to go. */
  function append(pin: number, rawMs: number, value: number): boolean {
    const s = streamOf(pin);
    if (!s) return false;
    try {
      return log(s, rawMs, value);
    } catch (error) {
      const message = (error as Error).message;
      if (message !== LEDGER_FAULT && message !== LEDGER_FULL) throw error;
      return false;
    }
  }

  /** Samples of the datastream before `position`, modulo 2^32. */
  function ordinal(pin: number, position: number): number {
    if (position === ledger.cursor(pin)) return ledger.settled(pin);
    const sequence = Math.floor(position / 4096);
    const index = position === Number.POSITIVE_INFINITY ? -1 : table.pageFrom(pin, sequence);
    const page = index < 0 ? undefined : open(index);
    if (!page) return totals(pin).sampled;
    return page.sampledBefore + (page.sequence === sequence ? position % 4096 : 0);
  }

  function totals(pin: number): StreamTotals {
    const s = streamOf(pin);
    const settled = ledger.settled(pin);
    const retired = ledger.retired(pin);
    const index = table.newest(pin);
    const page = s ? s.page : index < 0 ? undefined : open(index);
    const failed = s ? s.failed : 0;
    if (!page) return { sampled: settled, missed: retired.missed, failed: retired.failed + failed, pending: 0 };
    const sampled = page.sampledBefore + (s ? page.count : page.total);
    return {
      sampled: sampled,
      missed: page.missedBefore + page.missed,
      failed: page.failedBefore + page.failed + failed,
      pending: Math.max(0, sampled - settled),
    };
  }

  /** Walks whole pages from `from`; see `end` and `valueChars`. */
  function pageAfter(pin: number, position: number): Page | undefined {
    const sequence = Math.floor(position / 4096);
    let index = table.pageFrom(pin, sequence);
    let page = index < 0 ? undefined : open(index);
    if (page && page.sequence === sequence && position % 4096 >= page.total) {
      index = table.pageFrom(pin, (sequence + 1) >>> 0);
      page = index < 0 ? undefined : open(index);
    }
    return page;
  }

  return {
    lastRawMs() {
      const pins = table.pins();
      let last = 0;
      for (let i = 0; i < pins.length; i++) {
        const s = streamOf(pins[i]);
        const index = table.newest(pins[i]);
        const page = s ? s.page : index < 0 ? undefined : open(index);
        if (page) last = Math.max(last, s ? page.rawMs : page.lastRawMs);
      }
      return last;
    },
    start(session) {
      scratch.session = session;
      for (const pin in streams) {
        const page = streams[pin].page;
        streams[pin].rebase = true;
        if (page) page.plainUntil = 0;
      }
    },
    append: createPen(flash, streams, append),
    fail(pin, rawMs) {
      const s = streamOf(pin);
      if (!s) return;
      const page = s.page;
      s.failed++;
      // Without a proven base a word would not be read; the next page's header counts it instead.
      if (!page || !s.open || s.rebase || s.torn || page.at >= pageBytes || rawMs < page.rawMs) return;
      one[0] = WORDS[FAILED];
      if (!program(region, one, page.address + page.at)) {
        page.at += 1 + GAP_BYTES;
        page.plainUntil = 0;
        s.torn = true;
        return;
      }
      s.failed--;
      page.at++;
      page.failed++;
      page.nextMs += page.intervalMs;
    },
    totals: totals,
    pins: table.pins,
    decimals(pin, position) {
      const page = pageAfter(pin, position);
      if (page) return page.decimals;
      return streams[pin] ? streams[pin].decimals : 0;
    },
    head(pin) {
      const s = streamOf(pin);
      for (;;) {
        const cursor = ledger.cursor(pin);
        if (s && s.headAt === cursor) return { position: cursor, session: s.headSession, rawMs: s.headRawMs };
        const run = pages.reader(pin, cursor, Number.POSITIVE_INFINITY);
        if (run.next() > 0) {
          if (s) {
            s.headAt = cursor;
            s.headSession = run.session;
            s.headRawMs = run.rawMs[0];
          }
          return { position: cursor, session: run.session, rawMs: run.rawMs[0] };
        }
        // Nothing can be read up to here, and nobody would ever ask again: it is let go, and counted.
        if (run.corrupt === 0) return undefined;
        ledger.drop(pin, "corrupt", run.position, run.corrupt);
      }
    },
    reader: pages.reader,
    count: (pin, from, to) => Math.max(0, (ordinal(pin, to) - ordinal(pin, from)) | 0),
    end(pin, from, points) {
      let position = from;
      let decimals = -1;
      for (;;) {
        const page = pageAfter(pin, position);
        if (!page || (decimals >= 0 && page.decimals !== decimals)) return position;
        decimals = page.decimals;
        const start = Math.floor(position / 4096) === page.sequence ? position % 4096 : 0;
        if (page.total - start >= points) return page.sequence * 4096 + start + points;
        points -= page.total - start;
        position = page.sequence * 4096 + page.total;
      }
    },
    valueChars(pin, from, to) {
      let position = from;
      let chars = 0;
      while (isAhead(to, position)) {
        const page = pageAfter(pin, position);
        if (!page || !page.sealed || page.flags !== FLAG_ONE_SESSION) return undefined;
        if (Math.floor(position / 4096) === page.sequence && position % 4096 > 0) return undefined;
        chars += page.chars;
        position = page.sequence * 4096 + page.total;
      }
      return position === to ? chars : undefined;
    },
    fill() {
      let used = 0;
      for (let i = 0; i < region.pages; i++) if (!isFree(i)) used++;
      return { pages: region.pages, usedPages: used, keptPages: table.kept(), badPages: table.bad() };
    },
  };
}
