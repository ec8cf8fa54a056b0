import type { FlashRegion } from "../../platform/ports.ts";
import type { RawMs } from "../format/times.ts";
import { LEDGER_FAULT, LEDGER_FULL } from "../ledger/banks.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { DEFAULT_PRIORITY } from "./open-page.ts";
import { mountPageTable, type PageTable } from "./page-table.ts";
import { createStream, type Stream } from "./stream.ts";
import type { Writer } from "./writer.ts";

/** All that is kept on flash: what was sampled, and what the server was told. */
export interface Storage {
  ledger: Ledger;
  ring: Ring;
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

/** What was sampled: plain data, which stays in memory while functions come and go. */
export interface Ring {
  /** The ring's pages, without the ledger's. */
  region: FlashRegion;
  table: PageTable;
  /** By configured pin. */
  streams: { [pin: number]: Stream };
  /** Samples from now on belong to it. */
  session: number;
  /** Pages that were to be checked up to now, and those that were looked at. */
  scrubs: number;
  scrubbed: number;
}

/** Reads the headers of the pages behind the ledger's 2 × `bankPages`. Nothing is written. */
export function mountRing(whole: FlashRegion, ledger: Ledger, bankPages: number, settings: StreamSettings[]): Ring {
  const region = ringRegion(whole, bankPages);
  const streams: { [pin: number]: Stream } = {};
  for (let i = 0; i < settings.length; i++) {
    const s = settings[i];
    streams[s.pin] = createStream(s.pin, s.intervalMs, s.decimals, s.priority || DEFAULT_PRIORITY);
  }
  const table = mountPageTable(region, ledger);
  return { region, table, streams, session: ledger.told.session, scrubs: 0, scrubbed: 1 };
}

/** Samples from now on belong to this session: after boot, or a jump of the clock. */
export function startRing(ring: Ring, session: number): void {
  const streams = ring.streams;
  ring.session = session;
  for (const pin in streams) {
    const page = streams[pin].page;
    streams[pin].rebase = true;
    if (page) page.plainUntil = 0;
  }
}

/** To be called at each heartbeat. Returns the page that is to be checked now, if it waits to be sent; mostly -1, for none. */
export function pageToScrub(ring: Ring): number {
  ring.scrubs += ring.region.pages / SCRUB_ROUND;
  return ring.scrubs < ring.scrubbed ? -1 : ring.scrubbed++ % ring.region.pages;
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
