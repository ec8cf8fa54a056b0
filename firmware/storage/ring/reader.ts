import type { FlashRegion } from "../../platform/ports.ts";
import { loadPage, type Page } from "../format/page.ts";
import { isAhead, type Ledger } from "../ledger/ledger.ts";
import type { Decoder, Fold, Samples } from "./decoder.ts";
import type { PageTable } from "./page-table.ts";
import { loadSeal, verifyPage } from "./seal.ts";
import type { Stream } from "./stream.ts";

/**
 * A run of samples of one datastream, piece by piece, oldest first. Values are scaled integers; NaN = the reading could not
 * be represented. `corrupt` counts the samples of the run so far that flash lost.
 */
export interface Reader extends Samples {
  /** Decodes the next piece, or has `fold` take it, and returns how many samples it has; 0 = the run has ended. */
  next(fold?: Fold): number;
  /** Session of every sample in the piece. */
  session: number;
  /** Position behind the piece. */
  position: number;
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
  const decode = decoder.decode;

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
    const out = { session: 0, rawMs: [], values: [], position: from, corrupt: 0, folded: false } as unknown as Reader;
    let page: Page | undefined;
    let fromIndex = 0;
    /** Samples of the page that the run takes, and the position of its first. */
    let upTo = 0;
    let firstPosition = 0;
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
      firstPosition = page.sequence * 4096;
      upTo = Math.floor(to / 4096) === page.sequence ? Math.min(page.total, to % 4096) : page.total;
      const gap = (page.sampledBefore + fromIndex - expected) | 0;
      if (gap > 0) out.corrupt += gap;
      // Damage that can't be mended may hide behind whole words: then nothing of the page is believed.
      if (page.sealed && !verifyPage(region, page)) {
        page.at = page.end;
        page.count = fromIndex;
      } else if (fromIndex > 0) decoder.seek(page, page.end, fromIndex);
      return true;
    }

    function next(fold?: Fold): number {
      while (!ended) {
        if (!page && !enter()) break;
        const p = page as Page;
        // Overwritten under the reader: what stands there now is another page.
        if (table.sequence(p.index) !== p.sequence) break;
        if (p.count < upTo && p.at < p.end) {
          const samples = decode(p, p.end, fromIndex, upTo, out, fold);
          out.position = firstPosition + (p.count > fromIndex ? p.count : fromIndex);
          if (samples === 0) continue;
          out.session = p.session;
          return samples;
        }
        out.corrupt += Math.max(0, upTo - Math.max(p.count, fromIndex));
        p.count = Math.max(p.count, upTo);
        out.position = firstPosition + Math.max(upTo, fromIndex);
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
