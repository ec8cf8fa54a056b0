import type { FlashRegion } from "../../platform/ports.ts";
import type { Page } from "../format/page.ts";
import { isAhead, type Ledger } from "../ledger/ledger.ts";
import type { PageTable } from "./page-table.ts";
import type { Stream } from "./stream.ts";

/** Which pages are free, and how they become so. */
export interface Space {
  /** True when page `index` holds nothing that is still needed. */
  isFree(index: number): boolean;
  /** Makes `page` the newest page of its pin on the free page that was taken longest ago, and sees that another stays free. */
  take(page: Page): boolean;
}

export function createSpace(
  region: FlashRegion,
  ledger: Ledger,
  table: PageTable,
  open: (index: number) => Page | undefined,
  streamOf: (pin: number) => Stream | undefined,
): Space {
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

  return { isFree: isFree, take: take };
}
