import type { FlashRegion } from "../../platform/ports.ts";
import { loadPage } from "../format/page.ts";
import { isAhead, type Position } from "../format/position.ts";
import type { RawMs } from "../format/times.ts";
import { LEDGER_FAULT, LEDGER_FULL } from "../ledger/banks.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { createDecoder } from "./decoder.ts";
import { createExtent } from "./extent.ts";
import { findPage } from "./find-page.ts";
import { createLedgerPages } from "./ledger-pages.ts";
import { DECAYED, MENDED, openPageTable } from "./page-table.ts";
import { DEFAULT_PRIORITY, openPage, priorityOf, type RingParts } from "./parts.ts";
import { createPen } from "./pen.ts";
import { openReader, type Reader } from "./reader.ts";
import { resume } from "./resume.ts";
import { scrubPage } from "./scrub.ts";
import { createSpace } from "./space.ts";
import { createScratch, createStream, type Stream } from "./stream.ts";
import { createWriter } from "./writer.ts";

export type { Reader } from "./reader.ts";

export interface StreamTotals {
  /** Appends that returned true. */
  sampled: number;
  missed: number;
  failed: number;
  /** Samples ahead of the cursor. */
  pending: number;
}

/** The oldest pending sample of a datastream. */
export interface Head {
  position: Position;
  session: number;
  rawMs: RawMs;
}

export interface Ring {
  /** Highest raw time of any sample on flash. */
  lastRawMs(): RawMs;
  /** Newest session of any sample on flash; 0 when there is none. */
  lastSession(): number;
  /** Samples from now on belong to this session: after boot, or a jump of the clock. */
  start(session: number): void;
  /**
   * Logs a sample: a scaled integer (NaN or too large counts as unrepresentable) at a whole ms of raw time.
   * True = it is on flash, read back. False = flash fault, or no such datastream.
   */
  append(pin: number, rawMs: RawMs, value: number): boolean;
  /** A slot passed whose reading failed. */
  fail(pin: number, rawMs: RawMs): void;
  totals(pin: number): StreamTotals;
  /** Pins that own pages, configured or not. */
  pins(): number[];
  /** Of a datastream, as the device file says it: 1 to 3. */
  priority(pin: number): number;
  /** Decimals of the samples at `position`. */
  decimals(pin: number, position: Position): number;
  /** Time between two samples at `position`, in raw ms; 0 when there are none. */
  intervalMs(pin: number, position: Position): number;
  /** The oldest pending sample that can be read. Lets unreadable ones before it go as `corrupt` if they fill a whole run. */
  head(pin: number): Head | undefined;
  /** Reads from `from` up to `to` (Infinity for all); the run ends where the decimals change. */
  reader(pin: number, from: Position, to: Position): Reader;
  /** Samples between two positions. */
  count(pin: number, from: Position, to: Position): number;
  /** Position after `points` samples from `from`, never beyond a change of decimals. */
  end(pin: number, from: Position, points: number): Position;
  /** How the pages stand, as in status-types.ts. */
  fill(): {
    pages: number;
    usedPages: number;
    keptPages: number;
    badPages: number;
    mendedPages: number;
    decayedPages: number;
  };
  /** To be called at each heartbeat: at some of them a page that waits to be sent is checked. */
  scrub(): void;
}

export interface StreamSettings {
  pin: number;
  intervalMs: number;
  decimals: number;
  /** 1 to 3; default 2, also of a pin that is not configured any more. */
  priority?: number;
}

/**
 * Each page that waits is checked once in this many heartbeats: two days. A check takes some 50 ms on ESP32 (UNVERIFIED), in
 * which a sample comes late and takes an absolute record. So it is done seldom.
 */
const SCRUB_ROUND = 17280;

/** Of a whole region, the pages behind the ledger's two banks. */
function ringRegion(whole: FlashRegion, bankPages: number): FlashRegion {
  return {
    flash: whole.flash,
    crc32: whole.crc32,
    address: whole.address + 2 * bankPages * whole.pageBytes,
    pageBytes: whole.pageBytes,
    pages: whole.pages - 2 * bankPages,
  };
}

/** The ring on the pages behind the ledger's 2 × `bankPages`. Reads headers only; nothing is written before the first append. */
export function openRing(whole: FlashRegion, ledger: Ledger, bankPages: number, settings: StreamSettings[]): Ring {
  const region = ringRegion(whole, bankPages);
  const table = openPageTable(region, ledger);
  const decode = createDecoder(region);
  const streams: { [pin: number]: Stream } = {};
  for (let i = 0; i < settings.length; i++) {
    const s = settings[i];
    streams[s.pin] = createStream(s.pin, s.intervalMs, s.decimals, s.priority || DEFAULT_PRIORITY);
  }
  const scratch = createScratch(ledger.session());
  /** Pages that were to be checked up to now, and those that were looked at. */
  let scrubs = 0;
  let scrubbed = 1;

  /** The stream of a configured pin, its newest page looked at. */
  function streamOf(pin: number): Stream | undefined {
    const s = streams[pin];
    if (s && !s.known) findPage(parts, s);
    return s;
  }

  const parts: RingParts = {
    region: region,
    ledger: ledger,
    table: table,
    decode: decode,
    streams: streams,
    streamOf: streamOf,
  };
  const space = createSpace(parts);
  const extent = createExtent(parts);
  const writer = createWriter(region, ledger, space, scratch);

  const pages = createLedgerPages(parts, space, extent, settings.length);
  ledger.keepFor(pages.pendingFromRawMs, pages);

  /** Any sample, wherever it has to go; without a value, a reading that failed. */
  function append(pin: number, rawMs: RawMs, value?: number): boolean {
    const s = streamOf(pin);
    if (!s) return false;
    try {
      if (value !== undefined) return writer.log(s, rawMs, value);
      writer.fail(s, rawMs);
      return true;
    } catch (error) {
      const message = (error as Error).message;
      if (message !== LEDGER_FAULT && message !== LEDGER_FULL) throw error;
      return false;
    }
  }

  return {
    lastRawMs() {
      const pins = table.pins();
      let last = 0;
      for (let i = 0; i < pins.length; i++) {
        const s = streamOf(pins[i]);
        // A pin of the table has a newest page.
        const page = s ? s.page : openPage(parts, table.newest(pins[i]));
        if (page) last = Math.max(last, s ? page.rawMs : page.lastRawMs);
      }
      return last;
    },
    lastSession() {
      const pins = table.pins();
      let last = 0;
      for (let i = 0; i < pins.length; i++) {
        const s = streamOf(pins[i]);
        let page = s ? s.page : undefined;
        if (!page || page.sealed) {
          // A seal says no session, so the page's last record is looked for.
          page = loadPage(region, table.newest(pins[i]));
          if (page) resume(region, decode, page);
        }
        if (page && ((page.session - last) | 0) > 0) last = page.session;
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
    append: createPen(region.flash, streams, append),
    fail(pin, rawMs) {
      append(pin, rawMs);
    },
    totals: extent.totals,
    pins: table.pins,
    priority: (pin) => priorityOf(parts, pin),
    decimals: extent.decimals,
    intervalMs: extent.intervalMs,
    head(pin) {
      const s = streamOf(pin);
      for (;;) {
        const cursor = ledger.cursor(pin);
        if (s && s.head && s.head.position === cursor) return s.head;
        const run = openReader(parts, pin, cursor, Number.POSITIVE_INFINITY);
        if (run.next() > 0) {
          const head = { position: cursor, session: run.session, rawMs: run.rawMs[0] };
          if (s) s.head = head;
          return head;
        }
        // Nothing can be read up to here, and nobody would ever ask again: it is let go, and counted.
        let to = run.position;
        let missing = run.corrupt;
        if (!isAhead(to, cursor)) {
          // The ledger counts less than lies behind its cursor. The samples to come say how many that are, if any are to come.
          if (s) return undefined;
          to = cursor + 1;
          missing = extent.totals(pin).pending;
        }
        if (missing === 0) return undefined;
        // `to` is ahead of the cursor, so the cursor moves with every turn.
        ledger.drop(pin, "corrupt", to, missing);
      }
    },
    reader: (pin, from, to) => openReader(parts, pin, from, to),
    count: extent.count,
    end: extent.end,
    fill() {
      const checked = [0, 0, 0, 0];
      for (const check of table.checks as unknown as number[]) checked[check]++;
      return {
        pages: region.pages,
        usedPages: region.pages - space.free(),
        keptPages: table.kept(),
        badPages: table.bad(),
        mendedPages: checked[MENDED],
        decayedPages: checked[DECAYED],
      };
    },
    scrub() {
      scrubs += region.pages / SCRUB_ROUND;
      if (scrubs >= scrubbed) scrubPage(parts, scrubbed++ % region.pages);
    },
  };
}
