import type { FlashRegion } from "../../platform/ports.ts";
import { isAhead, type Position } from "../format/position.ts";
import type { RawMs } from "../format/times.ts";
import { LEDGER_FAULT, LEDGER_FULL } from "../ledger/banks.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { createExtent } from "./extent.ts";
import { findPage } from "./find-page.ts";
import { createLedgerPages } from "./ledger-pages.ts";
import { DECAYED, MENDED, mountPageTable, type TableState, usePageTable } from "./page-table.ts";
import { DEFAULT_PRIORITY, priorityOf, type RingParts } from "./parts.ts";
import { openReader, type Reader } from "./reader.ts";
import { createSpace, type Space } from "./space.ts";
import { createStream, type Stream } from "./stream.ts";
import type { Writer } from "./writer.ts";

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

/** What stays in memory of a ring: plain data. `useRing` makes what works with it, appender.ts what writes samples. */
export interface RingCore {
  /** The ring's pages, without the ledger's. */
  region: FlashRegion;
  table: TableState;
  /** By configured pin. */
  streams: { [pin: number]: Stream };
  /** Samples from now on belong to it. */
  session: number;
  /** Pages that were to be checked up to now, and those that were looked at. */
  scrubs: number;
  scrubbed: number;
}

/** Reads the headers of the pages behind the ledger's 2 × `bankPages`. Nothing is written. */
export function mountRing(
  whole: FlashRegion,
  ledger: Pick<Ledger, "pins" | "cursor" | "session">,
  bankPages: number,
  settings: StreamSettings[],
): RingCore {
  const region = ringRegion(whole, bankPages);
  const streams: { [pin: number]: Stream } = {};
  for (let i = 0; i < settings.length; i++) {
    const s = settings[i];
    streams[s.pin] = createStream(s.pin, s.intervalMs, s.decimals, s.priority || DEFAULT_PRIORITY);
  }
  const table = mountPageTable(region, ledger);
  return { region, table, streams, session: ledger.session(), scrubs: 0, scrubbed: 1 };
}

/** Samples from now on belong to this session: after boot, or a jump of the clock. */
export function startRing(core: RingCore, session: number): void {
  const streams = core.streams;
  core.session = session;
  for (const pin in streams) {
    const page = streams[pin].page;
    streams[pin].rebase = true;
    if (page) page.plainUntil = 0;
  }
}

/** To be called at each heartbeat. Returns the page that is to be checked now; -1 for none. */
export function pageToScrub(core: RingCore): number {
  core.scrubs += core.region.pages / SCRUB_ROUND;
  return core.scrubs < core.scrubbed ? -1 : core.scrubbed++ % core.region.pages;
}

/** Any sample of a stream, wherever it has to go; without a value, a reading that failed. Its newest page was looked at. */
export function write(writer: Writer, s: Stream | undefined, rawMs: RawMs, value: number | undefined): boolean {
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

/** A ring in use: what reads it, and what the files beside this one need. */
export interface RingUse {
  ring: RingReading;
  parts: RingParts;
  space: Space;
}

/** A ring as deliveries and the status need it. */
export type RingReading = Omit<Ring, "append" | "fail" | "start" | "scrub" | "lastRawMs" | "lastSession">;

/** Made anew for each use, and let go after it: its functions take JsVars only while it lasts. */
export function useRing(core: RingCore, ledger: Ledger): RingUse {
  const region = core.region;
  const streams = core.streams;
  const table = usePageTable(region, core.table);

  /** The stream of a configured pin, its newest page looked at. */
  function streamOf(pin: number): Stream | undefined {
    const s = streams[pin];
    if (s && !s.known) findPage(parts, s);
    return s;
  }

  const parts: RingParts = { region, ledger, table, streams, streamOf };
  const space: Space = {
    free: () => createSpace(parts).free(),
    take: (page) => createSpace(parts).take(page),
  };
  const extent = createExtent(parts);
  const pages = createLedgerPages(parts, space, extent);
  ledger.keepFor(pages.pendingFromRawMs, pages);

  const ring: RingReading = {
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
        const run = ring.reader(pin, cursor, Number.POSITIVE_INFINITY);
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
  };
  return { ring, parts, space };
}
