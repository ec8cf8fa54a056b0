import type { FlashRegion } from "../../platform/ports.ts";
import { GAP_BYTES, loadPage, type Page, RECORD_MAX } from "../format/page.ts";
import { LEDGER_FAULT, LEDGER_FULL } from "../ledger/banks.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { createDecoder } from "./decoder.ts";
import { openPageTable } from "./page-table.ts";
import { createPen } from "./pen.ts";
import { createPageReader, type Reader } from "./reader.ts";
import { loadSeal } from "./seal.ts";
import { createSpace } from "./space.ts";
import { createStream, type Scratch, type Stream } from "./stream.ts";
import { createWriter } from "./writer.ts";

export type { Fold, PlainStart } from "./decoder.ts";
export type { Reader } from "./reader.ts";

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
    page.at = page.end + GAP_BYTES;
    s.open = page.sealable && page.intervalMs === s.intervalMs && page.decimals === s.decimals && page.at < pageBytes;
    return s;
  }

  const pages = createPageReader(region, ledger, table, decoder, streamOf);
  const open = pages.open;

  const space = createSpace(region, ledger, table, open, streamOf);
  const writer = createWriter(region, ledger, space, scratch);

  /** Any sample, wherever it has to go. */
  function append(pin: number, rawMs: number, value: number): boolean {
    const s = streamOf(pin);
    if (!s) return false;
    try {
      return writer.log(s, rawMs, value);
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

  /** Walks whole pages from `from`; see `end`. */
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
      if (s) writer.fail(s, rawMs);
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
    fill() {
      let used = 0;
      for (let i = 0; i < region.pages; i++) if (!space.isFree(i)) used++;
      return { pages: region.pages, usedPages: used, keptPages: table.kept(), badPages: table.bad() };
    },
  };
}
