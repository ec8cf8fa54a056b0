import type { Page } from "../format/page.ts";
import { isAhead, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { openPage, type RingParts } from "./parts.ts";

/** Which pages are free, and how they become so. */
export interface Space {
  /** True when page `index` holds nothing that is still needed. */
  isFree(index: number): boolean;
  /** Makes `page` the newest page of its pin on the free page that was taken longest ago, and sees that another stays free. */
  take(page: Page): boolean;
}

export function createSpace(parts: RingParts): Space {
  const table = parts.table;
  const ledger = parts.ledger;
  const pages = parts.region.pages;

  /** True for the page that a configured datastream writes, or last wrote: its counters go on from there. */
  function isNewest(pin: number, index: number): boolean {
    const stream = parts.streamOf(pin);
    return stream !== undefined && stream.page !== undefined && stream.page.index === index;
  }

  /** True when page `index` holds nothing that is still needed. */
  function isFree(index: number): boolean {
    const sequence = table.sequence(index);
    if (sequence <= 0) return sequence === 0;
    const pin = table.pin(index);
    if (isNewest(pin, index)) return false;
    const cursor = ledger.cursor(pin);
    if (cursor === 0) return false;
    const ahead = (sequenceOf(cursor) - sequence) | 0;
    if (ahead !== 0) return ahead > 0;
    const page = openPage(parts, index);
    return !page || sampleIndexOf(cursor) >= page.total;
  }

  /** Lets the page go whose last sample is oldest. Pages of an open attempt only go when `evenInFlight`. False when none can. */
  function overwriteOldest(evenInFlight: boolean): boolean {
    const pins = table.pins();
    let oldest: Page | undefined;
    for (let i = 0; i < pins.length; i++) {
      const pin = pins[i];
      const cursor = ledger.cursor(pin);
      let index = table.pageFrom(pin, sequenceOf(cursor));
      if (index >= 0 && isFree(index)) index = table.pageFrom(pin, (table.sequence(index) + 1) >>> 0);
      if (index < 0 || isNewest(pin, index)) continue;
      const attempt = ledger.attempt(pin);
      const page = openPage(parts, index);
      if (!page) continue;
      if (attempt && !evenInFlight && isAhead(positionOf(page.sequence, page.total), attempt.from)) continue;
      if (!oldest || page.lastRawMs < oldest.lastRawMs) oldest = page;
    }
    if (!oldest) return false;
    const samples = (oldest.sampledBefore + oldest.total - ledger.settled(oldest.pin)) >>> 0;
    ledger.drop(oldest.pin, "overwritten", positionOf(oldest.sequence, oldest.total), samples);
    return isFree(oldest.index);
  }

  /** Makes `page` the newest page of its pin on the free page that was taken longest ago, and sees that another stays free. */
  function take(page: Page): boolean {
    for (let tries = 0; tries < 2 * pages; tries++) {
      let free = 0;
      let best = -1;
      for (let i = 0; i < pages; i++) {
        if (!isFree(i)) continue;
        free++;
        const sequence = table.sequence(i);
        const first = best < 0 ? 0 : table.sequence(best);
        if (best < 0 || (first > 0 && (sequence === 0 || ((sequence - first) | 0) < 0))) best = i;
      }
      if (free < 2 && (overwriteOldest(false) || (free === 0 && overwriteOldest(true)))) continue;
      if (best < 0) return false;
      const gone =
        table.sequence(best) > 0 && table.newest(table.pin(best)) === best ? openPage(parts, best) : undefined;
      if (gone && gone.missedBefore + gone.missed + gone.failedBefore + gone.failed > 0) {
        ledger.retire(gone.pin, gone.missedBefore + gone.missed, gone.failedBefore + gone.failed);
      }
      if (table.take(best, page)) return true;
    }
    return false;
  }

  return { isFree: isFree, take: take };
}
