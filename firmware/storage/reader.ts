import type { FlashRegion } from "../platform/ports.ts";
import type { Decoder } from "./decoder.ts";
import { isAhead, type Ledger } from "./ledger.ts";
import { loadPage, type Page } from "./page.ts";
import type { PageTable } from "./page-table.ts";
import { loadSeal, verifyPage } from "./seal.ts";
import type { Stream } from "./stream.ts";

/** A run of samples of one datastream, piece by piece, oldest first. */
export interface Reader {
  /** Decodes the next piece and returns how many samples it has; 0 = the run has ended. */
  next(): number;
  /** Session of every sample in the piece. */
  session: number;
  rawMs: number[];
  /** Scaled integers; NaN = the reading could not be represented. */
  values: number[];
  /** Position behind the piece. */
  position: number;
  /** Samples of the run so far that flash lost. */
  corrupt: number;
}

/** Looks at pages as a whole, and reads along them. */
export interface PageReader {
  /** Page `index` at its first word, with its extent: `total` samples, `end` behind the last word. */
  open(index: number): Page | undefined;
  reader(pin: number, from: number, to: number): Reader;
}

export function createPageReader(
  region: FlashRegion,
  ledger: Ledger,
  table: PageTable,
  decoder: Decoder,
  streamOf: (pin: number) => Stream | undefined,
): PageReader {
  function open(index: number): Page | undefined {
    const page = loadPage(region, index);
    if (!page || page.sequence !== table.sequence(index)) return undefined;
    const s = streamOf(page.pin);
    const live = s ? s.page : undefined;
    if (live && live.index === index && !live.sealed) {
      page.total = live.count;
      // Behind a torn word the next one's place may lie beyond the page.
      page.end = Math.min(live.at, region.pageBytes);
      page.missed = live.missed;
      page.failed = live.failed;
      page.lastRawMs = live.rawMs;
      return page;
    }
    loadSeal(region, page);
    if (page.sealed) return page;
    const tail = loadPage(region, index);
    if (!tail) return undefined;
    decoder.resume(tail);
    page.total = tail.total;
    page.end = tail.end;
    page.missed = tail.missed;
    page.failed = tail.failed;
    page.lastRawMs = tail.lastRawMs;
    return page;
  }

  function reader(pin: number, from: number, to: number): Reader {
    const out = { session: 0, rawMs: [], values: [], position: from, corrupt: 0 } as unknown as Reader;
    let page: Page | undefined;
    let fromIndex = 0;
    let decimals = -1;
    /** How many samples of the datastream come before the next page, if that is known. */
    let expected = from === ledger.cursor(pin) ? ledger.settled(pin) : Number.NaN;
    let ended = false;

    /** Enters the page that holds the next sample. False at the end of the run. */
    function enter(): boolean {
      const sequence = Math.floor(out.position / 4096);
      let index = table.pageFrom(pin, sequence);
      fromIndex = 0;
      if (index >= 0 && table.sequence(index) === sequence) {
        page = open(index);
        fromIndex = out.position % 4096;
        const s = streamOf(pin);
        const live = s && s.page && s.page.index === index && s.open;
        if (page && !live && fromIndex >= page.total) {
          if (isNaN(expected)) expected = page.sampledBefore + page.total;
          page = undefined;
          fromIndex = 0;
          index = table.pageFrom(pin, (sequence + 1) >>> 0);
        }
      }
      if (index < 0 || isAhead(table.sequence(index) * 4096, to)) return false;
      if (!page) page = open(index);
      if (!page) {
        table.forget(index);
        return enter();
      }
      if (decimals >= 0 && page.decimals !== decimals) return false;
      decimals = page.decimals;
      const gap = (page.sampledBefore + fromIndex - expected) | 0;
      if (gap > 0) out.corrupt += gap;
      // Damage that can't be mended may hide behind whole words: then nothing of the page is believed.
      if (page.sealed && !verifyPage(region, page)) {
        page.at = page.end;
        page.count = fromIndex;
      }
      return true;
    }

    function next(): number {
      while (!ended) {
        if (!page && !enter()) break;
        const p = page as Page;
        // Overwritten under the reader: what stands there now is another page.
        if (table.sequence(p.index) !== p.sequence) break;
        const toIndex = Math.floor(to / 4096) === p.sequence ? to % 4096 : p.total;
        const upTo = Math.min(p.total, toIndex);
        if (p.count < upTo && p.at < p.end) {
          const samples = decoder.decode(p, p.end, fromIndex, upTo, out);
          out.position = p.sequence * 4096 + Math.max(p.count, fromIndex);
          if (samples === 0) continue;
          out.session = p.session;
          return samples;
        }
        out.corrupt += Math.max(0, upTo - Math.max(p.count, fromIndex));
        p.count = Math.max(p.count, upTo);
        out.position = p.sequence * 4096 + Math.max(upTo, fromIndex);
        if (!isAhead(to, out.position)) break;
        expected = p.sampledBefore + p.total;
        page = undefined;
        const s = streamOf(pin);
        if (s && s.page && s.page.index === p.index && s.open) break;
      }
      ended = true;
      page = undefined;
      return 0;
    }

    // Espruino does not hoist functions.
    out.next = next;
    return out;
  }

  return { open: open, reader: reader };
}
